"""A gate painted by hand, beside what comes of it."""

import numpy as np
import streamlit as st

from fer_models.explanation import GateMap, position_map
from fer_models.explanation.gates import channel_spread
from fer_models.explanation.operate import clipped
from fer_models.explanation.replacements import Operated
from webapp import keys, state
from webapp.components.brush import SIGNS, choose_brush, grid_of, paint, painted_gate
from webapp.figures import operate
from webapp.figures.pictures import grey_face_uri
from webapp.views.operate.theatre import Theatre


def painted_values(gate: GateMap | None) -> tuple[np.ndarray | None, int]:
    """What a link or a visitor painted on the gate, as its values, and how many had to be clipped."""
    grid = None if gate is None else grid_of(gate)
    if gate is None or grid is None:
        state.forget(keys.PAINTED)
        return None, 0
    text = state.chosen_text(keys.PAINTED, f"[{SIGNS}.]{{{grid[0] * grid[1]}}}")
    return clipped(painted_gate(gate, text), gate.value_range) if text else (None, 0)


def show_brush(theatre: Theatre, gate: GateMap, operated: Operated | None, clip: int) -> None:
    grid = grid_of(gate)
    assert grid is not None  # it has places
    title = theatre.rows[f"{gate.layer}:{gate.kind}"].title
    text = state.chosen_text(keys.PAINTED, f"[{SIGNS}.]*") or "." * (grid[0] * grid[1])
    with st.expander("Paint this gate by hand", expanded=operated is not None, key="paint"):
        board, beside = st.columns(2, gap="large")
        values = position_map(gate) if len(gate.places) == 2 else channel_spread(gate)[1]
        with board:
            paint(gate, values, grey_face_uri(theatre.face.crop), text, title)
        with beside:
            choose_brush()
            if clip:
                low, high = gate.value_range
                st.warning(f"{clip:,} values were clipped: such a gate is never below {low:.3g} or above {high:.3g}.")
            if operated is not None:
                st.html(operate.change_text(theatre.answer.seen, operated, theatre.target))
                st.button("Take the paint off", on_click=_take_off)


def _take_off() -> None:
    state.take(keys.PAINTED, "")
    state.take(keys.WAY, "average")
