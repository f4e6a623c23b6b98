"""A visitor's picture: taken in, kept for the visit, searched for faces, and a part of it chosen.

It is held by the session alone, in ``st.session_state``, until the visitor removes it or leaves. Nothing made from it
goes to ``st.cache_*``, which all sessions share, or to a log or a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models.faces import crop_box, whole_picture
from webapp import state
from webapp.components.face import ChosenFace, NoFace
from webapp.components.picture_frame import picture_frame
from webapp.figures.thumbnails import thumbnail, thumbnail_style

WHOLE, BOX = "whole", "box"
PRIVACY = (
    "Your picture stays in this session's memory: it is not saved, logged or shared with other visitors, and is "
    "forgotten when you remove it, or some time after you close the page."
)
DOUBT = "No face was found in this part of the picture: the network answers all the same, and may say anything."
_PICTURES = "own_pictures"  # in the session: what was opened, by where it came from


@dataclass(frozen=True, eq=False)
class OwnPicture:
    """A picture with its faces, decoded and searched once. ``found``: whether a face is in a box that was drawn."""

    id: str
    image: np.ndarray
    faces: list[fer.Face]
    found: dict[tuple, bool] = field(default_factory=dict)


def choose_own_face(source: str, stage: DeltaGenerator) -> ChosenFace | NoFace:
    """Take in a picture by 'upload' or 'camera', or choose a part of the one that is there.

    Raises ImageError for what cannot be opened.
    """
    picture = _pictures().get(source)
    if picture is None:
        picture = _take_in(source)
    if picture is None:
        wish = "Upload a picture with a face in it." if source == "upload" else "Take a photo of a face."
        return NoFace("No picture yet", wish)
    return _choose_part(source, picture, stage)


def _pictures() -> dict[str, OwnPicture]:
    return st.session_state.setdefault(_PICTURES, {})


def _take_in(source: str) -> OwnPicture | None:
    """Draw the uploader or the camera; what it gives is kept, and shown in its place."""
    place = st.empty()
    with place.container():
        if source == "upload":
            # No list of types: what cannot be read is said by open_image, with what to do about it.
            file = st.file_uploader("JPEG, PNG or WebP, at most 10 MB", key="upload")
        else:
            file = st.camera_input("Take a photo", key="camera", resolution="720p")
        st.caption(PRIVACY)
    if file is None:
        return None
    with st.spinner("Looking for faces"):
        image = fer.open_image(file.getvalue())
        picture = _pictures()[source] = OwnPicture(file.file_id, image, fer.detect_faces(image))
    place.empty()
    return picture


def _remove(source: str) -> None:
    _pictures().pop(source, None)
    st.session_state.pop("explained", None)
    state.forget(state.PART, *state.EDGES)


def _choose_part(source: str, picture: OwnPicture, stage: DeltaGenerator) -> ChosenFace | NoFace:
    """Which face of the picture, or the whole of it, or a box drawn by hand."""
    faces = {str(number): face for number, face in enumerate(picture.faces, start=1)}
    parts = {number: f"Face {number}" for number in faces} | {WHOLE: "Whole picture", BOX: "Draw a box"}
    part = state.choose(
        state.PART,
        st.radio,
        "Part of the picture",
        parts,
        default="1" if faces else "",
        horizontal=True,
        label_visibility="collapsed",
        width="stretch",
    )
    st.html(thumbnail_style("part", [thumbnail(face.crop) for face in picture.faces]))
    with st.container(horizontal=True, key="about_picture", vertical_alignment="center"):
        st.button("Remove picture", icon=":material/delete:", on_click=_remove, args=(source,))
        st.caption("In this session's memory alone, until you remove it or leave.")
    box: list[int] = []
    with stage:
        if part in ("", BOX) or len(faces) > 1:
            picture_frame(picture.image, [face.box for face in picture.faces], part, _edges() if part == BOX else None)
        if part == BOX:
            box = _draw_edges()
        if not part:
            with st.container(horizontal=True):
                st.button("Look at the whole picture", on_click=state.put, args=(state.PART, WHOLE))
                st.button("Draw a box around a face", on_click=state.put, args=(state.PART, BOX))
    if not part:
        return NoFace("No face found", "Look at the whole picture if it is a face already, or draw a box around one.")
    if part in faces:
        title = "The face, aligned" if faces[part].eyes else "The face, not turned: no eyes found"
        return ChosenFace((picture.id, part), faces[part].crop, title)
    if part == WHOLE:
        crop, doubt = whole_picture(picture.image).crop, "" if faces else DOUBT
        return ChosenFace((picture.id, part), crop, "The whole picture", doubt=doubt)
    crop = crop_box(picture.image, _in_pixels(box, picture.image)).crop
    doubt = "" if _has_face(picture, tuple(box), crop) else DOUBT
    return ChosenFace((picture.id, *box), crop, "The box", doubt=doubt)


def _draw_edges() -> list[int]:
    """The box in four numbers, for the keyboard; drawing by mouse or finger moves them."""
    with st.container(horizontal=True, key="edges"):
        return [state.number(edge, st.number_input, f"{edge.name.capitalize()} edge, %") for edge in state.EDGES]


def _edges() -> list[int]:
    return [state.chosen_number(edge) for edge in state.EDGES]


def _has_face(picture: OwnPicture, box: tuple, crop: np.ndarray) -> bool:
    if box not in picture.found:
        picture.found[box] = bool(fer.detect_faces(crop))
    return picture.found[box]


def _in_pixels(box: Sequence[float], image: np.ndarray) -> list[float]:
    height, width = image.shape[:2]
    return [edge * side / 100 for edge, side in zip(box, (width, height, width, height), strict=True)]
