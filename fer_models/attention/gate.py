"""The gate: what an attention mechanism multiplies its input by, and the one tap every gate passes through.

A mechanism computes its gates; :meth:`Gate.forward` passes each through the tap and multiplies by what comes back. At
the tap every operation comes first and every reader after them, however their blocks are nested: what is recorded is
what the network used. While nobody listens the tap is the identity. Operations and readers live in a
:class:`contextvars.ContextVar`, so what one thread records or replaces no other thread sees, and many visitors can
share one network.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

#: sigmoid(0.5): the smallest value a SimAM gate can take, because 1/e* >= 0.5.
SIMAM_FLOOR = 1 / (1 + 2.718281828459045**-0.5)
_AXES = ("batch", "channel", "height", "width")  # of a gate as it broadcasts over (N, C, H, W)


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

#: Called with the layer's name, the kind and the gate as it broadcasts over (N, C, H, W); returns the gate to use,
#: of the same shape.
Operation = Callable[[str, GateKind, Tensor], Tensor]
#: Called with the same, the gate being the one that the network uses, and with the map (N, C, H, W) that it multiplies.
Reader = Callable[[str, GateKind, Tensor, Tensor], None]

_operations: ContextVar[tuple[Operation, ...]] = ContextVar("ferscope_gate_operations", default=())
_readers: ContextVar[tuple[Reader, ...]] = ContextVar("ferscope_gate_readers", default=())
#: One entry for each block open in any thread. While there is none gates do without the tap, and torch.compile, which
#: cannot see through a ContextVar, makes one graph of a network.
_open_blocks: list[object] = []
Listener = TypeVar("Listener")


@contextmanager
def _listening(variable: ContextVar[tuple[Listener, ...]], listener: Listener) -> Iterator[None]:
    token = variable.set((*variable.get(), listener))
    _open_blocks.append(token)
    try:
        yield
    finally:
        _open_blocks.remove(token)
        variable.reset(token)


def surgery(operation: Operation) -> AbstractContextManager[None]:
    """A block in which ``operation`` replaces every gate that this thread (or task) computes.

    Of two nested blocks the outer one operates first and the inner one on what came of it: the inner has the last word.
    """
    return _listening(_operations, operation)


def reading(reader: Reader) -> AbstractContextManager[None]:
    """A block in which ``reader`` sees every gate that this thread (or task) uses, after all surgery."""
    return _listening(_readers, reader)


def _tap(layer: str, kind: GateKind, gate: Tensor, x: Tensor) -> Tensor:
    """The gate to multiply ``x`` by. Raises ValueError when an operation gives a gate of another shape."""
    for operation in _operations.get():
        replaced = operation(layer, kind, gate)
        if replaced.shape != gate.shape:
            raise ValueError(
                f"The gate '{kind.name}' of {layer} has the shape {tuple(gate.shape)}; an operation put one of "
                f"{tuple(replaced.shape)} in its place."
            )
        gate = replaced
    for reader in _readers.get():
        reader(layer, kind, gate, x)
    return gate


class Gate(nn.Module, ABC):
    """Base of every mechanism: ``output = input * gate``, exactly; of several gates one after the other.

    ``layer_name`` is the mechanism's dotted module name inside its network; :func:`name_gates` sets it.
    """

    #: Names of the kinds of its gates, in the order they multiply.
    kinds: ClassVar[tuple[str, ...]]
    layer_name: str = ""

    @abstractmethod
    def steps(self, x: Tensor) -> dict[str, Tensor]:
        """Every named value on the way from the input (N, C, H, W) to the gates, in the order computed.

        A gate stands under the name of its kind and broadcasts over (N, C, H, W). No surgery is in them.
        """

    def forward(self, x: Tensor) -> Tensor:
        steps = self.steps(x)
        for kind in self.kinds:
            gate = steps[kind]
            x = x * (_tap(self.layer_name, KINDS[kind], gate, x) if _open_blocks else gate)
        return x


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
    broadcast = tuple(place for place, axis in enumerate(_AXES) if axis not in kind.axes)
    return gate.detach().squeeze(broadcast).to("cpu", torch.float32)
