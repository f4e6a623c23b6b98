"""Small pictures that are left out, and taken back, by pressing them."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_GRID = st.components.v2.component(
    "ferscope_picture_grid",
    html='<div class="fs-grid"></div>',
    js=Path(__file__).with_name("picture_grid.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # figures/fine_tune.css draws it
)


def choose_in_grid(html: str, key: str, press: Callable[[str], None]) -> None:
    """Draw the buttons of ``figures.fine_tune.picture_buttons``; ``press`` hears the name of the pressed one.

    It is called before the page is drawn anew. The name comes from the browser: it checks that it is known.
    """

    def pressed() -> None:
        name = st.session_state[key].pressed
        if isinstance(name, str):
            press(name)

    _GRID(key=key, data={"html": html}, on_pressed_change=pressed)
