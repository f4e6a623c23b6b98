"""What is operated on: a face, a network, and whose gates may stand in for its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np

import fer_models as fer
from fer_models.explanation import GateMap
from fer_models.explanation.operate import REPLACEMENTS, Replacement
from fer_models.explanation.replacements import Operated, look, replace_each_way
from webapp.components.explaining import Answer
from webapp.components.face import ChosenFace
from webapp.figures import answer
from webapp.figures.operate import WAYS, Row
from webapp.maps import remembered
from webapp.networks import load_classifier

PAINTED = "painted"


@dataclass(frozen=True)
class Theatre:
    """What is operated on: a face, a network, and whose gates may stand in.

    ``average``: the average face's gates or None; ``others``: gates of the other face, called ``other``; ``kept``: by
    row, the ways in which gates stay replaced while another is operated on.
    """

    checkpoint: str
    face: ChosenFace
    answer: Answer
    rows: Mapping[str, Row]
    target: int
    average: Sequence[GateMap] | None
    other: str
    others: Sequence[GateMap]
    kept: Mapping[str, str] = field(default_factory=dict)

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
            before, found = look(classifier, self.face.crop).logits, {}
            with self._keeping(classifier):
                untouched = look(classifier, self.face.crop)
                for id, row in self.rows.items():
                    each = replace_each_way(classifier, untouched, row.address, self.ways(row), average=self.average)
                    found[id] = {way: operated.logits - before for way, operated in each.items()}
            return found

        question = ("operate", self.other, self.average is None, tuple(sorted(self.kept.items())))
        found = remembered(self.face, self.checkpoint, question, compute)
        return {id: {way: float(logits[self.target]) for way, logits in each.items()} for id, each in found.items()}

    def operated(self, id: str, painted: Replacement | None = None) -> dict[str, Operated]:
        """Every way for one row, computed anew: it holds too much to be kept."""
        classifier, row = load_classifier(self.checkpoint), self.rows[id]
        ways = self.ways(row) | ({PAINTED: painted} if painted is not None else {})
        with self._keeping(classifier):
            untouched = look(classifier, self.face.crop)
            return replace_each_way(classifier, untouched, row.address, ways, average=self.average)

    def _keeping(self, classifier: fer.Classifier) -> AbstractContextManager[None]:
        """A block in which the kept gates are replaced; what is operated on within it has the last word."""
        kept = {self.rows[id].address: self.ways(self.rows[id])[way] for id, way in self.kept.items()}
        return fer.operate(kept, classifier, average=self.average)


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


def way_words(way: str) -> str:
    return "Painted" if way == PAINTED else WAYS[way][1]


def way_detail(theatre: Theatre, way: str) -> str:
    if way == PAINTED:
        return "by hand"
    return f"as computed for “{theatre.other}”" if way == "other" else WAYS[way][2]
