"""The page "Trust": does this picture tell the truth about the network?"""

from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models.evaluation.faithfulness import MapName
from fer_models.labels import display_order
from webapp import keys, state, warm_up, wording
from webapp.components.explaining import EXPECTED_ERRORS, LOADING, explanation_for, wait_for
from webapp.components.face import ChosenFace, NoFace
from webapp.components.face_intake import choose_face
from webapp.components.map_picker import choose_map
from webapp.components.network_picker import choose_network
from webapp.components.page_parts import announce, page_heading
from webapp.components.regions import show_parts, show_regions
from webapp.components.take_away import take_away
from webapp.components.words import told
from webapp.figures import answer, strips, trust
from webapp.maps import forget_own
from webapp.networks import is_loaded, load_classifier
from webapp.views.trust import measured, one_face, randomised
from webapp.views.trust.sheet import make_sheet

QUESTION = "Does this picture tell the truth about the network?"
PREDICTED = "predicted"
HOW = """
- **The test.** The face is divided into squares. They are covered one after another, once those first that the map
  marks most, once those that it marks least. A true map makes the answer fall soon in the first order and late in the
  second. The area between the two curves is the **gain** (symmetric relevance gain, Blücher et al. 2024): 0 is chance,
  1 would be perfect. What the cover itself does to the network is in both curves and cancels out.
- **The guess.** Faces are framed alike, so a map that always marks the middle of the picture does well without knowing
  any network. A map that does not beat it tells you little that you did not know. Chance, the edges of the face and the
  network's own mean map stand beside it.
- **The interval** of one face says how far the way of covering decides: coarse and fine squares, covered by blur and by
  the face's mean grey. Over many faces it says how far the choice of faces decides.
- **Infidelity** (Yeh et al. 2019) compares what the map says of sets of squares with what covering them does; less is
  truer. **Likeness to covering** is the rank correlation with what covering each square alone does.
- **Covering each place** is itself a way to make a map. It does well here because the test covers places too: read it
  as what can be reached.
"""


@dataclass(frozen=True)
class Chosen:
    """What the page is about; ``target`` is a label or None for the predicted one."""

    checkpoint: str
    face: ChosenFace
    map: MapName
    target: str | None
    opacity: float


def page() -> None:
    """Draw the page: face, network and map; the verdict; what it rests on, for this face and over many."""
    st.html(strips.stylesheet() + trust.stylesheet())
    page_heading(QUESTION)
    faces, headline = st.container(key="faces", gap="small"), st.container(key="answer")
    with st.container(key="desk"):
        left, right = st.columns([17, 10], gap="large")
    try:
        chosen = _choose(faces, left, right, headline)
        if chosen is not None:
            _show(chosen, headline, left)
    except EXPECTED_ERRORS as error:
        _say(headline, "This cannot be measured", told(error))


def _choose(
    faces: DeltaGenerator, left: DeltaGenerator, right: DeltaGenerator, headline: DeltaGenerator
) -> Chosen | None:
    checkpoints = wording.in_papers_order(fer.list_checkpoints())
    if not checkpoints:
        _say(headline, "No network yet", wording.NO_CHECKPOINT)
        return None
    stage = left.container()
    with faces:
        face = choose_face(stage)
    with right:
        maps = st.container()
        checkpoint = choose_network(checkpoints)
    if warm_up.pending() and not is_loaded(checkpoint):
        _say(headline, LOADING, "The verdict appears here by itself.")
        wait_for(checkpoint)
        return None
    with right, st.spinner(LOADING):
        classifier = load_classifier(checkpoint)
    with maps:
        name = choose_map(checkpoint, classifier.layers)
    with right, st.expander("Settings"):
        labels = classifier.labels
        expressions = {labels[index]: labels[index].capitalize() for index in display_order(labels)}
        target = state.choose(keys.EXPLAIN, st.selectbox, "Explain", {PREDICTED: "The predicted one"} | expressions)
        opacity = state.number(keys.OPACITY, st.slider, "Maps over the face", step=5, format="%d %%")
    if isinstance(face, NoFace):
        _say(headline, face.title, face.text)
        return None
    return Chosen(checkpoint, face, name, None if target == PREDICTED else target, opacity / 100)


def _say(headline: DeltaGenerator, title: str, text: str) -> None:
    """There is no verdict: say why, and forget what was seen of a picture that may be gone."""
    forget_own()
    headline.html(answer.message(title, text))
    announce(f"{title}. {text}")


def _show(chosen: Chosen, headline: DeltaGenerator, left: DeltaGenerator) -> None:
    found = explanation_for(chosen.checkpoint, chosen.face, chosen.target)
    if found is None:
        raise fer.CheckpointError("This network is not loaded yet. Reload the page.")
    shown = one_face.Shown(chosen.checkpoint, chosen.face, chosen.map, found.seen, chosen.opacity)
    with left:
        if chosen.face.doubt:
            st.warning(chosen.face.doubt)
        rows = one_face.show(shown, headline)
        show_parts(chosen.face, chosen.checkpoint, shown.values(shown.map), found.seen.labels[found.seen.target])
    one_face.draw_table(shown, rows)
    measured.show(chosen.checkpoint, chosen.map, load_classifier(chosen.checkpoint).layers)
    show_regions(chosen.checkpoint)
    with st.expander("How this is measured"):
        st.markdown(HOW)
    one_face.draw_curves(shown, rows)
    randomised.show(shown)
    make = partial(make_sheet, shown, shown.values(shown.map), rows[0])
    take_away(make, f"trust-{chosen.checkpoint}", own_picture=chosen.face.sample is None)
