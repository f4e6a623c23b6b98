"""Does a network need its gates? Scores with each gate, each kind and all gates replaced, kept as NAME.surgery.json.

The network is not trained again without the gate, so a loss says what this network came to rely on, not what another
could have done. Identity never stands alone: it takes the gate's learned constant away together with its attention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.checkpoints import weights_key
from fer_models.data.faces import Faces
from fer_models.evaluation.comparison import mcnemar, paired_interval
from fer_models.evaluation.confusion import Confusion
from fer_models.evaluation.scores import Advance, check_labels, wilson_interval
from fer_models.evaluation.stored import Measured
from fer_models.explanation.averages import Averages
from fer_models.explanation.gates import GateMap
from fer_models.explanation.operate import EVERYWHERE, as_gate, gate_names, mirrored, one_number, shuffled

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.attention import GateKind
    from fer_models.attention.gate import Operation
    from fer_models.classifier import Classifier

Scope = Literal["gate", "kind", "all"]
GateName = tuple[str, str]  # layer and kind
#: What can be said of every gate; and of those that have places, where a kind or all are replaced.
WAYS = ("identity", "average face", "another face", "number")
WAYS_WITH_PLACES = ("mirror", "shuffle")
KIND = "surgery"  # of stored result
BATCH = 32
DRAWS = 3  # other faces whose gates are used in turn, where a kind or all are replaced


@dataclass(frozen=True)
class Plan:
    """One replacement: ``gate`` is 'layer:kind', a kind or '*'; ``draw`` counts other faces from 0."""

    scope: Scope
    gate: str
    way: str
    draw: int = 0

    def touches(self, layer: str, kind: str) -> bool:
        return self.gate in (EVERYWHERE, kind, f"{layer}:{kind}")


class Replaced(BaseModel):
    """Scores under one plan, beside the untouched network's on the same faces.

    ``difference`` is the accuracy with the gate replaced minus that of the untouched network, with its paired 95 %
    interval; ``lost`` and ``won`` count the faces that only the untouched or only the operated network got right, and
    ``p_value`` is McNemar's of the two. ``interval`` is Wilson's.
    """

    model_config = ConfigDict(frozen=True)

    scope: Scope
    gate: str
    way: str
    draw: int
    count: int
    untouched: float
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    lost: int
    won: int
    difference: float
    difference_interval: tuple[float, float]
    p_value: float


class Surgery(Measured):
    """All that was measured of one checkpoint.

    ``average`` says whose gates the average face's are; ``accuracy``, ``interval`` and ``macro_f1`` are the untouched
    network's.
    """

    split: str
    label_rule: str
    average: str
    seed: int
    count: int
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    rows: tuple[Replaced, ...]

    def row(self, gate: str, way: str) -> Replaced | None:
        """The row of a gate and a way; of several other faces that with the middle accuracy. None: not measured."""
        rows = sorted((row for row in self.rows if (row.gate, row.way) == (gate, way)), key=lambda row: row.accuracy)
        return rows[len(rows) // 2] if rows else None


def make_plans(gates: Sequence[GateName]) -> list[Plan]:
    """Every replacement worth a row: all gates, every kind where there are several, every gate of several of a kind."""
    counts = {kind: sum(kind == other for _, other in gates) for _, kind in gates}
    plans = list(_plans("all", EVERYWHERE, list(counts))) if gates else []
    if len(counts) > 1:
        plans += [plan for kind in counts for plan in _plans("kind", kind, [kind])]
    single = [(layer, kind) for layer, kind in gates if counts[kind] > 1]
    return plans + [Plan("gate", f"{layer}:{kind}", way) for layer, kind in single for way in WAYS]


def _plans(scope: Scope, gate: str, kinds: Sequence[str]) -> Iterator[Plan]:
    from fer_models.attention import KINDS

    for way in WAYS:
        yield from (Plan(scope, gate, way, draw) for draw in range(DRAWS if way == "another face" else 1))
    if any(KINDS[kind].axes != ("channel",) for kind in kinds):
        yield from (Plan(scope, gate, way) for way in WAYS_WITH_PLACES)


def operated_logits(
    classifier: Classifier,
    images: np.ndarray,
    plans: Sequence[Plan],
    average: Sequence[GateMap],
    *,
    seed: int = 0,
    advance: Advance | None = None,
) -> tuple[np.ndarray, np.ndarray, dict[Plan, np.ndarray]]:
    """What the network answers under every plan.

    Args:
        classifier: whose network has gates.
        images: (N, s, s) uint8 at the source side, more than DRAWS of them.
        plans: see :func:`make_plans`.
        average: gates of the average face.
        seed: of the order in which faces are taken, and of shuffling. Another face is the one before in that order.
        advance: called with the number of faces just done.

    Returns: the order (N,), the untouched logits (N, K) and those under every plan (N, K), all in that order.

    The network runs up to the first gate that a plan touches once for all plans.
    """
    import torch

    from fer_models.attention import surgery
    from fer_models.classifier import as_array
    from fer_models.networks.layers import run_from

    order = np.random.default_rng(seed).permutation(len(images))
    means = {(gate.layer, gate.kind): gate.values for gate in average}
    firsts = {plan: _first_block(classifier, plan) for plan in plans}
    shape = (len(order), len(classifier.labels))
    untouched = np.empty(shape, np.float32)
    found = {plan: np.empty(shape, np.float32) for plan in plans}
    start = 0
    with torch.inference_mode():
        for rows in _batches(order):
            inputs = classifier.to_input(torch.from_numpy(images[rows]))
            maps, gates, logits = _untouched(classifier, inputs)
            batch = slice(start, start := start + len(rows))
            untouched[batch] = as_array(logits)  # copied: kept by itself it would pin the memory of maps around it
            for plan in plans:
                before = firsts[plan] - 1
                with surgery(_operation(plan, gates, means, seed)):
                    operated = run_from(classifier.network, classifier.layers[before], maps[before])
                found[plan][batch] = as_array(operated)
            if advance:
                advance(len(rows))
    return order, untouched, found


def measure_surgery(
    classifier: Classifier,
    faces: Faces,
    averages: Averages,
    *,
    split: str,
    label_rule: str,
    command: str = "",
    seed: int = 0,
    advance: Advance | None = None,
) -> Surgery:
    """Score a classifier with its gates replaced, see :func:`operated_logits`; ``averages`` has the average face's.

    Raises ValueError for a network without gates, for fewer faces than are needed for other faces' gates, or when the
    labels of classifier and faces differ.
    """
    check_labels(classifier, faces)
    plans, classes = make_plans(gate_names(classifier)), len(classifier.labels)
    if not plans:
        raise ValueError(f"{classifier.card.name} has no gate to operate on.")
    if len(faces) <= DRAWS:
        raise ValueError(f"Surgery needs more than {DRAWS} faces, for other faces' gates; there are {len(faces)}.")
    order, untouched, operated = operated_logits(
        classifier, faces.images, plans, averages.gates, seed=seed, advance=advance
    )
    labels, before = faces.labels[order], untouched.argmax(1)
    confusion = Confusion.of(labels, before, classes)
    return Surgery(
        checkpoint=classifier.card.name,
        weights=weights_key(classifier.file) if classifier.file else "",
        command=command,
        split=split,
        label_rule=label_rule,
        average=averages.about,
        seed=seed,
        count=len(labels),
        accuracy=float(confusion.accuracy),
        interval=wilson_interval(int(confusion.right.sum()), len(labels)),
        macro_f1=float(confusion.macro_f1),
        rows=tuple(_row(plan, labels, before, operated[plan].argmax(1), classes) for plan in plans),
    )


# ------------------------------------------------------------------------------------------------------------- details


def _batches(order: np.ndarray) -> list[np.ndarray]:
    """Faces in batches of nearly one size, so that each has other faces beside it."""
    return np.array_split(order, -(-len(order) // BATCH))


def _untouched(classifier: Classifier, inputs: Tensor) -> tuple[list[Tensor], dict[GateName, Tensor], Tensor]:
    """The output of every block, every gate, and the logits of a batch."""
    from fer_models.attention import reading

    gates: dict[GateName, Tensor] = {}
    outputs = []

    def keep(layer: str, kind: GateKind, gate: Tensor, _: Tensor) -> None:
        gates[layer, kind.name] = gate

    with reading(keep):
        for block in classifier.network.features:
            inputs = block(inputs)
            outputs.append(inputs)
    return outputs, gates, classifier.network.head(inputs)


def _first_block(classifier: Classifier, plan: Plan) -> int:
    """Number of the block that holds the first gate a plan touches; the stem has none."""
    blocks = [name for name, _ in classifier.network.features.named_children()]
    return min(blocks.index(layer.split(".")[1]) for layer, kind in gate_names(classifier) if plan.touches(layer, kind))


def _operation(
    plan: Plan, gates: Mapping[GateName, Tensor], average: Mapping[GateName, np.ndarray], seed: int
) -> Operation:
    import torch

    def replace(layer: str, kind: GateKind, gate: Tensor) -> Tensor:
        if not plan.touches(layer, kind.name):
            return gate
        if plan.way == "identity":
            return torch.ones_like(gate)
        if plan.way == "average face":
            return as_gate(average[layer, kind.name], kind, gate)
        if plan.way == "another face":
            return gates[layer, kind.name].roll(plan.draw + 1, 0)
        if plan.way == "number":
            return one_number(gate)
        return mirrored(kind, gate) if plan.way == "mirror" else shuffled(layer, kind, gate, seed)

    return replace


def _row(plan: Plan, labels: np.ndarray, untouched: np.ndarray, operated: np.ndarray, classes: int) -> Replaced:
    count = len(labels)
    confusion = Confusion.of(labels, operated, classes)
    before, after = untouched == labels, operated == labels
    lost, won = int((before & ~after).sum()), int((after & ~before).sum())
    return Replaced(
        scope=plan.scope,
        gate=plan.gate,
        way=plan.way,
        draw=plan.draw,
        count=count,
        untouched=float(before.mean()),
        accuracy=float(confusion.accuracy),
        interval=wilson_interval(int(after.sum()), count),
        macro_f1=float(confusion.macro_f1),
        lost=lost,
        won=won,
        difference=(won - lost) / count,
        difference_interval=paired_interval(won, lost, count),
        p_value=mcnemar(won, lost),
    )
