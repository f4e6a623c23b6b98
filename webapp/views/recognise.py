"""The page "Recognise": which expression does this face show, and what did the network look at?"""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models.card import Card
from fer_models.checkpoints import read_card
from fer_models.faces import DetectorError
from fer_models.labels import display_order
from webapp import state, wording
from webapp.components.explaining import LOADING, Answer, explanation_for, wait_for
from webapp.components.face_intake import PRIVACY, ChosenFace, NoFace, choose_face
from webapp.components.network_picker import choose_network
from webapp.figures import answer, evidence, strips

PREDICTED = "predicted"
# What may be wrong with a visitor's picture or with a checkpoint; every message is a sentence for a person.
EXPECTED_ERRORS = (fer.ImageError, fer.CheckpointError, fer.UnknownNetworkError, DetectorError)


@dataclass(frozen=True)
class Display:
    """How the evidence is shown; ``target`` is a label or None for the predicted one."""

    target: str | None
    opacity: float
    stretch: bool


def page() -> None:
    """Draw the page: controls at the right, the answer at the left, the evidence below."""
    st.html(strips.stylesheet())
    st.html(answer.page_head("Which expression does this face show, and what did the network look at?"))
    checkpoints = wording.in_papers_order(fer.list_checkpoints())
    if not checkpoints:
        st.html(answer.message("No network yet", wording.NO_CHECKPOINT))
        return
    result, panel = st.columns([17, 10], gap="large")
    with panel, st.container(border=True, key="controls"):
        face = _face_or_problem()
        name = choose_network(checkpoints)
        try:
            card = read_card(name)
        except EXPECTED_ERRORS as error:
            _show_message(result, "This network cannot be loaded", str(error))
            return
        _describe_network(card)
        display = _choose_display(card.labels)
    if isinstance(face, NoFace):
        _show_message(result, face.title, face.text)
        return
    try:
        with result:
            found = explanation_for(name, face, display.target)
    except EXPECTED_ERRORS as error:
        _show_message(result, "This network cannot be loaded", str(error))
        return
    if found is None:
        _show_message(result, LOADING, "Its answer appears here by itself.")
        wait_for(name)
        return
    _show(result, found, name, card, face, display)


def _face_or_problem() -> ChosenFace | NoFace:
    try:
        return choose_face()
    except EXPECTED_ERRORS as error:
        return NoFace("This picture cannot be used", str(error))


def _describe_network(card: Card) -> None:
    words = wording.network_words(card)
    st.caption(f"{words.summary} {words.short_reference} {wording.score_text(card)}")


def _choose_display(labels: tuple[str, ...]) -> Display:
    expressions = {labels[index]: labels[index].capitalize() for index in display_order(labels)}
    target = state.choose(
        state.EXPLAIN,
        st.selectbox,
        "Explain",
        {PREDICTED: "The predicted one"} | expressions,
        help="The expression whose score Grad-CAM explains. The gates do not depend on it.",
    )
    opacity = state.number(state.OPACITY, st.slider, "Grad-CAM over the face", step=5, format="%d %%")
    stretch = state.switch(
        state.STRETCH,
        st.toggle,
        "Stretch to this picture's range",
        help="Off: every kind of gate has one fixed scale, so pictures can be compared. On: small differences show.",
    )
    return Display(None if target == PREDICTED else target, opacity / 100, stretch)


def _show_message(result: DeltaGenerator, title: str, text: str) -> None:
    """There is no answer: say why, and forget what was seen of a picture that may be gone."""
    st.session_state.pop("explained", None)
    result.html(answer.message(title, text))


def _show(
    result: DeltaGenerator,
    found: Answer,
    name: str,
    card: Card,
    face: ChosenFace,
    display: Display,
) -> None:
    seen = found.seen
    uri = evidence.face_uri(face.crop)
    predicted = int(np.argmax(seen.probabilities))
    headline = answer.answer(wording.network_name(name), seen.labels[predicted], float(seen.probabilities[predicted]))
    result.html(headline + evidence.overview(seen, uri, face.title, display.opacity, display.stretch))
    st.html(evidence.cam_section(seen, face.crop, uri, card.preprocessing, display.stretch))
    st.html(evidence.gate_sections(found.groups, uri, display.stretch))
    _fold_away(card)


def _fold_away(card: Card) -> None:
    with st.expander("About this network"):
        st.markdown(wording.card_text(card))
    with st.expander("Your picture"):
        st.markdown(PRIVACY)
