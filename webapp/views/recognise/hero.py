"""The top row: the face, on which a patch can be laid; what changes when a place is covered; a map of any method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from fer_models.evaluation.faithfulness import MapName, best_map, load_faithfulness
from fer_models.explanation.averages import read_averages
from fer_models.explanation.check import Check, check
from webapp import keys, state, wording
from webapp.components.covering import Patch, draw_face
from webapp.components.explaining import Answer
from webapp.components.face import ChosenFace
from webapp.components.map_picker import choose_map
from webapp.figures import answer, hero
from webapp.maps import OCCLUSION, attribution, is_attributed, is_remembered, remembered
from webapp.networks import is_loaded, load_classifier
from webapp.wording import plain

if TYPE_CHECKING:
    import fer_models as fer

GRAD_CAM = "grad-cam"


@dataclass(frozen=True, eq=False)
class Looked:
    """What is on show: the network, the face as it was chosen, the face with its patch, and what was seen in both.

    ``grey``: the face that lies beneath the maps, as a data URI.
    """

    checkpoint: str
    face: ChosenFace
    covered: ChosenFace
    patch: Patch | None
    before: Answer
    after: Answer
    grey: str
    opacity: float

    @property
    def label(self) -> str:
        return self.after.seen.labels[self.after.seen.target]


class Hero:
    """The row is drawn at once, with what is at hand; :meth:`finish` computes what takes longer, the page being there.

    ``shown`` has the maps (h, w) that are on the page; ``trust`` is the page that asks whether the whole map is true.
    Raises CheckpointError or UnknownNetworkError, as all that asks a network.
    """

    def __init__(self, looked: Looked, side: int, trust: StreamlitPage | None = None):
        self.looked = looked
        self.trust = trust
        self.late: list[Callable[[], None]] = []
        self.shown: dict[MapName, np.ndarray] = {}
        face, covering, other = st.columns(3, gap="medium")
        with face:
            self._draw_face(side)
        with covering:
            self._draw_covering()
        with other:
            self._draw_map()

    def finish(self) -> None:
        for each in self.late:
            each()

    def _draw_face(self, side: int) -> None:
        looked = self.looked
        with st.container(key="face"):
            draw_face(looked.face, looked.patch, side)
            if looked.patch:
                st.button("Take the patch away", on_click=state.take, args=(keys.COVER, ""))
            else:
                st.caption(f"**{looked.face.title}.** Press it, or use the arrow keys, to cover a place.")
        before = looked.before.seen.probabilities if looked.patch else None
        seen = looked.after.seen
        st.html(answer.probability_table(seen.labels, seen.probabilities, seen.target, before))

    def _draw_covering(self) -> None:
        looked, place = self.looked, st.empty()
        target, detail = looked.after.seen.target, f"for {self.looked.label}"

        def compute() -> None:
            values = self.shown[MapName(OCCLUSION)] = attribution(
                looked.covered, looked.checkpoint, OCCLUSION, None, target
            )
            unit = hero.COVERING_UNIT
            place.html(hero.hero(hero.COVERING, detail, values, looked.grey, looked.opacity, unit))

        if is_attributed(looked.covered, looked.checkpoint, OCCLUSION, None, target):
            compute()
        else:
            place.html(hero.waiting(hero.COVERING, "being computed", looked.grey))
            self.late.append(compute)

    def _draw_map(self) -> None:
        looked = self.looked
        if not is_loaded(looked.checkpoint):
            # Stored answers are on show: their Grad-CAM, and nothing to choose yet.
            self._show_map(
                st.empty(), MapName(GRAD_CAM, looked.after.seen.layer), looked.after.seen.cam, "at the last map"
            )
            return
        place, said = st.empty(), st.empty()
        classifier = load_classifier(looked.checkpoint)
        with st.container(horizontal=True, key="kind"):
            name = choose_map(looked.checkpoint, classifier.layers)
        last = classifier.layers[-1].name
        layer = None if name.layer == last else name.layer
        where = f"at {_title(classifier, name.layer)}" if name.layer else ""
        _say_why(looked.checkpoint, name)
        if self.trust:
            st.page_link(self.trust, label="Is the whole map true?", query_params=state.address())

        def values() -> np.ndarray:
            target = looked.after.seen.target
            return attribution(looked.covered, looked.checkpoint, name.method, layer, target)

        def compute() -> None:
            found = values()
            self._show_map(place, name, found, where)
            told = self._check(name, found)
            said.html(hero.verdict(told.colour, told.sentence))

        if (name.method, layer) == (GRAD_CAM, None):
            self._show_map(place, name, looked.after.seen.cam, where)
        elif is_attributed(looked.covered, looked.checkpoint, name.method, layer, looked.after.seen.target):
            self._show_map(place, name, values(), where)
        else:
            place.html(hero.waiting(wording.METHODS[name.method], "being computed", looked.grey))
        if is_remembered(looked.covered, looked.checkpoint, self._question(name)):
            compute()
        else:
            self.late.append(compute)

    def _show_map(self, place: DeltaGenerator, name: MapName, values: np.ndarray, where: str) -> None:
        looked, self.shown[name] = self.looked, values
        detail = f"for {looked.label}{f', {where}' if where else ''}"
        place.html(hero.hero(wording.METHODS[name.method], detail, values, looked.grey, looked.opacity, hero.MAP_UNIT))

    def _question(self, name: MapName) -> tuple:
        return "check", name, self.looked.after.seen.target

    def _check(self, name: MapName, values: np.ndarray) -> Check:
        """What covering says of the map; computed once for a face."""

        def compute(classifier: fer.Classifier) -> Check:
            averages = read_averages(classifier)
            mean_map = averages.maps.get((name.method, name.layer)) if averages else None
            return check(classifier, self.looked.covered.crop, values, self.looked.after.seen.target, mean_map)

        return remembered(self.looked.covered, self.looked.checkpoint, self._question(name), compute)


def _title(classifier: fer.Classifier, layer: str) -> str:
    """'the last map', 'block 6'."""
    found = classifier.layer(layer)
    return "the last map" if found == classifier.layers[-1] else found.title.lower()


def _say_why(checkpoint: str, name: MapName) -> None:
    """That a map is on show because it measured best, over how many faces, and why its verdict may say otherwise."""
    if best_map(checkpoint) != name:  # nor where what was measured is of other weights, or damaged
        return
    measured = load_faithfulness(checkpoint)
    if measured is None or (best := measured.best) is None:
        return
    st.caption(
        f"Of this network's maps this one measured best, on average over {best.faces:,} faces of "
        f"{plain(measured.split)}. The verdict is of this face alone, and of the one place that the map marks most."
    )
