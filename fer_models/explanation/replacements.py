"""One face with one gate, or several, replaced in several ways at once: side by side, from one run of the rest.

What lies before the first of these gates is the same whatever takes its place, so it is run once a face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_models.explanation.gates import GateMap
from fer_models.explanation.operate import Replacement, check_names, operation_for, touches

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.attention import GateKind
    from fer_models.classifier import Classifier


@dataclass(frozen=True, eq=False)
class Untouched:
    """A face as the network takes it without any operation.

    ``outputs``: what each block handed on, (1, C, S, S) each; ``gates`` in network order; ``logits`` (K,) float32.
    """

    outputs: tuple[Tensor, ...]
    gates: list[GateMap]
    logits: np.ndarray


@dataclass(frozen=True, eq=False)
class Operated:
    """What came of one way of replacing: ``logits`` (K,) float32, and every gate from the first replaced one on."""

    logits: np.ndarray
    gates: list[GateMap]

    @property
    def probabilities(self) -> np.ndarray:
        """(K,), sum 1."""
        exponentials = np.exp(self.logits - self.logits.max())
        return exponentials / exponentials.sum()


def look(classifier: Classifier, crop: np.ndarray) -> Untouched:
    """Run a crop (H, W, 3) uint8 RGB through the network, and keep what is needed to go on from any block."""
    import torch

    from fer_models.classifier import as_array
    from fer_models.explanation.gates import read_gates

    maps = classifier.preprocess([crop])
    outputs = []
    with torch.inference_mode(), read_gates() as gates:
        for block in classifier.network.features:
            maps = block(maps)
            outputs.append(maps)
        logits = as_array(classifier.network.head(maps)[0])
    return Untouched(tuple(outputs), gates, logits)


def replace_each_way(
    classifier: Classifier,
    untouched: Untouched,
    gate: str,
    ways: Mapping[str, Replacement],
    *,
    average: Sequence[GateMap] | None = None,
    seed: int = 0,
) -> dict[str, Operated]:
    """What the network makes of the face with ``gate`` replaced in each of ``ways``, each by itself.

    ``gate`` is a layer, a kind, 'layer:kind' or '*', and a way what :func:`fer_models.explanation.operate` takes, with
    the same errors. All ways go through the rest of the network as one batch.
    """
    import torch

    from fer_models.attention import gate_values, reading, surgery
    from fer_models.classifier import as_array

    names = [(each.layer, each.kind) for each in untouched.gates]
    for way in ways.values():
        check_names({gate: way}, names)
    operations = [operation_for(gate, way, average, seed) for way in ways.values()]
    found: list[list[GateMap]] = [[] for _ in ways]

    def replace(layer: str, kind: GateKind, value: Tensor) -> Tensor:
        if not touches(gate, layer, kind.name):
            return value
        pictures = zip(operations, value.split(1), strict=True)
        return torch.cat([operation(layer, kind, one) for operation, one in pictures])

    def record(layer: str, kind: GateKind, value: Tensor, _: Tensor) -> None:
        for gates, one in zip(found, value.split(1), strict=True):
            gates.append(GateMap(layer, kind.name, kind.axes, kind.value_range, gate_values(kind, one).numpy()))

    blocks = [name for name, _ in classifier.network.features.named_children()]
    first = next(layer for layer, kind in names if touches(gate, layer, kind))
    start = blocks.index(first.split(".")[1])
    with torch.inference_mode(), surgery(replace), reading(record):
        maps = untouched.outputs[start - 1].expand(len(ways), -1, -1, -1)
        logits = as_array(classifier.network.head(classifier.network.features[start:](maps)))
    return {way: Operated(*each) for way, each in zip(ways, zip(logits, found, strict=True), strict=True)}
