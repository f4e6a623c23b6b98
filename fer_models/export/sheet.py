"""What is taken away of a page or a command: maps of faces, with all that says where each comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_models.explanation import Attribution, GateMap, attribute, coordinate_map, position_map
from fer_models.networks.registry import VARIANTS
from fer_models.text import probability_text
from fer_models.version import __version__

if TYPE_CHECKING:
    from fer_models.classifier import Classifier


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Panel:
    """One map of one face.

    Attributes:
        face: (H, W, 3) uint8 RGB; it is drawn grey beneath the map.
        values: (h, w) float32, not resized.
        low, high: ends of the colour bar. A map is drawn as signed where ``low`` is below zero.
        what: the method or the gate, in words.
        unit: of the values.
        network, checkpoint: its name for people, and the checkpoint's name.
        layer: dotted name, or None for a method on pixels.
        target: the label explained, or None where no label is meant, as for a gate.
        picture: what the face is called.
    """

    face: np.ndarray
    values: np.ndarray
    low: float
    high: float
    what: str
    unit: str
    network: str
    checkpoint: str
    layer: str | None = None
    target: str | None = None
    picture: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """Where it comes from, in the order in which it is told; what does not apply is left out."""
        height, width = self.values.shape
        facts = {
            "picture": self.picture,
            "network": self.network,
            "checkpoint": self.checkpoint,
            "map": self.what,
            "layer": self.layer,
            "target": self.target,
            "size": f"{height} x {width}",
            "unit": self.unit,
        }
        return {name: text for name, text in facts.items() if text}


@dataclass(frozen=True, eq=False)
class Answer:
    """Probabilities (K,) of K labels, by one network of one face."""

    network: str
    checkpoint: str
    labels: Sequence[str]
    probabilities: np.ndarray
    picture: str = ""

    @property
    def sentence(self) -> str:
        """'A-MobileNet (a_mobilenet.ferplus): happiness 93.1 %, surprise 4.0 %'."""
        likeliest = np.argsort(-self.probabilities, kind="stable")[:2]
        shares = [f"{self.labels[index]} {probability_text(float(self.probabilities[index]))}" for index in likeliest]
        return f"{self.network} ({self.checkpoint}): {', '.join(shares)}"


@dataclass(frozen=True, eq=False)
class Sheet:
    """Maps in rows, as a strip or a comparison shows them, and what the networks answered."""

    title: str
    rows: Sequence[Sequence[Panel]]
    answers: Sequence[Answer] = ()

    @property
    def panels(self) -> list[Panel]:
        return [panel for row in self.rows for panel in row]

    @property
    def provenance(self) -> dict[str, str]:
        """What all panels have in common, and the version that made them."""
        of_each = [panel.facts for panel in self.panels] or [{}]
        shared = [name for name in of_each[0] if all(each.get(name) == of_each[0][name] for each in of_each)]
        return {name: of_each[0][name] for name in shared} | {"FERScope": __version__}

    @property
    def provenance_line(self) -> str:
        return ", ".join(f"{name} {text}" for name, text in self.provenance.items())


def attribution_panel(classifier: Classifier, crop: np.ndarray, seen: Attribution, picture: str = "") -> Panel:
    """An attribution on a scale of its own, zero in the middle."""
    largest = float(np.abs(seen.values).max())
    return Panel(
        crop,
        seen.values,
        -largest,
        largest,
        seen.method,
        seen.unit,
        _network_title(classifier),
        classifier.card.name,
        seen.layer,
        classifier.labels[seen.target],
        picture,
    )


def gate_panels(classifier: Classifier, crop: np.ndarray, gates: Sequence[GateMap], picture: str = "") -> list[Panel]:
    """Every gate that has places, on the scale of its own values; a coordinate attention's two gates as their product.

    The kind's own range stands with the unit: a narrow scale is not mistaken for a large difference.
    """
    panels = []
    for before, gate in zip([None, *gates[:-1]], gates, strict=True):
        if gate.places == ("height", "width"):
            values, kind = position_map(gate), gate.kind
        elif before is not None and gate.places == ("width",):
            values, kind = coordinate_map(before, gate), f"{before.kind} times {gate.kind}"
        else:
            continue
        ends = float(values.min()), float(values.max())
        unit = "gate, can be {:.3g} to {:.3g}".format(*gate.value_range)
        who = _network_title(classifier), classifier.card.name
        panels.append(Panel(crop, values, *ends, f"gate: {kind}", unit, *who, gate.layer, picture=picture))
    return panels


def explained(
    classifiers: Iterable[Classifier],
    crop: np.ndarray,
    picture: str,
    methods: Sequence[str],
    target: str | None = None,
    layer: str | None = None,
) -> Sheet:
    """One face as several networks see it: a row each, with a map by each method. Errors: see attribute.

    ``layer`` is for the methods that have one; ``target`` is the predicted label of each network unless given.
    """
    from fer_models.explanation.attribution import uses_layer

    rows, answers = [], []
    for classifier in classifiers:
        (probabilities,) = classifier.predict([crop])
        answers.append(
            Answer(_network_title(classifier), classifier.card.name, classifier.labels, probabilities, picture)
        )
        index = int(probabilities.argmax()) if target is None else classifier.target_index(target)
        maps = [attribute(classifier, crop, method, index, layer if uses_layer(method) else None) for method in methods]
        rows.append([attribution_panel(classifier, crop, seen, picture) for seen in maps])
    return Sheet(picture, rows, answers)


def _network_title(classifier: Classifier) -> str:
    variant = VARIANTS.get(classifier.card.network)
    return variant.title if variant else classifier.card.network
