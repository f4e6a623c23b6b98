"""The lines of maps: what is shown of every column, and what else is compared with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fer_models.evaluation.faithfulness import MapName
from fer_models.explanation import coordinate_map, position_map
from fer_models.explanation.agreement import agreement
from fer_models.explanation.noise import noise_agreement
from webapp import maps, wording
from webapp.components.explaining import Answer
from webapp.components.map_picker import map_title
from webapp.figures.gate_groups import GateGroup
from webapp.networks import load_classifier
from webapp.views.compare.columns import Column

#: A column's own method and layer, and one of its network's gates; every other line is named after its method.
OWN, GATE = "map", "gate"
#: Maps that stand in the agreement of all, besides those on show.
ALSO = ("occlusion", "grad-cam", "hires-cam", "layer-cam", "integrated-gradients")
#: Methods that take many passes through the network: they come when all else stands.
SLOW = ("occlusion", "ablation-cam", "integrated-gradients")


@dataclass(frozen=True, eq=False)
class PlaceGate:
    """A gate as a map of places (h, w): what a layer's values were multiplied by, or its mean over channels.

    Gates of one ``family`` can be compared: see GateGroup.
    """

    title: str
    family: str
    values: np.ndarray
    value_range: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Looked:
    """A column with what its network answered, the index of the explained label, and its gates that have places."""

    column: Column
    answer: Answer
    target: int
    gates: dict[str, PlaceGate]

    @property
    def label(self) -> str:
        return self.answer.seen.labels[self.target]

    def probability(self, label: str) -> float:
        seen = self.answer.seen
        return float(seen.probabilities[seen.labels.index(label)])

    def gate_name(self, chosen: str) -> str | None:
        """The module of the chosen gate, or of the first one; None where the network has none with places."""
        return chosen if chosen in self.gates else next(iter(self.gates), None)

    def gate(self, chosen: str) -> PlaceGate | None:
        """The gate of that name: see gate_name."""
        name = self.gate_name(chosen)
        return self.gates[name] if name else None

    def map_name(self, line: str) -> str:
        """What the column's map of a line is called: 'LayerCAM (block 5)'; the last map is named beside another."""
        if line != OWN:
            beside = line == self.column.method and self.column.layer is not None
            return wording.METHODS[line] + (" (last map)" if beside else "")
        layers = load_classifier(self.column.checkpoint).layers
        return map_title(MapName(self.column.method, self.column.layer), layers)

    def find(self, line: str, wait: bool) -> np.ndarray | None:
        """The map of a line (h, w); None where it takes long, is not at hand, and nobody waits for it."""
        method, layer = (self.column.method, self.column.layer) if line == OWN else (line, None)
        asked = self.column.face, self.column.checkpoint, method, layer, self.target
        if method in SLOW and not wait and not maps.is_attributed(*asked):
            return None
        return maps.attribution(*asked)


def gates_of(groups: Sequence[GateGroup]) -> dict[str, PlaceGate]:
    """Every gate that has places as a map, in network order, by its module's name."""
    found = {}
    for family, layer in ((group.family, layer) for group in groups for layer in group.layers):
        placed = [gate for gate in layer.gates if gate.places]
        if placed:
            values = position_map(placed[0]) if len(placed[0].places) == 2 else coordinate_map(*placed)
            title = f"{layer.name} · {layer.mechanism}"
            found[layer.module] = PlaceGate(title, family, values, placed[0].value_range)
    return found


def lines_of(varied: str, method: str) -> list[str]:
    """What is shown of every column, line by line; ``method`` is what all columns share where methods do not vary."""
    if varied not in ("network", "face"):
        return [OWN]
    return ["occlusion", GATE] if method == "occlusion" else ["occlusion", OWN, GATE]


def method_names(looked: Looked, lines: Sequence[str]) -> dict[str, str]:
    """Names of a column's maps by line, those on show first, then all others that stand in the agreement."""
    column = looked.column
    own = column.method if column.layer is None else ""
    names = {line: looked.map_name(line) for line in lines if line != GATE}
    return names | {method: looked.map_name(method) for method in ALSO if method not in (*lines, own)}


@dataclass(frozen=True)
class Alike:
    """How alike maps are: the mean rank correlation of every two, and 95 of 100 such means where one is noise."""

    value: float
    noise: tuple[float, float]
    pairs: int

    @property
    def words(self) -> str:
        if np.isnan(self.value):
            return "Nothing to compare"
        if self.value <= self.noise[1]:
            return "No more alike than noise"
        parts = ((0.7, "Mostly the same places"), (0.4, "Partly the same places"))
        return next((words for least, words in parts if self.value >= least), "Few of the same places")


def alike(shown: Sequence[np.ndarray]) -> Alike:
    """Of two maps or more."""
    pairs = list(combinations(shown, 2))
    return Alike(mean_agreement(shown), noise_agreement(pairs), len(pairs))


def mean_agreement(shown: Sequence[np.ndarray]) -> float:
    """The mean rank correlation of every two of two maps or more."""
    found = agreement({str(place): values for place, values in enumerate(shown)})
    return float(found[np.triu_indices(len(shown), 1)].mean())
