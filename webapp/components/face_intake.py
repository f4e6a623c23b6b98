"""The controls that choose a face: from the gallery, from a visitor's picture, by camera."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from webapp import keys, state
from webapp.components.face import ChosenFace, NoFace
from webapp.components.own_picture import choose_own_face, forget_anothers_part
from webapp.components.samples import choose_sample

SOURCES = {"sample": "Sample", "upload": "Upload", "camera": "Camera"}


def choose_face(stage: DeltaGenerator) -> ChosenFace | NoFace:
    """Draw the controls and return what they choose; a visitor's picture is drawn large on ``stage`` where it helps.

    Raises ImageError for a picture that cannot be used.
    """
    source = state.choose(
        keys.PICTURE,
        st.radio,
        "Face",
        SOURCES,
        then=forget_anothers_part,
        horizontal=True,
        label_visibility="collapsed",
        width="stretch",
    )
    return choose_sample() if source == "sample" else choose_own_face(source, stage)
