"""The blocks of a network, from the stem to the last map: where a CAM can be taken, and running up to one and on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.networks.base import Network


@dataclass(frozen=True)
class Layer:
    """A block, as far as its output goes.

    ``name`` is the dotted name of the module whose output it is, ``title`` its plain name ('Block 4', 'Last map');
    ``channels`` C and ``side`` S of the output (N, C, S, S) at the classifier's input side; ``number`` counts from the
    stem, 0.
    """

    name: str
    title: str
    channels: int
    side: int
    number: int


def layers_of(network: Network, input_side: int) -> tuple[Layer, ...]:
    """Every block in order; the last one's output is the last feature map, and its name ``network.last_layer``."""
    blocks = list(network.features.named_children())
    weight = next(network.parameters())
    maps = torch.zeros(1, 3, input_side, input_side, device=weight.device, dtype=weight.dtype)
    layers = []
    with torch.inference_mode():
        for number, (name, block) in enumerate(blocks):
            maps = block(maps)
            last = number == len(blocks) - 1
            title = "Last map" if last else f"Block {number}" if number else "Stem"
            name = network.last_layer if last else f"features.{name}"
            layers.append(Layer(name, title, maps.shape[1], maps.shape[3], number))
    return tuple(layers)


def run_to(network: Network, layer: Layer, images: Tensor) -> Tensor:
    """Images (N, 3, H, W) -> the layer's output (N, C, S, S)."""
    return network.features[: layer.number + 1](images)


def run_from(network: Network, layer: Layer, maps: Tensor) -> Tensor:
    """The layer's output (N, C, S, S) -> logits (N, K)."""
    return network.head(network.features[layer.number + 1 :](maps))
