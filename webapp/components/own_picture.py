"""A visitor's picture: taken in, kept for the visit, searched for faces, and a part of it chosen.

It is held by the session alone, in ``st.session_state``, until the visitor removes it or leaves. Nothing made from it
goes to ``st.cache_*``, which all sessions share, or to a log or a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

import fer_models as fer
from fer_models.faces import crop_box, whole_picture
from fer_models.images import RGBImage
from webapp import keys, state
from webapp.components.face import ChosenFace, NoFace
from webapp.components.in_sight import keep_in_sight
from webapp.components.picture_frame import picture_frame, shown_picture
from webapp.figures.thumbnails import thumbnail, thumbnail_style
from webapp.maps import forget_own

WHOLE, BOX = "whole", "box"
PRIVACY = (
    "Your picture stays in this session's memory: it is not saved, logged or shared with other visitors, and is "
    "forgotten when you remove it, or some time after you close the page."
)
DOUBT = "No face was found in this part of the picture: the network answers all the same, and may say anything."
# What to do where no face is found, by whether a link hides the choice of a part.
_ADVICE = {
    False: "Turn the picture if faces lie on their side, look at the whole picture if it is a face, or draw a box.",
    True: "Remove this picture and try another one.",
}
#: Phones send a HEIC picture as JPEG where it is not among the types.
TYPES = ("jpg", "jpeg", "png", "webp", "avif")
KEPT_SIDE = 2048  # pixels; enough for a box around one face of many, and a tenth of what a phone's photo takes
# In the session: what was opened, by where it came from; where the picture whose part is chosen came from; how many
# were removed.
_PICTURES, _OWNER, _REMOVED = "own_pictures", "owner_of_the_part", "pictures_removed"


@dataclass(frozen=True, eq=False)
class OwnPicture:
    """A picture with its faces, decoded and searched once.

    ``image``: (H, W, 3) uint8 RGB, its longer side at most KEPT_SIDE; the faces' boxes are in its pixels, their crops
    were cut out of the picture as it came. ``found``: whether a face is in a box that was drawn.
    """

    id: str
    image: RGBImage
    faces: list[fer.Face]
    found: dict[tuple, bool] = field(default_factory=dict)

    @classmethod
    def opened(cls, id: str, content: bytes) -> "OwnPicture":
        """Decode and search it. Raises ImageError."""
        image = fer.open_image(content)
        faces = fer.detect_faces(image)
        height, width = image.shape[:2]
        shrink = KEPT_SIDE / max(height, width)
        if shrink >= 1:
            return cls(id, image, faces)
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        kept = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return cls(id, kept, [_shrunk(face, size[0] / width, size[1] / height) for face in faces])

    def turned(self, quarters: int) -> "OwnPicture":
        """The same turned clockwise by so many quarters, and searched again."""
        image = np.ascontiguousarray(np.rot90(self.image, -quarters))
        return OwnPicture(f"{self.id}{quarters:+d}", image, fer.detect_faces(image))

    @cached_property
    def shown(self) -> str:
        """The picture as a data URI, as large as a page shows it."""
        return shown_picture(self.image)

    @cached_property
    def thumbnails(self) -> list[str]:
        """Its faces as small pictures' data URIs."""
        return [thumbnail(face.crop) for face in self.faces]

    @cached_property
    def whole(self) -> RGBImage:
        """The whole picture as one face's crop."""
        return whole_picture(self.image).crop


def _shrunk(face: fer.Face, x: float, y: float) -> fer.Face:
    """Where the face lies in the picture made smaller by these factors; its crop stays."""
    x0, y0, x1, y1 = face.box
    eyes = face.eyes and ((face.eyes[0][0] * x, face.eyes[0][1] * y), (face.eyes[1][0] * x, face.eyes[1][1] * y))
    return replace(face, box=(round(x0 * x), round(y0 * y), round(x1 * x), round(y1 * y)), eyes=eyes)


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
    st.session_state[_OWNER] = source
    return _choose_part(source, picture, stage)


def forget_anothers_part(source: str) -> None:
    """Another kind of picture was chosen: which part of one is looked at says nothing about the other."""
    if source in _pictures() and st.session_state.get(_OWNER) not in (None, source):
        state.forget(keys.PART, *keys.EDGES)


def _pictures() -> dict[str, OwnPicture]:
    return st.session_state.setdefault(_PICTURES, {})


def _take_in(source: str) -> OwnPicture | None:
    """Draw the uploader or the camera; what it gives is kept, and shown in its place."""
    place, key = st.empty(), _widget_key(source)
    with place.container():
        if source == "upload":
            file = st.file_uploader("JPEG, PNG or WebP, at most 20 MB", TYPES, key=key, max_upload_size=20)
        else:
            file = st.camera_input("Take a photo", key=key, resolution="720p")
        st.caption(PRIVACY)
    if file is None:
        return None
    with st.spinner("Looking for faces"):
        picture = _pictures()[source] = OwnPicture.opened(file.file_id, file.getvalue())
    _forget_file(file)
    place.empty()
    return picture


def _widget_key(source: str) -> str:
    """Another one after each removal: a widget of the same key would still hold the picture that was removed."""
    return f"{source}-{st.session_state.get(_REMOVED, 0)}"


def _forget_file(file: UploadedFile) -> None:
    """Streamlit would keep the file's bytes until the visit ends. Its other managers, if any, cannot forget one."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _remove(source: str) -> None:
    _pictures().pop(source, None)
    st.session_state.pop(_OWNER, None)
    forget_own()
    st.session_state[_REMOVED] = st.session_state.get(_REMOVED, 0) + 1
    state.take(keys.PART, "", "")
    state.forget(*keys.EDGES)


def _turn(source: str, quarters: int) -> None:
    if picture := _pictures().get(source):
        _pictures()[source] = picture.turned(quarters)
        state.take(keys.PART, "", "")
        state.forget(*keys.EDGES)


def _choose_part(source: str, picture: OwnPicture, stage: DeltaGenerator) -> ChosenFace | NoFace:
    """Which face of the picture, or the whole of it, or a box drawn by hand."""
    faces = {str(number): face for number, face in enumerate(picture.faces, start=1)}
    part = state.choose(
        keys.PART,
        st.radio,
        "Part of the picture",
        {number: f"Face {number}" for number in faces} | {WHOLE: "Whole picture", BOX: "Draw a box"},
        default="1" if faces else "",
        horizontal=True,
        label_visibility="collapsed",
        width="stretch",
    )
    st.html(thumbnail_style("part", picture.thumbnails))
    if part in faces:
        keep_in_sight("part", int(part) - 1)
    with st.container(horizontal=True, key="about_picture", vertical_alignment="center"):
        for label, quarters in (("Turn left", -1), ("Turn right", 1)):
            st.button(label, on_click=_turn, args=(source, quarters))
        st.button("Remove picture", on_click=_remove, args=(source,))
        st.caption("In this session's memory alone, until you remove it or leave.")
    with stage:
        box = _choose_on_picture(picture, part)
    if not part:
        return NoFace("No face found", _ADVICE[state.is_hidden(keys.PART)])
    return _chosen_face(picture, part, box)


def _choose_on_picture(picture: OwnPicture, part: str) -> list[int]:
    """The picture itself where it helps, and what can be chosen at it; returns the edges of the box, in percent."""
    if state.is_hidden(keys.PART):
        if part in ("", BOX) or len(picture.faces) > 1:
            st.html(f'<img class="fs-picture" src="{picture.shown}" alt="Your picture">')
        return _edges()
    if part in ("", BOX) or len(picture.faces) > 1:
        boxes = [face.box for face in picture.faces]
        picture_frame(picture.shown, picture.image.shape[:2], boxes, part, _edges() if part == BOX else None)
    if part == BOX:
        return _draw_edges()
    if not part:
        with st.container(horizontal=True):
            st.button("Look at the whole picture", on_click=state.take, args=(keys.PART, WHOLE))
            st.button("Draw a box around a face", on_click=state.take, args=(keys.PART, BOX))
    return _edges()


def _chosen_face(picture: OwnPicture, part: str, box: list[int]) -> ChosenFace:
    if part == WHOLE:
        doubt = "" if picture.faces else DOUBT
        return ChosenFace((picture.id, part), picture.whole, "The whole picture", doubt=doubt)
    if part == BOX:
        crop = crop_box(picture.image, _in_pixels(box, picture.image)).crop
        doubt = "" if _has_face(picture, tuple(box), crop) else DOUBT
        return ChosenFace((picture.id, *box), crop, "The box", doubt=doubt)
    face = picture.faces[int(part) - 1]
    title = "The face, aligned" if face.eyes else "The face, not turned: no eyes found"
    group = tuple(each.crop for each in picture.faces) if len(picture.faces) > 1 else ()
    return ChosenFace((picture.id, part), face.crop, title, group=group)


def _draw_edges() -> list[int]:
    """The box in four numbers, for the keyboard; drawing by mouse or finger moves them."""
    with st.container(horizontal=True, key="edges"):
        return [state.number(edge, st.number_input, f"{edge.name.capitalize()} edge, %") for edge in keys.EDGES]


def _edges() -> list[int]:
    return [state.chosen_number(edge) for edge in keys.EDGES]


def _has_face(picture: OwnPicture, box: tuple, crop: np.ndarray) -> bool:
    if box not in picture.found:
        picture.found[box] = bool(fer.detect_faces(crop))
    return picture.found[box]


def _in_pixels(box: Sequence[float], image: np.ndarray) -> list[float]:
    height, width = image.shape[:2]
    return [edge * side / 100 for edge, side in zip(box, (width, height, width, height), strict=True)]
