"""Reading gates: what every attention mechanism multiplied by, in one forward pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.attention import GateKind


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class GateMap:
    """One recorded gate of one picture.

    Attributes:
        layer: dotted name of the mechanism's module in its network.
        kind: 'simam', 'pointwise', 'se', 'channel', 'ca_h', 'ca_w' or 'spatial'.
        axes: names of the axes of ``values``.
        value_range: what this kind of gate can be, for any picture (SimAM 0.622..1, others 0..1).
        values: float32: (C, h, w) for simam and pointwise; (C,) for se and channel; (C, h) for ca_h; (C, w) for ca_w;
            (h, w) for spatial.
    """

    layer: str
    kind: str
    axes: tuple[str, ...]
    value_range: tuple[float, float]
    values: np.ndarray

    @property
    def places(self) -> tuple[str, ...]:
        """The axes of ``values`` that lie in the picture: ('height', 'width'), one of the two, or none."""
        return tuple(axis for axis in self.axes if axis != "channel")


@contextmanager
def read_gates() -> Iterator[list[GateMap]]:
    """Record every gate that this thread computes until the block ends, in network order.

    Gates of other threads are not seen. A forward pass of more than one picture raises ValueError.
    """
    from fer_models.attention import gate_values, reading  # PyTorch comes with it: a gate map alone does without

    gates: list[GateMap] = []

    def record(layer: str, kind: GateKind, gate: Tensor, _: Tensor) -> None:
        values = gate_values(kind, gate).numpy()
        gates.append(GateMap(layer, kind.name, kind.axes, kind.value_range, values))

    with reading(record):
        yield gates


def position_map(gate: GateMap) -> np.ndarray:
    """The picture of a gate that has places: (h, w).

    A spatial mask is one already. ``simam`` and ``pointwise`` have one value for each channel and place; their picture
    is the mean over channels, a reduction that is to be stated wherever it is shown. ValueError for other kinds.
    """
    if gate.places != ("height", "width"):
        raise ValueError(f"A gate of kind '{gate.kind}' has no map of places.")
    return gate.values.mean(0) if "channel" in gate.axes else gate.values


def coordinate_map(gate_h: GateMap, gate_w: GateMap) -> np.ndarray:
    """The product of a coordinate attention's two gates as one picture (h, w), 0..1.

    For each channel the product of its row and column weights, then the mean over channels.
    """
    if (gate_h.places, gate_w.places) != (("height",), ("width",)) or gate_h.layer != gate_w.layer:
        raise ValueError("A coordinate map needs the ca_h and the ca_w gate of one layer.")
    return np.einsum("ch,cw->hw", gate_h.values, gate_w.values) / len(gate_h.values)


def channel_spread(gate: GateMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of a ``ca_h`` or ``ca_w`` gate along its edge: 10th percentile, mean and 90th percentile over channels.

    Each is (h,) for ``ca_h`` and (w,) for ``ca_w``. ValueError for other kinds.
    """
    if len(gate.places) != 1:
        raise ValueError(f"A gate of kind '{gate.kind}' has no profile along an edge.")
    low, high = np.percentile(gate.values, (10, 90), axis=0)
    return low, gate.values.mean(0), high


def sorted_channels(gate: GateMap) -> tuple[np.ndarray, np.ndarray]:
    """Channels of an ``se`` or ``channel`` gate from the highest weight to the lowest, and those weights: (C,), (C,).

    Equal weights keep the network's order. ValueError for kinds that have more than one weight a channel.
    """
    if gate.places:
        raise ValueError(f"A gate of kind '{gate.kind}' does not have one weight for each channel.")
    order = np.argsort(-gate.values, kind="stable")
    return order, gate.values[order]
