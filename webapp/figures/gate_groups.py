"""A network's gates as the page shows them: by family, in network order, each layer under a plain name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from fer_models.explanation import GateMap
from fer_models.explanation.passages import mechanism_of
from webapp.wording import MECHANISMS

if TYPE_CHECKING:
    from torch import nn

_COORDINATE_NAMES = {"avg": "CA", "max": "MAXCA", "complementary": "CPSCA"}


@dataclass(frozen=True)
class Layer:
    """One attention module: plain name ('Block 9'), what it is ('CPSCA'), dotted name, and its one or two gates."""

    name: str
    mechanism: str
    module: str
    gates: tuple[GateMap, ...]


@dataclass(frozen=True)
class GateGroup:
    """Layers of one family that follow one another; ``family`` is their class's name, a key of wording.MECHANISMS."""

    family: str
    layers: tuple[Layer, ...]


def group_gates(network: nn.Module, gates: list[GateMap]) -> list[GateGroup]:
    """Every gate, none left out, in network order."""
    layers = []
    for name, members in groupby(gates, key=lambda gate: mechanism_of(network, gate.layer)):
        module = network.get_submodule(name)
        layers.append((type(module).__name__, Layer(plain_name(name), _mechanism(module), name, tuple(members))))
    families = groupby(layers, key=itemgetter(0))
    return [GateGroup(family, tuple(layer for _, layer in members)) for family, members in families]


def _mechanism(module: nn.Module) -> str:
    from fer_models.attention import CoordinateAttention

    if isinstance(module, CoordinateAttention):
        return _COORDINATE_NAMES[module.pool]
    return MECHANISMS[type(module).__name__].name


def plain_name(module: str) -> str:
    """'features.9.attention' -> 'Block 9': the stem is 0."""
    index = re.match(r"features\.(\d+)\.", module)
    return f"Block {index[1]}" if index else "Last map"
