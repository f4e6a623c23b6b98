"""A gate's map on the face that can be painted: by mouse, by finger, or place by place from the keyboard."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from fer_models.explanation import GateMap
from webapp import keys, state
from webapp.figures.colours import CIVIDIS, Scale
from webapp.figures.pictures import data_uri, map_png

KEY = "brush_board"
SIGNS = "0123456789a"  # 0 to 1 by tenths; '.' is as computed
MOST = 14  # places a side: a finer gate is painted several places at a time

_FOLDER = Path(__file__).parent
_board = st.components.v2.component(
    "ferscope_brush",
    html='<div class="board" role="group"><div class="cells"></div></div>',
    css=_FOLDER.joinpath("brush.css").read_text(encoding="utf-8"),
    js=_FOLDER.joinpath("brush.js").read_text(encoding="utf-8"),
)


def grid_of(gate: GateMap) -> tuple[int, int] | None:
    """Rows and columns in which a gate is painted; None for one without places."""
    sizes = dict(zip(gate.axes, gate.values.shape, strict=True))
    if not gate.places:
        return None
    return min(sizes.get("height", 1), MOST), min(sizes.get("width", 1), MOST)


def painted_gate(gate: GateMap, painted: str) -> np.ndarray:
    """The gate's values with those places replaced, the same in every channel.

    ``painted``: a sign of SIGNS or '.' for each place of :func:`grid_of`, row by row.
    """
    rows, columns = grid_of(gate) or (1, 1)
    tenths = np.array([SIGNS.find(sign) for sign in painted]).reshape(rows, columns)
    sizes = dict(zip(gate.axes, gate.values.shape, strict=True))
    height, width = sizes.get("height", 1), sizes.get("width", 1)
    # Each of the gate's own places takes the painted one that it lies in.
    tenths = tenths[np.arange(height) * rows // height][:, np.arange(width) * columns // width]
    places = tenths.reshape([sizes[axis] for axis in gate.places])
    return np.where(places >= 0, places / 10, gate.values).astype(np.float32)


def paint(gate: GateMap, values: np.ndarray, face: str, painted: str, title: str) -> None:
    """Draw the board over a gate's map (h, w), (h,) or (w,), ``face`` a data URI; a stroke goes to the address."""
    grid = grid_of(gate)
    if grid is None:
        return
    shape = values.reshape(grid if values.size == grid[0] * grid[1] else (values.shape[0], -1))
    scale = Scale(*gate.value_range, CIVIDIS)
    brush = state.chosen_number(keys.BRUSH)
    data = {
        "face": face,
        "map": data_uri(map_png(shape, Scale(float(values.min()), float(values.max()), CIVIDIS)), "image/png"),
        "rows": grid[0],
        "columns": grid[1],
        "painted": painted,
        "own": _nearest(shape, grid),
        "brush": SIGNS[brush // 10],
        "colours": _colours(scale),
        "label": f"{title}, {grid[0]} rows of {grid[1]} places to paint",
    }
    _board(key=KEY, data=data, on_painted_change=lambda: _take(grid))


def choose_brush() -> None:
    """Draw the control of what the brush paints, and how it is used."""
    state.number(
        keys.BRUSH, st.slider, "The brush paints, in hundredths", step=10, help="0 stops a place, 100 lets it pass."
    )
    st.caption(
        "Draw over the map. By keyboard: arrow keys move, Space paints with the brush, plus and minus change a place, "
        "Delete gives it back."
    )


def _take(grid: tuple[int, int]) -> None:
    painted = st.session_state[KEY]["painted"]
    if not isinstance(painted, str) or len(painted) != grid[0] * grid[1] or set(painted) - {*SIGNS, "."}:
        return  # what the browser sends may be anything
    state.take(keys.PAINTED, "" if set(painted) == {"."} else painted)
    state.take(keys.WAY, "painted")


def _nearest(values: np.ndarray, grid: tuple[int, int]) -> str:
    """The signs nearest to a map's values, for each place of the grid."""
    rows, columns = (np.arange(count) * size // count for count, size in zip(grid, values.shape, strict=True))
    return "".join(SIGNS[round(10 * float(value))] for value in values[rows][:, columns].clip(0, 1).flat)


def _colours(scale: Scale) -> Sequence[str]:
    """What each tenth is drawn as."""
    colours = scale.colours[scale.indices(np.arange(len(SIGNS)) / 10)]
    return [f"rgb({red} {green} {blue})" for red, green, blue in colours.tolist()]
