"""The gate: what an attention mechanism multiplies its input by, and the one tap every gate passes through.

A mechanism computes its gate, hands it to :meth:`Gate.tap` and multiplies its input by what comes back. While nobody
listens the tap is the identity. A listener lives in a :class:`contextvars.ContextVar`, so what one thread records or
replaces no other thread sees, and many visitors can share one network.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import Tensor, nn

#: sigmoid(0.5): the smallest value a SimAM gate can take, because 1/e* >= 0.5.
SIMAM_FLOOR = 1 / (1 + 2.718281828459045**-0.5)


@dataclass(frozen=True)
class GateKind:
    """What every gate of one kind has in common.

    ``axes`` names the axes of the recorded array; ``value_range`` holds for every picture, never measured from one.
    """

    name: str
    axes: tuple[str, ...]
    value_range: tuple[float, float]


KINDS = {
    kind.name: kind
    for kind in (
        GateKind("simam", ("channel", "height", "width"), (SIMAM_FLOOR, 1.0)),
        GateKind("pointwise", ("channel", "height", "width"), (0.0, 1.0)),
        GateKind("se", ("channel",), (0.0, 1.0)),
        GateKind("channel", ("channel",), (0.0, 1.0)),
        GateKind("ca_h", ("channel", "height"), (0.0, 1.0)),
        GateKind("ca_w", ("channel", "width"), (0.0, 1.0)),
        GateKind("spatial", ("height", "width"), (0.0, 1.0)),
    )
}

#: Called with the layer's name, the kind and the gate as it broadcasts over (N, C, H, W); returns the gate to use.
Listener = Callable[[str, GateKind, Tensor], Tensor]

_listener: ContextVar[Listener | None] = ContextVar("ferscope_gate_listener", default=None)


@contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Pass every gate computed in this thread (or task) through ``listener`` until the block ends.

    The listener returns the gate to multiply by: the same tensor to record, another of the same shape to operate.
    A listener that was there before hears the result afterwards, so recordings around an operation see what was used.
    """
    outer = _listener.get()

    def chained(layer: str, kind: GateKind, gate: Tensor) -> Tensor:
        gate = listener(layer, kind, gate)
        return gate if outer is None else outer(layer, kind, gate)

    token = _listener.set(chained)
    try:
        yield
    finally:
        _listener.reset(token)


class Gate(nn.Module):
    """Base of every mechanism: ``output = input * gate``, exactly.

    ``layer_name`` is the mechanism's dotted module name inside its network; :func:`name_gates` sets it.
    """

    layer_name: str = ""

    def tap(self, kind: str, gate: Tensor) -> Tensor:
        """Let the listener of this thread see (and, in surgery, replace) one gate; the identity when nobody listens."""
        listener = _listener.get()
        return gate if listener is None else listener(self.layer_name, KINDS[kind], gate)


def name_gates(network: nn.Module) -> nn.Module:
    """Tell every gate of ``network`` its dotted module name, and return the network."""
    for name, module in network.named_modules():
        if isinstance(module, Gate):
            module.layer_name = name
    return network


def gate_values(kind: GateKind, gate: Tensor) -> Tensor:
    """One picture's gate without the batch axis and the axes it only broadcasts over, e.g. (1, C, h, 1) -> (C, h).

    Raises ValueError when the batch holds more than one picture.
    """
    if gate.shape[0] != 1:
        raise ValueError(f"Gates are read one picture at a time; this forward pass had {gate.shape[0]}.")
    picture = gate[0]
    if "width" not in kind.axes:
        picture = picture.squeeze(2)
    if "height" not in kind.axes:
        picture = picture.squeeze(1)
    if "channel" not in kind.axes:
        picture = picture.squeeze(0)
    return picture.detach().to("cpu", torch.float32)
