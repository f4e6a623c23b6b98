"""The page "Operate": does the network need this gate?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models.checkpoints import read_card
from fer_models.explanation import position_map
from fer_models.explanation.averages import read_averages
from fer_models.explanation.replacements import Operated
from fer_models.faces import DetectorError
from fer_models.labels import display_order
from webapp import keys, state, wording
from webapp.components.explaining import LOADING, explanation_for, wait_for
from webapp.components.face import ChosenFace, NoFace
from webapp.components.face_intake import choose_face
from webapp.components.gallery import read_gallery, sample_name
from webapp.components.matrix import choose_in_matrix
from webapp.components.network_picker import choose_network
from webapp.components.page_parts import announce, page_heading
from webapp.components.samples import sample_crop
from webapp.components.take_away import take_away
from webapp.components.words import told
from webapp.figures import answer, operate, scores, strips
from webapp.figures.operate import FOUR, WAYS, Row
from webapp.figures.pictures import grey_face_uri
from webapp.maps import forget_own
from webapp.networks import load_classifier
from webapp.views.operate.kept import kept_replacements, kept_words, show_kept
from webapp.views.operate.measured import show_measured
from webapp.views.operate.painting import painted_values, show_brush
from webapp.views.operate.sheet import make_sheet
from webapp.views.operate.theatre import PAINTED, Theatre, verdict, way_detail, way_words
from webapp.wording import plain

QUESTION = "Does the network need this gate?"
PREDICTED = "predicted"
EXPECTED_ERRORS = (fer.ImageError, fer.CheckpointError, fer.UnknownNetworkError, DetectorError)
WHAT_IT_MEANS = (
    "Identity takes two things away: what attention adds for this face, and the constant that the network has learned "
    "to expect of the gate. The average face's gate and another face's leave the constant, so they stand beside it. "
    "The network was not trained again without the gate: what is lost is what this network relies on."
)
SWITCHES = (
    "What each replacement does to the score (logit) of the explained expression: red raises it, blue lowers it. Press "
    "one, and the page shows what comes of it; keep it, and operate on another gate as well. “Another face” is chosen "
    "in the settings."
)


def page() -> None:
    """Draw the page: the answer for one face, four replacements side by side, every gate's switches, the data set."""
    st.html(strips.stylesheet() + scores.stylesheet() + operate.stylesheet())
    page_heading(QUESTION)
    checkpoints = wording.in_papers_order(fer.list_checkpoints())
    faces, headline = st.container(key="faces", gap="small"), st.container(key="answer")
    with st.container(key="desk"):
        left, right = st.columns([17, 10], gap="large")
    if not checkpoints:
        _say(headline, left, "No network yet", wording.NO_CHECKPOINT)
        return
    try:
        with faces:
            face = choose_face(left.container())
        with right:
            name = choose_network(checkpoints)
            labels = read_card(name).labels
            target, other = _settings(labels)
        if isinstance(face, NoFace):
            _say(headline, left, face.title, face.text, face.wrong)
            return
        with left:
            found = explanation_for(name, face, target)
            others = explanation_for(name, _gallery_face(other), None)
    except EXPECTED_ERRORS as error:
        _say(headline, left, "This cannot be shown", told(error), wrong=True)
        return
    if found is None or others is None:
        _say(headline, left, LOADING, "Its answer appears here by itself.")
        wait_for(name)
        return
    if not found.seen.gates:
        title = f"{wording.network_name(name)} has no gate to operate on"
        _say(headline, left, title, "It computes no attention of its own. Choose another network.")
        return
    averages = read_averages(load_classifier(name))
    rows = operate.rows_of(found.groups)
    theatre = Theatre(
        name,
        face,
        found,
        rows,
        found.seen.target,
        averages.gates if averages else None,
        other,
        others.seen.gates,
    )
    _show(replace(theatre, kept=kept_replacements(theatre)), headline, left)


def _say(headline: DeltaGenerator, place: DeltaGenerator, title: str, text: str, wrong: bool = False) -> None:
    """There is nothing to operate on: say why, and forget what was seen of a picture that may be gone."""
    forget_own()
    headline.html(answer.message(title))
    (place.error if wrong else place.info)(plain(text))
    announce(f"{title}. {text}")


def _settings(labels: Sequence[str]) -> tuple[str | None, str]:
    """Which expression's score is told of, and which face's gates are 'another face's'."""
    groups = read_gallery()
    with st.expander("Settings"):
        expressions = {labels[index]: labels[index].capitalize() for index in display_order(labels)}
        target = state.choose(keys.EXPLAIN, st.selectbox, "Score of", {PREDICTED: "The predicted one"} | expressions)
        shown = state.chosen(keys.SAMPLE, {name: name for name in groups}, "happiness")
        usual = next(name for name in ("neutral", "happiness", *groups) if name != shown and name in groups)
        names = {name: groups[name][0].title for name in groups}
        other = state.choose(keys.OTHER, st.selectbox, "Another face", names, default=usual)
    return None if target == PREDICTED else target, other


def _gallery_face(group: str) -> ChosenFace:
    sample = read_gallery()[group][0]
    return ChosenFace(("sample", sample.id), sample_crop(sample), sample=sample)


def _show(theatre: Theatre, headline: DeltaGenerator, place: DeltaGenerator) -> None:
    rows, gates = theatre.rows, theatre.answer.seen.gates
    id = state.chosen(keys.OPERATED, {id: row.title for id, row in rows.items()}, "all")
    gate = next((each for each in gates if f"{each.layer}:{each.kind}" == id and each.places), None)
    painted, clip = painted_values(gate)
    ways = [*theatre.ways(rows[id]), *([PAINTED] if painted is not None else [])]
    way = state.chosen(keys.WAY, {way: way_words(way) for way in ways}, "average" if "average" in ways else "other")
    found = theatre.operated(id, painted)
    before = theatre.answer.seen.probabilities
    target = theatre.answer.seen.labels[theatre.target]
    words, number = verdict(before, {each: found[each].probabilities for each in FOUR if each in found}, theatre.target)
    eyebrow = f"{wording.network_name(theatre.checkpoint)} · {rows[id].title} · {target}{kept_words(theatre)}"
    headline.html(operate.headline(eyebrow, words, number))
    announce(f"{rows[id].title}. {words}: {number}")
    with place:
        if theatre.average is None:
            st.warning(
                plain(f"The average face's gates are not stored: ferscope averages {theatre.checkpoint} makes them.")
            )
        shown = [*(each for each in FOUR if each in found), *([way] if way not in FOUR else [])]
        columns = [("As computed", "the gate it made", before)]
        columns += [(way_words(each), way_detail(theatre, each), found[each].probabilities) for each in shown]
        st.html(operate.answers_table(theatre.answer.seen.labels, columns, theatre.target, 1 + shown.index(way)))
        st.caption(WHAT_IT_MEANS)
    _show_switches(theatre, id, way)
    if gate is not None:
        show_brush(theatre, gate, found.get(PAINTED), clip)
    _show_behind(theatre, found[way], id, way)
    show_measured(theatre)
    _offer(theatre, found, rows[id], way)


def _offer(theatre: Theatre, found: Mapping[str, Operated], row: Row, way: str) -> None:
    face, network = theatre.face, wording.network_name(theatre.checkpoint)
    after = {way_words(each).lower(): operated for each, operated in found.items()}
    picture = sample_name(face.sample) if face.sample else "own picture"
    title = f"{network}: {row.title}, {way_words(way).lower()}{kept_words(theatre)}"
    classifier, seen = load_classifier(theatre.checkpoint), theatre.answer.seen
    make = partial(make_sheet, classifier, face.crop, picture, network, title, seen, after, way_words(way).lower())
    take_away(make, f"operate {theatre.checkpoint} {way}", own_picture=face.sample is None)


def _show_switches(theatre: Theatre, id: str, way: str) -> None:
    changes = theatre.changes()
    ways = [each for each in WAYS if any(each in row for row in changes.values())]
    html = operate.switches(theatre.rows, changes, ways, (id, way), theatre.kept)

    def choose(row: str, column: str) -> None:
        if row in theatre.rows and column in WAYS:
            if row != state.chosen(keys.OPERATED, {each: each for each in theatre.rows}, "all"):
                state.forget(keys.PAINTED)
            state.take(keys.OPERATED, row)
            state.take(keys.WAY, column)

    st.html(strips.heading("Every gate, each way", SWITCHES))
    choose_in_matrix(html, "switches", choose)
    show_kept(theatre, id, way)


def _show_behind(theatre: Theatre, operated: Operated, id: str, way: str) -> None:
    """The replaced gate before and after, where it has a map, and what became of all that follow."""
    before, row = theatre.answer.seen.gates, theatre.rows[id]
    titles = {
        (gate.layer, gate.kind): operate.gate_name(layer, gate)
        for group in theatre.answer.groups
        for layer in group.layers
        for gate in layer.gates
    }
    text = (
        f"{row.title}: {way_words(way).lower()}. Later gates are computed from what the replaced one let pass, so "
        "they change as well."
    )
    maps = [
        position_map(gate)
        for gate in (*before, *operated.gates)
        if f"{gate.layer}:{gate.kind}" == id and len(gate.places) == 2
    ]
    bar, pictures = operate.before_and_after(maps, row.title, way_words(way)) if maps else ("", [])
    strip = strips.strip(pictures, grey_face_uri(theatre.face.crop), 0.7) if pictures else ""
    table = strips.scrolling(operate.behind_table(titles, before, operated.gates), text)
    st.html(strips.section("What happened to this gate and those behind it", text, bar, f"<div>{strip}{table}</div>"))
