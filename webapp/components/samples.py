"""The gallery as a strip of faces to choose from."""

from functools import cache

import streamlit as st

import fer_models as fer
from fer_models.faces import crop_box, whole_picture
from fer_models.images import RGBImage
from fer_models.labels import display_order
from webapp import keys, state
from webapp.components.face import ChosenFace
from webapp.components.gallery import Sample, read_gallery
from webapp.components.in_sight import keep_in_sight
from webapp.figures.thumbnails import thumbnail, thumbnail_style


def choose_sample() -> ChosenFace:
    """One of the gallery's faces; where a group has several, which of them."""
    groups = read_gallery()
    names = [list(groups)[index] for index in display_order(list(groups))]
    group = state.choose(
        keys.SAMPLE,
        st.radio,
        "Sample",
        {name: name.capitalize() for name in names},
        horizontal=True,
        label_visibility="collapsed",
        width="stretch",
    )
    keep_in_sight("sample", names.index(group))
    samples = groups[group]
    sample = samples[0]
    with st.container(horizontal=True, key="about_sample", vertical_alignment="center"):
        if len(samples) > 1:
            numbers = {str(number): str(number) for number in range(1, len(samples) + 1)}
            number = state.choose(
                keys.COMPOSITE, st.radio, "Composite", numbers, horizontal=True, label_visibility="collapsed"
            )
            sample = samples[int(number) - 1]
        st.caption(sample.caption)
    shown = [sample if name == group else groups[name][0] for name in names]
    st.html(thumbnail_style("sample", [sample_thumbnail(each) for each in shown]))
    return ChosenFace(("sample", sample.id), sample_crop(sample), sample=sample)


@cache
def sample_crop(sample: Sample) -> RGBImage:
    """A gallery picture's face. Shared between sessions: it is nobody's private picture."""
    image = fer.open_image(sample.read())
    faces = fer.detect_faces(image) if sample.kind == "photo" else []
    return faces[0].crop if faces else whole_picture(image).crop


@cache
def sample_thumbnail(sample: Sample) -> str:
    """Its face as a small picture's data URI, for all sessions."""
    image = fer.open_image(sample.read())
    return thumbnail((crop_box(image, sample.face) if sample.face else whole_picture(image)).crop)
