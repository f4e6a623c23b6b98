"""A picture with its faces as numbered buttons, on which a box can be drawn by mouse or finger."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from fer_models.images import RGBImage
from webapp import keys, state
from webapp.figures.pictures import data_uri, face_webp

SHOWN_SIDE = 960  # pixels; a photo of 50 megapixels need not travel back to the browser whole
KEY = "frame"

_FOLDER = Path(__file__).parent
_frame = st.components.v2.component(
    "ferscope_picture_frame",
    html='<div class="frame"><img class="picture"><div class="box"></div><div class="faces"></div></div>',
    css=_FOLDER.joinpath("picture_frame.css").read_text(encoding="utf-8"),
    js=_FOLDER.joinpath("picture_frame.js").read_text(encoding="utf-8"),
)


def shown_picture(image: RGBImage) -> str:
    """A picture (H, W, 3) uint8 RGB as a data URI, as large as it is shown."""
    return data_uri(face_webp(image, SHOWN_SIDE), "image/webp")


def picture_frame(
    picture: str,
    shape: tuple[int, int],
    faces: Sequence[Sequence[int]],
    chosen: str,
    box: Sequence[int] | None,
) -> None:
    """Draw the picture, a data URI; a pressed button or a drawn box becomes the chosen part of it.

    ``shape``: its height and width in pixels before it was made smaller to be shown.
    ``faces``: (x0, y0, x1, y1) in those pixels, numbered from 1. ``chosen``: one's number, or another part.
    ``box``: (left, top, right, bottom) in percent of the picture; None where the box is not what is chosen.
    """
    height, width = shape
    sides = np.array([width, height, width, height]) / 100
    data = {
        "picture": picture,
        "aspect": width / height,
        "alt": f"Your picture; faces found in it: {len(faces)}" if faces else "Your picture",
        "faces": [(np.array(face) / sides).tolist() for face in faces],
        "chosen": chosen,
        "box": None if box is None else list(box),
    }
    _frame(key=KEY, data=data, on_face_change=_take_face, on_box_change=_take_box)
    choose = "Press a face's number to choose it, or drag" if faces else "Drag"
    st.caption(f"{choose} over the picture to draw a box.")


# What the browser sends may be anything: what is no number of a face, or no four edges, chooses nothing.
def _take_face() -> None:
    number = st.session_state[KEY]["face"]
    if isinstance(number, int | float) and math.isfinite(number):
        state.take(keys.PART, str(int(number)))


def _take_box() -> None:
    edges = st.session_state[KEY]["box"]
    if not isinstance(edges, list) or len(edges) != len(keys.EDGES):
        return
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in edges):
        return
    for edge, value in zip(keys.EDGES, edges, strict=True):
        state.take(edge, min(max(round(value), edge.low), edge.high))
    state.take(keys.PART, "box")
