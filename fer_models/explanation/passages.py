"""What each attention layer let pass: the map that came in, the gates, and the map that went out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor, nn

    from fer_models.attention import GateKind
    from fer_models.classifier import Classifier


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Passage:
    """One attention layer and one picture: ``after == before * gate``.

    Attributes:
        layer: dotted name of the mechanism's module; of a CBAM, which has two gates, the CBAM's.
        before, after: the map that comes in and the one that goes out, (C, h, w) float32, in the network's own unit.
        gate: the product of its gates, (C, h, w) float32.
        inverse_energy: SimAM's 1/e* (paper 001, eqs 2-7), 0.5 or more, (C, h, w) float32; None for the others.
    """

    layer: str
    before: np.ndarray
    after: np.ndarray
    gate: np.ndarray
    inverse_energy: np.ndarray | None = None

    @property
    def weights(self) -> np.ndarray:
        """How much of each channel passes: its gate, mean over places, (C,)."""
        return self.gate.mean((1, 2), dtype=np.float64).astype(np.float32)


def strength(maps: np.ndarray) -> np.ndarray:
    """How strong a feature map (C, h, w) is at each place: the root of its mean energy over channels, (h, w)."""
    return np.sqrt(np.square(maps, dtype=np.float64).mean(0)).astype(np.float32)


def passages(classifier: Classifier, crop: np.ndarray) -> list[Passage]:
    """Every attention layer of a network, in order, with what it let pass of one face.

    Within a block of ``fer.operate`` the gates are those that the network uses there. Nothing stays on the network.

    Args:
        classifier: from load_classifier.
        crop: (H, W, 3) uint8 RGB, one face.

    Raises ValueError for an array that is not a crop. A network without attention gives an empty list.
    """
    import torch

    from fer_models.attention import SimAM, reading

    network = classifier.network
    seen: dict[str, list[tuple[Tensor, Tensor]]] = {}

    def record(layer: str, kind: GateKind, gate: Tensor, x: Tensor) -> None:
        seen.setdefault(mechanism_of(network, layer), []).append((x, gate))

    images, found = classifier.preprocess([crop]), []
    with torch.inference_mode():
        with reading(record):
            network.features(images)
        for layer, steps in seen.items():
            before, (last, gate) = steps[0][0], steps[-1]
            product = torch.ones_like(before)
            for _, each in steps:
                product = product * each
            module = network.get_submodule(layer)
            energy = _array(module.steps(before)["inverse_energy"]) if isinstance(module, SimAM) else None
            found.append(Passage(layer, _array(before), _array(last * gate), _array(product), energy))
    return found


def mechanism_of(network: nn.Module, layer: str) -> str:
    """The dotted name of the mechanism that a gate's module ``layer`` belongs to: of CBAM's two gates, the CBAM's."""
    from fer_models.attention import CBAM

    parent = layer.rpartition(".")[0]
    return parent if isinstance(network.get_submodule(parent), CBAM) else layer


def _array(maps: Tensor) -> np.ndarray:
    from fer_models.classifier import as_array

    return as_array(maps[0])
