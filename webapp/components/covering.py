"""Covering a place of the face: where, how large and with what, and the face as the network gets it then."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import streamlit as st

from fer_models.explanation.cover import FILLS, covered, filling, mask_of
from fer_models.preprocessing import to_source
from webapp import keys, state
from webapp.components.cover_frame import cover_frame
from webapp.components.face import ChosenFace
from webapp.figures.evidence import face_uri
from webapp.figures.pictures import MAP_SIDE, data_uri, input_png

_PLACE = "(100|[1-9]?[0-9]),(100|[1-9]?[0-9])"  # the patch's middle in a link, '50,75'
FILL_WORDS = {
    "mean": "The face's mean grey",
    "blur": "The face, blurred",
    "noise": "Noise of the face's greys",
    "grey": "Middle grey",
}


@dataclass(frozen=True)
class Patch:
    """A square that covers a part of the face: its middle, across and down, and its width, in percent of the side."""

    place: tuple[int, int]
    size: int
    fill: str

    def mask(self, side: int) -> np.ndarray:
        """How much of each pixel of a picture of ``side`` pixels it covers, (side, side) float32, 0..1."""
        # At the side's percent first: what is covered does not depend on how finely the picture is drawn.
        half = self.size / 2
        x, y = (min(max(each, half), 100 - half) - half for each in self.place)
        fine = mask_of(np.array([x, y, x + self.size, y + self.size]) * 4, (400, 400))
        return cv2.resize(fine.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)


def choose_patch() -> Patch | None:
    """The patch that lies on the face; None where none does."""
    place = state.chosen_text(keys.COVER, _PLACE)
    size = state.chosen_number(keys.PATCH)
    fill = state.chosen(keys.FILL, FILL_WORDS, FILLS[0])
    if not place:
        return None
    x, _, y = place.partition(",")
    return Patch((int(x), int(y)), size, fill)


def patch_settings() -> None:
    """The controls for what a patch is like."""
    state.number(keys.PATCH, st.slider, "Width of the patch", step=5, format="%d %%")
    state.choose(keys.FILL, st.selectbox, "Patch of", FILL_WORDS)


def covered_face(face: ChosenFace, patch: Patch, side: int) -> ChosenFace:
    """The face with the patch over it, as a network gets it whose source has ``side`` pixels."""
    source = to_source(face.crop, side)
    crop = covered(source, patch.mask(side), patch.fill)
    return replace(face, key=(*face.key, "covered", patch, side), crop=crop, altered=True)


def shown_grey(face: ChosenFace, patch: Patch | None, side: int) -> np.ndarray:
    """The face in grey, as fine as pages draw it, (H, H) uint8; over it the patch, as the network gets it."""
    fine = to_source(face.crop, min(MAP_SIDE, max(face.crop.shape[:2])))
    if patch is None:
        return fine
    over = cv2.resize(filling(to_source(face.crop, side), patch.fill), fine.shape[::-1])
    return covered(fine, patch.mask(len(fine)), over)


def draw_face(face: ChosenFace, patch: Patch | None, side: int) -> None:
    """The face on which a patch is laid; what can be done there below it."""
    size, fill = state.chosen_number(keys.PATCH), state.chosen(keys.FILL, FILL_WORDS, FILLS[0])
    over = filling(to_source(face.crop, side), fill).round().astype(np.uint8)
    place = patch.place if patch else None
    cover_frame(face_uri(face.crop), face.title, data_uri(input_png(over), "image/png"), place, size)
