"""A picture with its faces as numbered buttons, on which a box can be drawn by mouse or finger."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from webapp import state
from webapp.figures.pictures import data_uri, face_webp

SHOWN_SIDE = 960  # pixels; a photo of 24 megapixels need not travel back to the browser whole
KEY = "frame"

_FOLDER = Path(__file__).parent
_frame = st.components.v2.component(
    "ferscope_picture_frame",
    html='<div class="frame"><img class="picture"><div class="box"></div><div class="faces"></div></div>',
    css=_FOLDER.joinpath("picture_frame.css").read_text(encoding="utf-8"),
    js=_FOLDER.joinpath("picture_frame.js").read_text(encoding="utf-8"),
)


def picture_frame(image: np.ndarray, faces: Sequence[Sequence[int]], chosen: str, box: Sequence[int] | None) -> None:
    """Draw the picture (H, W, 3) uint8 RGB; a pressed button or a drawn box becomes the chosen part of it.

    ``faces``: (x0, y0, x1, y1) in pixels of the picture, numbered from 1. ``chosen``: one's number, or another part.
    ``box``: (left, top, right, bottom) in percent of the picture; None where the box is not what is chosen.
    """
    height, width = image.shape[:2]
    sides = np.array([width, height, width, height]) / 100
    data = {
        "picture": data_uri(face_webp(image, SHOWN_SIDE), "image/webp"),
        "aspect": width / height,
        "alt": f"Your picture, {len(faces)} faces found in it" if faces else "Your picture",
        "faces": [(np.array(face) / sides).tolist() for face in faces],
        "chosen": chosen,
        "box": None if box is None else list(box),
    }
    _frame(key=KEY, data=data, on_face_change=_take_face, on_box_change=_take_box)
    choose = "Press a face's number to choose it, or drag" if faces else "Drag"
    st.caption(f"{choose} over the picture to draw a box.")


def _take_face() -> None:
    state.put(state.PART, str(int(st.session_state[KEY]["face"])))


def _take_box() -> None:
    edges: list[Any] = st.session_state[KEY]["box"]
    for edge, value in zip(state.EDGES, edges, strict=True):
        state.put(edge, min(max(round(value), edge.low), edge.high))
    state.put(state.PART, "box")
