"""The controls that choose a face: gallery, upload, camera; which face of the picture; a box drawn by hand.

A visitor's picture is held by the session alone: in Streamlit's upload memory and in ``st.session_state``. Nothing made
from it goes to ``st.cache_*``, which all sessions share, or to a log or a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

import fer_models as fer
from fer_models.faces import crop_box, whole_picture
from webapp import state
from webapp.components.gallery import Sample, read_gallery
from webapp.figures.pictures import data_uri, face_webp
from webapp.figures.thumbnails import thumbnail_style

SOURCES = {"sample": "Sample", "upload": "Upload", "camera": "Camera"}
NOTHING, WHOLE, BOX = "nothing", "whole", "box"
PRIVACY = (
    "Your picture stays in this session's memory: it is not saved, logged or shared with other visitors, and is "
    "forgotten when you remove it, or some time after you close the page."
)


@dataclass(frozen=True, eq=False)
class ChosenFace:
    """A face to look at; ``key`` tells it from every other face of this session, ``title`` says how it was cut out.

    ``sample``: the gallery's picture that it is; None for a visitor's.
    """

    key: tuple
    crop: np.ndarray
    title: str = "The face, aligned"
    sample: Sample | None = None


@dataclass(frozen=True)
class NoFace:
    """Why there is nothing to look at yet, and what to do."""

    title: str
    text: str


@dataclass(frozen=True, eq=False)
class OpenedPicture:
    """A visitor's picture, kept in the session so that it is decoded and searched once."""

    file_id: str
    image: np.ndarray
    faces: list[fer.Face]


def choose_face() -> ChosenFace | NoFace:
    """Draw the controls and return what they choose. Raises ImageError for a picture that cannot be used."""
    source = state.choose(state.PICTURE, st.segmented_control, "Face", SOURCES, required=True, width="stretch")
    if source == "sample":
        st.session_state.pop("opened", None)
        return _choose_sample()
    if source == "upload":
        # No list of types: what cannot be read is said by open_image, with what to do about it.
        file = st.file_uploader("JPEG, PNG or WebP, at most 10 MB", key="upload")
    else:
        file = st.camera_input("Take a photo", key="camera", resolution="720p")
    st.caption(PRIVACY)
    if file is None:
        st.session_state.pop("opened", None)
        wish = "Upload a picture with a face in it." if source == "upload" else "Take a photo of a face."
        return NoFace("No picture yet", wish)
    return _choose_part(_open(file.file_id, file.getvalue()))


def _choose_sample() -> ChosenFace | NoFace:
    groups = read_gallery()
    group = state.choose(
        state.SAMPLE,
        st.pills,
        "Sample",
        {group: group.capitalize() for group in groups},
        required=True,
        label_visibility="collapsed",
        width="stretch",
    )
    samples = groups[group]
    sample = samples[0]
    if len(samples) > 1:
        number = state.choose(
            state.COMPOSITE,
            st.segmented_control,
            "Which composite",
            {str(number): str(number) for number in range(1, len(samples) + 1)},
            required=True,
            label_visibility="collapsed",
            width="stretch",
        )
        sample = samples[int(number) - 1]
    shown = [sample if name == group else members[0] for name, members in groups.items()]
    st.html(thumbnail_style("sample", [sample_thumbnail(each) for each in shown]))
    st.caption(sample.caption)
    return ChosenFace(("sample", sample.id), sample_crop(sample), sample=sample)


@st.cache_resource(show_spinner=False)
def sample_crop(sample: Sample) -> np.ndarray:
    """A gallery picture's face. Shared between sessions: it is nobody's private picture."""
    image = fer.open_image(sample.read())
    faces = fer.detect_faces(image) if sample.kind == "photo" else []
    return faces[0].crop if faces else whole_picture(image).crop


@st.cache_resource(show_spinner=False)
def sample_thumbnail(sample: Sample) -> str:
    image = fer.open_image(sample.read())
    return _thumbnail((crop_box(image, sample.face) if sample.face else whole_picture(image)).crop)


def _open(file_id: str, data: bytes) -> OpenedPicture:
    opened = st.session_state.get("opened")
    if opened is None or opened.file_id != file_id:
        st.session_state.pop("opened", None)
        with st.spinner("Looking for faces"):
            image = fer.open_image(data)
            opened = OpenedPicture(file_id, image, fer.detect_faces(image))
        st.session_state["opened"] = opened
    return opened


def _choose_part(opened: OpenedPicture) -> ChosenFace | NoFace:
    """Which face of the picture, or the whole of it, or a box drawn by hand."""
    faces = {str(number): face for number, face in enumerate(opened.faces, start=1)}
    parts = {number: f"Face {number}" for number in faces} or {NOTHING: "Nothing yet"}
    part = state.choose(
        state.PART,
        st.pills,
        "Part of the picture",
        parts | {WHOLE: "Whole picture", BOX: "Draw a box"},
        required=True,
        width="stretch",
        help="Faces are numbered from the largest to the smallest.",
    )
    st.html(thumbnail_style("part", [_thumbnail(face.crop) for face in opened.faces]))
    if part in faces:
        title = "The face, aligned" if faces[part].eyes else "The face, not turned: no eyes found"
        return ChosenFace((opened.file_id, part), faces[part].crop, title)
    if part == WHOLE:
        return ChosenFace((opened.file_id, part), whole_picture(opened.image).crop, "The whole picture")
    if part == BOX:
        return _choose_box(opened)
    return NoFace("No face found", "Choose “Whole picture” if it is a face already, or “Draw a box” around one.")


def _choose_box(opened: OpenedPicture) -> ChosenFace:
    """A box by mouse on the picture, or by keyboard in four numbers; both are the same four values."""
    from webapp.figures.box import box_figure  # Plotly comes with it, which nothing else here needs

    picture = st.container()
    fields = st.columns(2, gap="small") + st.columns(2, gap="small")
    box = [
        state.number(edge, field.number_input, f"{edge.name.capitalize()} edge, %")
        for field, edge in zip(fields, state.EDGES, strict=True)
    ]
    picture.caption("Drag over the picture to draw a box, or give its edges below.")
    picture.plotly_chart(
        box_figure(opened.image, box),
        key="drawn",
        on_select=_take_drawn_box,
        selection_mode="box",
        config={"displayModeBar": False},
        theme=None,
        alt="Your picture with the chosen box; the four numbers below say where it lies",
    )
    return ChosenFace((opened.file_id, *box), crop_box(opened.image, _in_pixels(box, opened.image)).crop, "The box")


def _take_drawn_box() -> None:
    """Write the drawn box into the four number inputs, which hold the choice."""
    boxes = st.session_state["drawn"].selection.box
    if boxes:
        (x0, x1), (y0, y1) = sorted(boxes[0]["x"]), sorted(boxes[0]["y"])
        for edge, value in zip(state.EDGES, (x0, y0, x1, y1), strict=True):
            state.put(edge, min(max(round(value), 0), 100))


def _in_pixels(box: Sequence[float], image: np.ndarray) -> list[float]:
    height, width = image.shape[:2]
    return [edge * side / 100 for edge, side in zip(box, (width, height, width, height), strict=True)]


def _thumbnail(crop: np.ndarray) -> str:
    return data_uri(face_webp(crop, 96), "image/webp")
