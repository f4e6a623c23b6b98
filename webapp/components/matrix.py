"""A confusion matrix whose cells are buttons: a click, a tap or a key chooses one."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_BUTTONS = st.components.v2.component(
    "ferscope_matrix",
    html='<div class="fs-cells"></div>',
    js=Path(__file__).with_name("matrix.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # figures/evaluation.css draws it, as it does the matrices that choose nothing
)


def choose_in_matrix(html: str, key: str, choose: Callable[[str, str], None]) -> None:
    """Draw the buttons of ``figures.matrix.matrix_buttons``; ``choose`` hears of the chosen (true, predicted) label.

    It is called before the page is drawn anew. The labels come from the browser: it checks that they are known.
    """

    def chosen() -> None:
        cell = st.session_state[key].cell
        if isinstance(cell, list) and len(cell) == 2:
            choose(*map(str, cell))

    _BUTTONS(key=key, data={"html": html}, on_cell_change=chosen)
