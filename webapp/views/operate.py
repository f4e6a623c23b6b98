"""The page "Operate": does the network need this gate?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models.checkpoints import read_card
from fer_models.evaluation.stored import load_measured
from fer_models.evaluation.surgery import KIND, Surgery
from fer_models.explanation import GateMap, position_map
from fer_models.explanation.averages import read_averages
from fer_models.explanation.gates import channel_spread
from fer_models.explanation.operate import REPLACEMENTS, Replacement, clipped
from fer_models.explanation.replacements import Operated, look, replace_each_way
from fer_models.faces import DetectorError
from fer_models.labels import display_order
from fer_models.text import listed
from webapp import state, wording
from webapp.components.brush import SIGNS, grid_of, paint, painted_gate
from webapp.components.explaining import LOADING, Answer, explanation_for, wait_for
from webapp.components.face import ChosenFace, NoFace
from webapp.components.face_intake import choose_face
from webapp.components.gallery import read_gallery, sample_name
from webapp.components.matrix import choose_in_matrix
from webapp.components.network_picker import choose_network
from webapp.components.page_parts import announce, page_heading
from webapp.components.samples import sample_crop
from webapp.components.take_away import take_away
from webapp.components.words import notice
from webapp.figures import answer, operate, scores, strips
from webapp.figures.operate import FOUR, WAYS, Row
from webapp.figures.pictures import grey_face_uri
from webapp.maps import forget_own, remembered
from webapp.networks import load_classifier
from webapp.views.operate_sheet import make_sheet

QUESTION = "Does the network need this gate?"
PREDICTED, PAINTED = "predicted", "painted"
EXPECTED_ERRORS = (fer.ImageError, fer.CheckpointError, fer.UnknownNetworkError, DetectorError)
WHAT_IT_MEANS = (
    "Identity takes two things away: what attention adds for this face, and the constant that the network has learned "
    "to expect of the gate. The average face's gate and another face's leave the constant, so they stand beside it. "
    "The network was not trained again without the gate: what is lost is what this network relies on."
)
SWITCHES = (
    "What each replacement does to the score (logit) of the explained expression: red raises it, blue lowers it. Press "
    "one, and the page shows what comes of it. “Another face” is the face chosen in the settings."
)


@dataclass(frozen=True)
class Theatre:
    """What is operated on: a face, a network, and whose gates may stand in.

    ``average``: the average face's gates or None; ``others``: gates of the other face, called ``other``.
    """

    checkpoint: str
    face: ChosenFace
    answer: Answer
    rows: Mapping[str, Row]
    target: int
    average: Sequence[GateMap] | None
    other: str
    others: Sequence[GateMap]

    def ways(self, row: Row) -> dict[str, Replacement]:
        """What can take a gate's place, by id."""
        named: dict[str, Replacement] = {
            way: name for way, (name, *_) in WAYS.items() if name in REPLACEMENTS and (way != "mirror" or row.places)
        }
        if self.average is None:
            del named["average"]
        ways = named | {"other": self.others}
        return {way: ways[way] for way in WAYS if way in ways}

    def changes(self) -> dict[str, dict[str, float]]:
        """The target's logit after less before, for every row and way."""

        def compute(classifier: fer.Classifier) -> dict[str, dict[str, np.ndarray]]:
            untouched, found = look(classifier, self.face.crop), {}
            for id, row in self.rows.items():
                each = replace_each_way(classifier, untouched, row.address, self.ways(row), average=self.average)
                found[id] = {way: operated.logits - untouched.logits for way, operated in each.items()}
            return found

        found = remembered(self.face, self.checkpoint, ("operate", self.other, self.average is None), compute)
        return {id: {way: float(logits[self.target]) for way, logits in each.items()} for id, each in found.items()}

    def operated(self, id: str, painted: Replacement | None = None) -> dict[str, Operated]:
        """Every way for one row, computed anew: it holds too much to be kept."""
        classifier, row = load_classifier(self.checkpoint), self.rows[id]
        ways = self.ways(row) | ({PAINTED: painted} if painted is not None else {})
        return replace_each_way(classifier, look(classifier, self.face.crop), row.address, ways, average=self.average)


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
        _say(headline, left, "This cannot be shown", str(error), wrong=True)
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
    _show(theatre, headline, left)


def _say(headline: DeltaGenerator, place: DeltaGenerator, title: str, text: str, wrong: bool = False) -> None:
    """There is nothing to operate on: say why, and forget what was seen of a picture that may be gone."""
    forget_own()
    headline.html(answer.message(title))
    (place.error if wrong else place.info)(text)
    announce(f"{title}. {text}")


def _settings(labels: Sequence[str]) -> tuple[str | None, str]:
    """Which expression's score is told of, and which face's gates are 'another face's'."""
    groups = read_gallery()
    with st.expander("Settings"):
        expressions = {labels[index]: labels[index].capitalize() for index in display_order(labels)}
        target = state.choose(state.EXPLAIN, st.selectbox, "Score of", {PREDICTED: "The predicted one"} | expressions)
        shown = state.chosen(state.SAMPLE, {name: name for name in groups}, "happiness")
        usual = next(name for name in ("neutral", "happiness", *groups) if name != shown and name in groups)
        names = {name: groups[name][0].title for name in groups}
        other = state.choose(state.OTHER, st.selectbox, "Another face", names, default=usual)
    return None if target == PREDICTED else target, other


def _gallery_face(group: str) -> ChosenFace:
    sample = read_gallery()[group][0]
    return ChosenFace(("sample", sample.id), sample_crop(sample), sample=sample)


def _show(theatre: Theatre, headline: DeltaGenerator, place: DeltaGenerator) -> None:
    rows, gates = theatre.rows, theatre.answer.seen.gates
    id = state.chosen(state.OPERATED, {id: row.title for id, row in rows.items()}, "all")
    gate = next((each for each in gates if f"{each.layer}:{each.kind}" == id and each.places), None)
    painted, clip = _painted(gate)
    ways = [*theatre.ways(rows[id]), *([PAINTED] if painted is not None else [])]
    way = state.chosen(state.WAY, {way: _way_words(way) for way in ways}, "average" if "average" in ways else "other")
    found = theatre.operated(id, painted)
    before = theatre.answer.seen.probabilities
    target = theatre.answer.seen.labels[theatre.target]
    words, number = verdict(before, {each: found[each].probabilities for each in FOUR if each in found}, theatre.target)
    eyebrow = f"{wording.network_name(theatre.checkpoint)} · {rows[id].title} · {target}"
    headline.html(operate.headline(eyebrow, words, number))
    announce(f"{rows[id].title}. {words}: {number}")
    with place:
        if theatre.average is None:
            st.warning(f"The average face's gates are not stored: ferscope averages {theatre.checkpoint} makes them.")
        shown = [*(each for each in FOUR if each in found), *([way] if way not in FOUR else [])]
        columns = [("As computed", "the gate it made", before)]
        columns += [(_way_words(each), _way_detail(theatre, each), found[each].probabilities) for each in shown]
        st.html(operate.answers_table(theatre.answer.seen.labels, columns, theatre.target, 1 + shown.index(way)))
        st.caption(WHAT_IT_MEANS)
    _show_switches(theatre, id, way)
    if gate is not None:
        _show_brush(theatre, gate, painted, clip)
    _show_behind(theatre, found[way], rows[id], way)
    _show_measured(theatre)
    _offer(theatre, found, rows[id], way)


def _offer(theatre: Theatre, found: Mapping[str, Operated], row: Row, way: str) -> None:
    face, network = theatre.face, wording.network_name(theatre.checkpoint)
    after = {_way_words(each).lower(): operated for each, operated in found.items()}
    picture = sample_name(face.sample) if face.sample else "own picture"
    title = f"{network}: {row.title}, {_way_words(way).lower()}"
    classifier, seen = load_classifier(theatre.checkpoint), theatre.answer.seen
    make = partial(make_sheet, classifier, face.crop, picture, network, title, seen, after, _way_words(way).lower())
    take_away(make, f"operate {theatre.checkpoint} {way}", own_picture=face.sample is None)


def verdict(before: np.ndarray, after: Mapping[str, np.ndarray], target: int) -> tuple[str, str]:
    """What the four replacements say together of one face: words, and how probable the target remains."""
    shares = [float(values[target]) for values in after.values()]
    holds = {way: values.argmax() == before.argmax() for way, values in after.items()}
    low, high = answer.percent(min(shares)), answer.percent(max(shares))
    number = f"{answer.percent(float(before[target]))} → {low if low == high else f'{low} to {high}'}"
    if all(holds.values()):
        return "Not for this face", number
    if not any(holds.values()):
        return "Yes, for this face", number
    if all(holds.get(way, True) for way in ("average", "other")):
        return "Its usual value, not what it computes here", number
    return "It depends on what takes its place", number


def _way_words(way: str) -> str:
    return "Painted" if way == PAINTED else WAYS[way][1]


def _way_detail(theatre: Theatre, way: str) -> str:
    if way == PAINTED:
        return "by hand"
    return f"as computed for “{theatre.other}”" if way == "other" else WAYS[way][2]


def _show_switches(theatre: Theatre, id: str, way: str) -> None:
    changes = theatre.changes()
    ways = [each for each in WAYS if any(each in row for row in changes.values())]
    html = operate.switches(theatre.rows, changes, ways, (id, way))

    def choose(row: str, column: str) -> None:
        if row in theatre.rows and column in WAYS:
            if row != state.chosen(state.OPERATED, {each: each for each in theatre.rows}, "all"):
                state.forget(state.PAINTED)
            state.take(state.OPERATED, row)
            state.take(state.WAY, column)

    st.html(strips.heading("Every gate, each way", SWITCHES))
    choose_in_matrix(html, "switches", choose)


# ------------------------------------------------------------------------------------------------------------ painting


def _painted(gate: GateMap | None) -> tuple[np.ndarray | None, int]:
    """What a link or a visitor painted on the gate, as its values, and how many had to be clipped."""
    grid = None if gate is None else grid_of(gate)
    if gate is None or grid is None:
        state.forget(state.PAINTED)
        return None, 0
    text = state.chosen_text(state.PAINTED, f"[{SIGNS}.]{{{grid[0] * grid[1]}}}")
    return clipped(painted_gate(gate, text), gate.value_range) if text else (None, 0)


def _show_brush(theatre: Theatre, gate: GateMap, painted: np.ndarray | None, clip: int) -> None:
    grid = grid_of(gate)
    assert grid is not None  # it has places
    title = theatre.rows[f"{gate.layer}:{gate.kind}"].title
    text = state.chosen_text(state.PAINTED, f"[{SIGNS}.]*") or "." * (grid[0] * grid[1])
    with st.expander("Paint this gate by hand", expanded=painted is not None, key="paint"):
        values = position_map(gate) if len(gate.places) == 2 else channel_spread(gate)[1]
        paint(gate, values, grey_face_uri(theatre.face.crop), text, title)
        if clip:
            low, high = gate.value_range
            st.warning(f"{clip:,} values were clipped: such a gate is never below {low:.3g} or above {high:.3g}.")
        if painted is not None:
            st.button("Take the paint off", on_click=_take_off)


def _take_off() -> None:
    state.take(state.PAINTED, "")
    state.take(state.WAY, "average")


# -------------------------------------------------------------------------------------------------------- what follows


def _show_behind(theatre: Theatre, operated: Operated, row: Row, way: str) -> None:
    titles = {
        (gate.layer, gate.kind): operate.gate_name(layer, gate)
        for group in theatre.answer.groups
        for layer in group.layers
        for gate in layer.gates
    }
    text = (
        f"{row.title}: {_way_words(way).lower()}. Later gates are computed from what the replaced one let pass, so "
        "they change as well."
    )
    table = operate.behind_table(titles, theatre.answer.seen.gates, operated.gates)
    st.html(strips.section("What happened to this gate and those behind it", text, "", strips.scrolling(table, text)))


def _show_measured(theatre: Theatre) -> None:
    """What replacing gates does over a whole test part."""
    try:
        found = load_measured(theatre.checkpoint, KIND, Surgery)
    except fer.CheckpointError as error:
        notice("Not measured", str(error))
        return
    if found is None:
        notice("Not measured over a data set yet", f"'ferscope surgery {theatre.checkpoint}' measures it.")
        return
    text = measured_sentence(wording.network_name(theatre.checkpoint), found)
    st.html(
        strips.section(f"Over {found.count:,} faces", text, "", operate.measured_chart(found, theatre.rows), level=2)
    )
    singles = max((row.count for row in found.rows if row.scope == "gate"), default=0)
    st.caption(
        f"{found.split}, labelled by {found.label_rule}; average face of {found.average}. Another face: the middle one "
        f"of three. Single gates over {singles:,} faces. Made by: {found.command}"
    )


def measured_sentence(network: str, found: Surgery) -> str:
    """One sentence on all gates of a network, and one on the kind it misses least."""
    rows = {way: found.row("*", name) for way, (name, *_) in WAYS.items()}
    average, identity, number = (rows[way] for way in ("average", "identity", "number"))
    if average is None or identity is None or number is None:
        return ""
    share = operate.share_text
    said = (
        f"Untouched {network} is right about {share(found.accuracy)}. With the average face's gates everywhere "
        f"{share(average.accuracy)} remain, with identity {share(identity.accuracy)}, with one number "
        f"{share(number.accuracy)}."
    )
    idle = [
        kind
        for kind in dict.fromkeys(row.gate for row in found.rows if row.scope == "kind")
        if all(abs(row.difference) < 0.01 for row in found.rows if row.gate == kind and row.way in _FOUR_NAMES)
    ]
    names = listed([operate.kind_words(kind) for kind in idle])
    return said + (f" Whatever takes the place of its {names}, less than one point changes." if idle else "")


_FOUR_NAMES = {WAYS[way][0] for way in FOUR}
