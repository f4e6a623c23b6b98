"""The page "Recognise": which expression does this face show, and what did the network look at?"""

from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

import fer_models as fer
from fer_models.card import Card
from fer_models.checkpoints import read_card
from fer_models.explanation.passages import Passage, passages
from fer_models.labels import display_order
from webapp import keys, state, wording
from webapp.components.covering import choose_patch, covered_face, patch_settings, shown_grey
from webapp.components.explaining import EXPECTED_ERRORS, LOADING, Answer, explanation_for, wait_for
from webapp.components.face import ChosenFace, NoFace
from webapp.components.face_intake import choose_face
from webapp.components.gate_strips import average_gates, show_gates
from webapp.components.network_picker import choose_network
from webapp.components.own_picture import PRIVACY
from webapp.components.page_parts import announce, page_heading
from webapp.components.take_away import take_away
from webapp.components.words import told
from webapp.figures import answer, evidence, strips
from webapp.figures.gates import GateView
from webapp.figures.pictures import grey_face_uri
from webapp.maps import forget_own
from webapp.networks import is_loaded, load_classifier
from webapp.views.recognise.group import group_html
from webapp.views.recognise.hero import Hero, Looked
from webapp.views.recognise.sheet import make_sheet
from webapp.wording import plain

QUESTION = "Which expression does this face show, and what did the network look at?"
CAVEAT = (
    "The expression this face shows, as people would name it. Never what the person feels: a network cannot know that."
)
PREDICTED = "predicted"


@dataclass(frozen=True)
class Places:
    """Parts of the page, drawn in another order than they stand: headline, what it rests on."""

    headline: DeltaGenerator
    result: DeltaGenerator

    def say(self, title: str, text: str, *, wrong: bool = False, what: str = "headline") -> None:
        """There is no answer: say why, and forget what was seen of a picture that may be gone."""
        forget_own()
        self.headline.html(answer.message(title))
        (self.result.error if wrong else self.result.info)(plain(text))
        announce(f"{title}. {text}", what)


def page(compare: StreamlitPage | None = None, trust: StreamlitPage | None = None) -> None:
    """Draw the page: faces and networks, the answer, what it rests on.

    ``compare``: the page on which the network stands beside others; ``trust``: that on which its map is measured.
    """
    st.html(strips.stylesheet())
    page_heading(QUESTION)
    checkpoints = wording.in_papers_order(fer.list_checkpoints())
    faces, networks = st.container(key="faces", gap="small"), st.container(key="networks", gap="small")
    everybody = st.empty()
    with st.container(horizontal=True, key="answer_row", vertical_alignment="bottom"):
        headline = st.container(key="answer")
        tools = st.container(horizontal=True, key="tools", width="content", vertical_alignment="center")
    stage, places = st.container(), Places(headline, st.container())
    if not checkpoints:
        places.say("No network yet", wording.NO_CHECKPOINT)
        return
    with faces:
        face = _face_or_problem(stage)
    with networks:
        name = choose_network(checkpoints, tools)
    try:
        card = read_card(name)
        with tools:
            target, opacity = _settings(card.labels)
            if compare:
                st.page_link(compare, label="+ Compare", query_params=state.address())
        if isinstance(face, NoFace):
            places.say(face.title, face.text, wrong=face.wrong)
            return
        looked = _look(name, card, face, target, opacity)
        if looked is not None and face.group:
            everybody.html(group_html(name, face))
        if looked is None:
            places.say(LOADING, "Its answer appears here by itself.")
            wait_for(name)
            return
        _show(places, looked, card, trust)
    except EXPECTED_ERRORS as error:
        # An answer may have been announced before it.
        places.say("This network cannot be loaded", told(error), wrong=True, what="failure")


def _face_or_problem(stage: DeltaGenerator) -> ChosenFace | NoFace:
    try:
        return choose_face(stage)
    except EXPECTED_ERRORS as error:
        return NoFace("This picture cannot be used", told(error), wrong=True)


def _settings(labels: tuple[str, ...]) -> tuple[str | None, float]:
    """The label to explain, None for the predicted one, and how opaque maps are, 0..1."""
    if state.is_hidden(keys.EXPLAIN, keys.OPACITY, keys.PATCH, keys.FILL):
        return _draw_settings(labels)
    with st.popover("Settings"):
        return _draw_settings(labels)


def _draw_settings(labels: tuple[str, ...]) -> tuple[str | None, float]:
    expressions = {labels[index]: labels[index].capitalize() for index in display_order(labels)}
    target = state.choose(
        keys.EXPLAIN,
        st.selectbox,
        "Explain",
        {PREDICTED: "The predicted one"} | expressions,
        help="The expression whose score the maps explain. The gates do not depend on it.",
    )
    opacity = state.number(keys.OPACITY, st.slider, "Maps over the face", step=5, format="%d %%")
    patch_settings()
    return None if target == PREDICTED else target, opacity / 100


def _look(name: str, card: Card, face: ChosenFace, target: str | None, opacity: float) -> Looked | None:
    """What the network saw, without and with the patch; None while it is being loaded."""
    side, patch = card.preprocessing.source_side, choose_patch()
    before = after = explanation_for(name, face, target)
    covered = face
    if before and patch:
        covered = covered_face(face, patch, side)
        # The same expression is explained: another one's maps would say nothing of what the patch changed.
        after = explanation_for(name, covered, before.seen.labels[before.seen.target])
    if before is None or after is None:
        return None
    grey = grey_face_uri(shown_grey(face, patch, side))
    return Looked(name, face, covered, patch, before, after, grey, opacity)


def _show(places: Places, looked: Looked, card: Card, trust: StreamlitPage | None) -> None:
    network = wording.network_name(looked.checkpoint)
    before, after = (_reading(each) for each in (looked.before, looked.after))
    places.headline.html(answer.answer(network, after, before if looked.patch else None))
    announce(after.sentence(network) + (" with the patch" if looked.patch else ""))
    with places.result:
        if looked.face.doubt:
            st.warning(looked.face.doubt)
        hero = Hero(looked, card.preprocessing.source_side, trust)
        st.caption(CAVEAT)
        _show_others(looked, card)
        view = GateView(looked.grey, looked.opacity, average=average_gates(looked.checkpoint))
        ready = is_loaded(looked.checkpoint)
        show_gates(looked.after.groups, view, partial(_passages, looked) if ready else None)
        _fold_away(card)
    hero.finish()
    with places.result:
        own = looked.face.sample is None
        take_away(partial(make_sheet, looked, hero.shown.items()), f"recognise {looked.checkpoint}", own_picture=own)
    if not is_loaded(looked.checkpoint):
        wait_for(looked.checkpoint)  # what is stored is on the page; the rest follows


def _passages(looked: Looked) -> list[Passage]:
    return passages(load_classifier(looked.checkpoint), looked.covered.crop)


def _reading(seen: Answer) -> answer.Reading:
    return answer.reading(seen.seen.labels, seen.seen.probabilities)


def _show_others(looked: Looked, card: Card) -> None:
    fold = st.expander("What the network was given, and Grad-CAM of other expressions", on_change="rerun")
    if fold.open:
        seen, crop = looked.after.seen, looked.covered.crop
        fold.html(evidence.cam_section(seen, crop, looked.grey, card.preprocessing, looked.opacity))


def _fold_away(card: Card) -> None:
    with st.expander("About this network"):
        st.caption(plain(f"{wording.authors_text(card)} {wording.score_text(card)}"))
        st.markdown(wording.card_text(card))
    with st.expander("Your picture"):
        st.markdown(PRIVACY)
