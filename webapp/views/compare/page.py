"""The page "Compare": do two networks, methods, layers or faces mark the same places?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models.evaluation.faithfulness import MapName, best_map
from fer_models.explanation.attribution import uses_layer
from fer_models.labels import display_order
from fer_models.text import listed
from webapp import keys, state, warm_up, wording
from webapp.components.explaining import EXPECTED_ERRORS, LOADING, explanation_for
from webapp.components.face import ChosenFace, NoFace
from webapp.components.face_intake import choose_face
from webapp.components.map_picker import LAST, layer_names
from webapp.components.page_parts import announce, page_heading
from webapp.components.waiting import wait_until
from webapp.components.words import told
from webapp.figures import answer, compare, strips
from webapp.networks import is_loaded
from webapp.views.compare import columns as choices
from webapp.views.compare.board import Board, Display
from webapp.views.compare.columns import CannotCompare, Column
from webapp.views.compare.lines import GATE, Looked, gates_of, lines_of
from webapp.wording import plain

QUESTION = "Do they look at the same places?"
PREDICTED = "predicted"
NOTHING = "nothing"
FIRST = "first"  # gate


def page() -> None:
    """Draw the page: what is compared, the answer, the answers of the networks, maps line by line, agreement."""
    st.html(strips.stylesheet() + compare.stylesheet())
    page_heading(QUESTION)
    controls, headline = st.container(key="compared"), st.container(key="answer")
    stage = st.container()
    try:
        with controls:
            _compare(headline, stage)
    except CannotCompare as problem:
        _say(headline, problem.title, str(problem))
    except EXPECTED_ERRORS as error:
        _say(headline, "This cannot be compared", told(error))


def _say(headline: DeltaGenerator, title: str, text: str) -> None:
    headline.html(answer.message(title, text))
    announce(f"{title}. {text}")


def _compare(headline: DeltaGenerator, stage: DeltaGenerator) -> None:
    checkpoints = wording.in_papers_order(fer.list_checkpoints())
    if not checkpoints:
        raise CannotCompare("No network yet", wording.NO_CHECKPOINT)
    varied = choices.choose_varied()
    first = choices.main_network(checkpoints)
    networks = choices.choose_networks(checkpoints, varied, first)
    if warm_up.pending() and not all(map(is_loaded, networks)):
        _say(headline, LOADING, "The comparison appears here by itself.")
        wait_until(lambda: not warm_up.pending() or all(map(is_loaded, networks)))
        return
    common, others = choices.common_labels(networks)
    several = choices.choose_methods() if varied == "method" else []
    several = choices.choose_layers(networks[0]) if varied == "layer" else several
    face = choose_face(stage)
    if isinstance(face, NoFace):
        raise CannotCompare(face.title, face.text)
    faces = choices.choose_faces(face) if varied == "face" else [("", face)]
    with st.expander("Settings"):
        method, layer, explain, opacity = _choose_settings(varied, networks, common, best_map(first))
        gate_place = st.container()
    shown = _columns(varied, networks, faces, several, method, layer)
    looked = [_look(column, explain, common) for column in shown]
    lines = lines_of(varied, method)
    with gate_place:
        gate = _choose_gate(looked) if GATE in lines else FIRST
    with stage:
        display = Display(varied, lines, opacity, gate, *_choose_controls(looked, lines, gate))
        if others:
            st.caption(f"Only expressions that all of these networks know are compared: not {plain(listed(others))}.")
        if face.doubt:
            st.warning(face.doubt)
        Board(looked, common, display).draw(headline)


def _columns(
    varied: str,
    networks: Sequence[str],
    faces: Sequence[tuple[str, ChosenFace]],
    several: Sequence[str],
    method: str,
    layer: str | None,
) -> list[Column]:
    """What varies becomes the columns' titles."""
    face, network = faces[0][1], networks[0]
    if varied == "method":
        return [Column(wording.METHODS[each], network, face, each, None) for each in several]
    if varied == "layer":
        names = layer_names(choices.load_classifier(network).layers)
        return [Column(names[each], network, face, method, None if each == LAST else each) for each in several]
    if varied == "face":
        return [Column(title, network, each, method, layer) for title, each in faces]
    return [Column(wording.network_name(each), each, face, method, layer) for each in networks]


def _choose_settings(
    varied: str, networks: Sequence[str], common: Sequence[str], best: MapName | None
) -> tuple[str, str | None, str | None, float]:
    """Method and layer that all columns share, the explained expression (None: each the predicted one), the opacity."""
    method, layer = "grad-cam", None
    if varied == "layer":
        method = choices.choose_method(best, of_layers=True)
    elif varied != "method":
        method = choices.choose_method(best)
        layer = choices.choose_layer(networks, method, best) if uses_layer(method) else None
    names = {PREDICTED: "The predicted one"} | {common[i]: common[i].capitalize() for i in display_order(common)}
    explain = state.choose(keys.EXPLAIN, st.selectbox, "Explain", names)
    opacity = state.number(keys.OPACITY, st.slider, "Maps over the face", step=5, format="%d %%")
    return method, layer, None if explain == PREDICTED else explain, opacity / 100


def _look(column: Column, explain: str | None, common: Sequence[str]) -> Looked:
    found = explanation_for(column.checkpoint, column.face, None)
    if found is None:
        raise CannotCompare(LOADING, "The comparison appears here by itself.")
    seen = found.seen
    # A label that the others do not have is not explained.
    known = [seen.labels.index(label) for label in common]
    target = seen.labels.index(explain) if explain else max(known, key=lambda index: seen.probabilities[index])
    return Looked(column, replace(found, seen=replace(seen, target=target)), target, gates_of(found.groups))


def _choose_gate(looked: Sequence[Looked]) -> str:
    """The gate that is shown of every column: one that all have, or each one's first, the finest."""
    shared = {
        module: gate.title
        for module, gate in looked[0].gates.items()
        if all(module in each.gates and each.gates[module].title == gate.title for each in looked)
    }
    return state.choose(keys.GATE, st.selectbox, "Gate", {FIRST: "The first one that has places"} | shared)


def _choose_controls(looked: Sequence[Looked], lines: Sequence[str], gate: str) -> tuple[bool, tuple[str, int] | None]:
    """Whether every gate stands in the agreement; which map, by line and column, gives way to noise."""
    words = {
        (line, number): f"{each.column.title}: {_words(each, line, gate)}"
        for line in lines
        for number, each in enumerate(looked)
        if line != GATE or each.gates
    }
    names = {f"{line}.{number + 1}": key for key in words for line, number in [key]}
    with st.container(horizontal=True, key="compare_controls", vertical_alignment="bottom"):
        chosen = state.choose(
            keys.NOISE,
            st.selectbox,
            "Would noise look like this?",
            {NOTHING: "Show no noise"} | {name: words[key] for name, key in names.items()},
            help="Noise has the map's own values and is as smooth, at places that mean nothing.",
        )
        every = state.switch(keys.GATES, st.toggle, "Every gate in the agreement", help="Each gate as a map of places.")
    return every, names.get(chosen)


def _words(looked: Looked, line: str, gate: str) -> str:
    """What a map of the column is called."""
    shown = looked.gate(gate)
    if line == GATE and shown:
        return shown.title
    return looked.map_name(line)
