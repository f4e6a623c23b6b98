"""The page "Recognise": which expression does this face show, and what did the network look at?"""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models.card import Card
from fer_models.checkpoints import read_card
from fer_models.labels import display_order
from webapp import state, wording
from webapp.components.explaining import EXPECTED_ERRORS, LOADING, Answer, explanation_for, wait_for
from webapp.components.face import ChosenFace, NoFace
from webapp.components.face_intake import choose_face
from webapp.components.gate_strips import show_gates
from webapp.components.network_picker import choose_network
from webapp.components.own_picture import PRIVACY
from webapp.components.page_parts import announce, page_heading
from webapp.figures import answer, evidence, strips
from webapp.figures.gates import GateView
from webapp.figures.pictures import grey_face_uri
from webapp.maps import forget_own

QUESTION = "Which expression does this face show, and what did the network look at?"
CAVEAT = (
    "The expression this face shows, as people would name it. Never what the person feels: a network cannot know that."
)
PREDICTED = "predicted"


@dataclass(frozen=True)
class Display:
    """How the evidence is shown; ``target`` is a label or None for the predicted one."""

    target: str | None
    opacity: float


@dataclass(frozen=True)
class Places:
    """Parts of the page, drawn in another order than they stand: headline, what it rests on, controls."""

    headline: DeltaGenerator
    result: DeltaGenerator
    panel: DeltaGenerator

    def say(self, title: str, text: str, *, wrong: bool = False) -> None:
        """There is no answer: say why, and forget what was seen of a picture that may be gone."""
        forget_own()
        self.headline.html(answer.message(title))
        (self.result.error if wrong else self.result.info)(text)
        announce(f"{title}. {text}")


def page() -> None:
    """Draw the page: faces, the answer, what it rests on beside the networks, the evidence below."""
    st.html(strips.stylesheet())
    page_heading(QUESTION)
    checkpoints = wording.in_papers_order(fer.list_checkpoints())
    faces, headline = st.container(key="faces", gap="small"), st.container(key="answer")
    with st.container(key="desk"):
        left, right = st.columns([17, 10], gap="large")
    stage, places = left.container(), Places(headline, left, right)
    if not checkpoints:
        places.say("No network yet", wording.NO_CHECKPOINT)
        return
    with faces:
        face = _face_or_problem(stage)
    with right:
        name = choose_network(checkpoints)
        try:
            card = read_card(name)
        except EXPECTED_ERRORS as error:
            places.say("This network cannot be loaded", str(error), wrong=True)
            return
        st.caption(f"{wording.authors_text(card)} {wording.score_text(card)}")
        display = _choose_display(card.labels)
        _fold_away(card)
    if isinstance(face, NoFace):
        places.say(face.title, face.text, wrong=face.wrong)
        return
    try:
        with left:
            found = explanation_for(name, face, display.target)
    except EXPECTED_ERRORS as error:
        places.say("This network cannot be loaded", str(error), wrong=True)
        return
    if found is None:
        places.say(LOADING, "Its answer appears here by itself.")
        wait_for(name)
        return
    _show(places, found, name, card, face, display)


def _face_or_problem(stage: DeltaGenerator) -> ChosenFace | NoFace:
    try:
        return choose_face(stage)
    except EXPECTED_ERRORS as error:
        return NoFace("This picture cannot be used", str(error), wrong=True)


def _choose_display(labels: tuple[str, ...]) -> Display:
    if state.is_hidden(state.EXPLAIN, state.OPACITY):
        return _draw_display(labels)
    with st.expander("Settings"):
        return _draw_display(labels)


def _draw_display(labels: tuple[str, ...]) -> Display:
    expressions = {labels[index]: labels[index].capitalize() for index in display_order(labels)}
    target = state.choose(
        state.EXPLAIN,
        st.selectbox,
        "Explain",
        {PREDICTED: "The predicted one"} | expressions,
        help="The expression whose score Grad-CAM explains. The gates do not depend on it.",
    )
    opacity = state.number(state.OPACITY, st.slider, "Maps over the face", step=5, format="%d %%")
    return Display(None if target == PREDICTED else target, opacity / 100)


def _fold_away(card: Card) -> None:
    with st.expander("About this network"):
        st.markdown(wording.card_text(card))
    with st.expander("Your picture"):
        st.markdown(PRIVACY)


def _show(places: Places, found: Answer, name: str, card: Card, face: ChosenFace, display: Display) -> None:
    seen, network, uri = found.seen, wording.network_name(name), evidence.face_uri(face.crop)
    read = answer.reading(seen.labels, seen.probabilities)
    places.headline.html(answer.answer(network, read))
    announce(read.sentence(network))
    with places.result:
        if face.doubt:
            st.warning(face.doubt)
        st.caption(CAVEAT)
        st.html(evidence.overview(seen, uri, grey_face_uri(face.crop), face.title, display.opacity))
    st.html(evidence.cam_section(seen, face.crop, grey_face_uri(face.crop), card.preprocessing, display.opacity))
    show_gates(found.groups, GateView(grey_face_uri(face.crop), display.opacity))
