"""The face with a patch over it, which mouse, finger and keyboard move."""

import math
from pathlib import Path

import streamlit as st

from webapp import keys, state

KEY = "cover_frame"

_FOLDER = Path(__file__).parent
_frame = st.components.v2.component(
    "ferscope_cover_frame",
    html='<div class="frame" tabindex="0" role="application"><img class="picture"><img alt=""><div class="patch"></div>'
    "</div>",
    css=_FOLDER.joinpath("cover_frame.css").read_text(encoding="utf-8"),
    js=_FOLDER.joinpath("cover_frame.js").read_text(encoding="utf-8"),
)


def cover_frame(picture: str, title: str, filling: str, place: tuple[int, int] | None, size: int) -> None:
    """Draw the face, a data URI; where a patch is laid becomes the covered place.

    ``filling``: what lies over a covered place, were all of the face covered, as a data URI. ``place``: the patch's
    middle, across and down, and ``size`` its width, in percent of the face's side.
    """
    hint = "Arrow keys move a patch over the face, Delete takes it away."
    data = {
        "picture": picture,
        "filling": filling,
        "alt": title + (f", covered at {place[0]} percent across and {place[1]} down" if place else ""),
        "label": f"{title}. {hint}",
        "place": None if place is None else list(place),
        "size": size,
    }
    _frame(key=KEY, data=data, on_place_change=_take_place, on_nothing_change=_take_nothing)


# What the browser sends may be anything: what is no place covers nothing.
def _take_place() -> None:
    place = st.session_state[KEY]["place"]
    if not isinstance(place, list) or len(place) != 2:
        return
    if all(isinstance(each, int | float) and math.isfinite(each) for each in place):
        x, y = (min(max(round(each), 0), 100) for each in place)
        state.take(keys.COVER, f"{x},{y}")


def _take_nothing() -> None:
    if st.session_state[KEY]["nothing"]:
        state.take(keys.COVER, "")
