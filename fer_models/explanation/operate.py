"""Operating on gates: what the network answers when a gate is another than the one it computed.

Identity takes away two things at once: what attention adds for this picture, and the constant that the network has
learned to expect of the gate. The other replacements take only the first away, so they belong beside it.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from fer_models.explanation.averages import read_averages
from fer_models.explanation.gates import GateMap
from fer_models.text import listed, nearest

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.attention import GateKind
    from fer_models.attention.gate import Operation
    from fer_models.classifier import Classifier

#: What can be put in a gate's place by name:
#: 'identity', ones, as if the network had no gate there; 'number', the mean of all its values, for each picture its
#: own; 'average face', its mean over many faces; 'mirror', left and right exchanged (upside down where a gate has rows
#: alone); 'shuffle', its places, or its channels where it has no places, in a random order, the same in every channel.
REPLACEMENTS = ("identity", "number", "average face", "mirror", "shuffle")
EVERYWHERE = "*"
ROUNDING = 1e-6

#: A name of REPLACEMENTS; values as GateMap has them, or of the places alone, the same in every channel; another face's
#: gate, or all of its gates; a function from the gate as it was computed to the values to use, or to a GateMap of
#: them, which are not clipped.
Replacement: TypeAlias = str | np.ndarray | GateMap | Sequence[GateMap] | Callable[[GateMap], np.ndarray | GateMap]


@contextmanager
def operate(
    operations: Mapping[str, Replacement],
    classifier: Classifier | None = None,
    *,
    average: Sequence[GateMap] | None = None,
    seed: int = 0,
) -> Iterator[None]:
    """A block in which gates of this thread's forward passes are replaced, for every picture of a batch.

    Args:
        operations: which gates ('features.4.attention.channel', a layer; 'spatial', a kind; 'features.9.attention:ca_h'
            where a layer has two; '*', all) -> what takes their place, see REPLACEMENTS and Replacement.
        classifier: whose gates they are, if mistakes are to be told before anything is computed; otherwise a gate that
            does not exist is told when the block ends.
        average: gates of the average face; those stored beside the classifier's weights unless given.
        seed: of 'shuffle'.

    What ``explain`` and ``read_gates`` record within the block is what the network used. A value that a gate of its
    kind cannot have is clipped, with a warning. Of two nested blocks the inner one has the last word.

    Raises ValueError: an unknown gate or replacement, a network without gates, two operations on one gate, values of
    another shape or that are no numbers, a mirror for gates without places. Nothing of the block outlasts it.
    """
    from fer_models.attention import surgery

    if classifier is not None:
        check_names(operations, gate_names(classifier))
        if average is None and (stored := read_averages(classifier)):
            average = stored.gates
    ready = {address: operation_for(address, operation, average, seed) for address, operation in operations.items()}
    passed: dict[tuple[str, str], None] = {}

    def replace(layer: str, kind: GateKind, gate: Tensor) -> Tensor:
        passed[layer, kind.name] = None
        address = _address_of(layer, kind.name, operations)
        return gate if address is None else ready[address](layer, kind, gate)

    with surgery(replace):
        yield
    if classifier is None:
        check_names(operations, list(passed))


def gate_names(classifier: Classifier) -> list[tuple[str, str]]:
    """Layer and kind of every gate of a classifier's network, in network order; none for one without attention."""
    from fer_models.attention import Gate

    gates = (module for module in classifier.network.modules() if isinstance(module, Gate))
    return [(gate.layer_name, kind) for gate in gates for kind in gate.kinds]


def check_names(operations: Mapping[str, Replacement], gates: Sequence[tuple[str, str]]) -> None:
    """ValueError unless every operation is on some of ``gates`` (layer, kind), and none on the same one as another."""
    if operations and not gates:
        raise ValueError("There is no gate to operate on: the network computes none.")
    for layer, kind in gates:
        _address_of(layer, kind, operations)
    known = list(dict.fromkeys(name for gate in gates for name in _addresses(*gate)))
    for address, replacement in operations.items():
        if address not in known:
            raise ValueError(f"'{address}' is no gate of this network.{nearest(address, known)}")
        kinds = {kind for layer, kind in gates if address in _addresses(layer, kind)}
        if isinstance(replacement, str) and replacement == "mirror" and not any(map(_has_places, kinds)):
            raise ValueError(f"'{address}' has no places, so it cannot be mirrored.")


def operation_for(address: str, replacement: Replacement, average: Sequence[GateMap] | None, seed: int) -> Operation:
    """A replacement as an operation on the tap. ValueError: see :func:`operate`."""
    if isinstance(replacement, str):
        return _by_name(replacement, average, seed)
    if isinstance(replacement, np.ndarray):
        return _painted(replacement)
    if isinstance(replacement, GateMap):
        return _taken_from([replacement], f"the gate given for '{address}'")
    if callable(replacement):
        return _computed(replacement)
    return _taken_from(replacement, f"the gates given for '{address}'")


def touches(address: str, layer: str, kind: str) -> bool:
    """Whether a gate is meant by a layer's name, a kind, 'layer:kind' or '*'."""
    return address in _addresses(layer, kind)


def clipped(values: np.ndarray, value_range: tuple[float, float]) -> tuple[np.ndarray, int]:
    """Painted values as a gate of this range can have them, float32, and how many had to be changed.

    Raises ValueError for values that are no numbers.
    """
    given = np.asarray(values)
    if given.dtype.kind not in "iuf" or not np.isfinite(given).all():
        raise ValueError("A painted gate holds numbers only, no NaN and no infinity.")
    painted = given.astype(np.float32)
    low, high = value_range
    # A gate's own value may lie outside by the last bit; that is rounding, and it stays as it is.
    outside = (painted < low - ROUNDING) | (painted > high + ROUNDING)
    return np.where(outside, painted.clip(low, high), painted), int(outside.sum())


# --------------------------------------------------------------------------------------- on tensors, for many pictures


def one_number(gate: Tensor) -> Tensor:
    """Each picture's gate as one number: its own mean. (N, C, H, W) -> the same shape, axes of size 1 included."""
    return gate.mean(dim=(1, 2, 3), keepdim=True).expand_as(gate)


def mirrored(kind: GateKind, gate: Tensor) -> Tensor:
    """Left and right exchanged; upside down where a gate has rows alone; a gate without places as it is."""
    if "width" in kind.axes:
        return gate.flip(3)
    return gate.flip(2) if "height" in kind.axes else gate


def shuffled(layer: str, kind: GateKind, gate: Tensor, seed: int) -> Tensor:
    """Places, or channels of a gate without places, in an order drawn for this gate by ``seed``."""
    drawn = np.random.default_rng([seed, zlib.crc32(f"{layer}:{kind.name}".encode())])
    if not _has_places(kind.name):
        return gate[:, drawn.permutation(gate.shape[1])]
    order = drawn.permutation(gate.shape[2] * gate.shape[3])
    return gate.flatten(2)[:, :, order].reshape(gate.shape)


def as_gate(values: np.ndarray, kind: GateKind, gate: Tensor) -> Tensor:
    """One picture's values in the form of a gate (N, C, H, W), the same for every picture. ValueError: another shape.

    ``values`` are as GateMap has them, or (h, w), (h,) or (w,) alone for a gate with channels and places.
    """
    import torch

    sizes = dict(zip(("channel", "height", "width"), gate.shape[1:], strict=True))
    places = tuple(sizes[axis] for axis in kind.axes if axis != "channel")
    wanted = tuple(sizes[axis] for axis in kind.axes)
    if values.shape not in (wanted, places) or not values.shape:
        shape = " x ".join(map(str, values.shape)) or "a single number"
        raise ValueError(f"The gate '{kind.name}' is {' x '.join(map(str, wanted))}; the values are {shape}.")
    missing = "channel" in kind.axes and values.shape != wanted
    axes = kind.axes[1:] if missing else kind.axes
    form = [size if axis in axes else 1 for axis, size in sizes.items()]
    return torch.as_tensor(values.reshape(form)).to(gate).expand_as(gate)


# ------------------------------------------------------------------------------------------------------------- details


def _addresses(layer: str, kind: str) -> tuple[str, ...]:
    """Everything by which one gate can be named."""
    return layer, f"{layer}:{kind}", kind, EVERYWHERE


def _address_of(layer: str, kind: str, operations: Mapping[str, Replacement]) -> str | None:
    """By which name operations speak of this gate. ValueError when two want different things of it."""
    named = [address for address in _addresses(layer, kind) if address in operations]
    for other in named[1:]:
        one, two = operations[named[0]], operations[other]
        if not (one is two or (isinstance(one, str) and isinstance(two, str) and one == two)):
            raise ValueError(
                f"The gate '{kind}' of {layer} would be operated on twice, by '{named[0]}' and by '{other}'."
            )
    return named[0] if named else None


def _has_places(kind: str) -> bool:
    from fer_models.attention import KINDS

    return KINDS[kind].axes != ("channel",)


def _by_name(name: str, average: Sequence[GateMap] | None, seed: int) -> Operation:
    import torch

    if name == "average face":
        if average is None:
            raise ValueError("'average face' needs its gates: 'ferscope averages' stores them, or give 'average'.")
        return _taken_from(average, "the average face")
    named: dict[str, Operation] = {
        "identity": lambda layer, kind, gate: torch.ones_like(gate),
        "number": lambda layer, kind, gate: one_number(gate),
        "mirror": lambda layer, kind, gate: mirrored(kind, gate),
        "shuffle": lambda layer, kind, gate: shuffled(layer, kind, gate, seed),
    }
    if name not in named:
        raise ValueError(f"'{name}' replaces no gate.{nearest(name, REPLACEMENTS)} There are {listed(REPLACEMENTS)}.")
    return named[name]


def _painted(values: np.ndarray) -> Operation:
    clipped(values, (0, 1))  # refuses what are no numbers before anything is computed

    def replace(layer: str, kind: GateKind, gate: Tensor) -> Tensor:
        inside, changed = clipped(values, kind.value_range)
        if changed:
            low, high = kind.value_range
            warnings.warn(
                f"{changed} of {values.size} values for the gate '{kind.name}' of {layer} were clipped: such a gate is "
                f"between {low:.3g} and {high:.3g}.",
                stacklevel=2,
            )
        return as_gate(inside, kind, gate)

    return replace


def _taken_from(gates: Sequence[GateMap], whose: str) -> Operation:
    if not isinstance(gates, Sequence) or not all(isinstance(gate, GateMap) for gate in gates):
        raise ValueError(f"{whose[0].upper()}{whose[1:]} should be an array, a GateMap or several, or a function.")
    painted = {(gate.layer, gate.kind): _painted(gate.values) for gate in gates}

    def replace(layer: str, kind: GateKind, gate: Tensor) -> Tensor:
        if (layer, kind.name) not in painted:
            raise ValueError(f"The gate '{kind.name}' of {layer} is not in {whose}.")
        return painted[layer, kind.name](layer, kind, gate)

    return replace


def _computed(function: Callable[[GateMap], np.ndarray | GateMap]) -> Operation:
    def replace(layer: str, kind: GateKind, gate: Tensor) -> Tensor:
        import torch

        from fer_models.attention import gate_values

        pictures = []
        for one in gate.split(1):
            given = GateMap(layer, kind.name, kind.axes, kind.value_range, gate_values(kind, one).numpy())
            made = function(given)
            values = np.asarray(made.values if isinstance(made, GateMap) else made)
            clipped(values, kind.value_range)  # for what are no numbers; others are the function's own business
            pictures.append(as_gate(values.astype(np.float32), kind, one))
        return torch.cat(pictures)

    return replace
