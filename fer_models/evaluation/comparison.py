"""Two checkpoints on the same faces: McNemar's test (McNemar 1947) and the difference of their accuracies."""

import math

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.evaluation.predictions import Predictions
from fer_models.evaluation.scores import Z

#: From this probability on, chance is the usual explanation of a difference.
SIGNIFICANT = 0.05


class Comparison(BaseModel):
    """Checkpoints ``a`` and ``b``: how many faces both, one or neither got right, and what that says.

    ``difference`` is a's accuracy minus b's, with its paired 95 % interval; ``p_value`` is McNemar's: how probable so
    uneven a division of the faces that only one got right would be if both were equally good.
    """

    model_config = ConfigDict(frozen=True)

    a: str
    b: str
    split: str
    count: int
    both_right: int
    only_a: int
    only_b: int
    neither: int
    difference: float
    difference_interval: tuple[float, float]
    p_value: float


def compare(a: Predictions, b: Predictions) -> Comparison:
    """McNemar's exact (binomial) test of two checkpoints' answers.

    Raises ValueError when they do not answer with the same labels or were not scored on the same faces and labels.
    """
    _check_same_faces(a, b)
    right_a, right_b = a.probabilities.argmax(1) == a.labels, b.probabilities.argmax(1) == b.labels
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    count = len(right_a)
    return Comparison(
        a=a.checkpoint,
        b=b.checkpoint,
        split=a.split,
        count=count,
        both_right=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        neither=int((~right_a & ~right_b).sum()),
        difference=(only_a - only_b) / count,
        difference_interval=paired_interval(only_a, only_b, count),
        p_value=mcnemar(only_a, only_b),
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p-value of the exact binomial test: how probable so uneven a division is if each is as likely."""
    both = only_a + only_b
    tail = sum(math.comb(both, count) for count in range(min(only_a, only_b) + 1))
    return min(2 * tail / 2**both, 1.0)


def verdict(found: Comparison, a: str, b: str) -> str:
    """What McNemar's test says of the checkpoints that are called ``a`` and ``b``, after its p-value."""
    p_value = f"p = {found.p_value:.3f}" if found.p_value >= 0.001 else "p < 0.001"
    if found.p_value >= SIGNIFICANT:
        return f"{p_value}: these faces do not tell the two apart"
    better = a if found.difference > 0 else b
    return f"{p_value}: {better} is better by more than the choice of faces explains; other training runs may differ"


def paired_interval(only_a: int, only_b: int, count: int) -> tuple[float, float]:
    """95 % interval of the difference of two accuracies on the same ``count`` faces (Agresti & Min 2005).

    Wald's interval for matched pairs after half a face is added to each of the four cells; without that it would have
    no width where the two never disagree.
    """
    b, c, n = only_a + 0.5, only_b + 0.5, count + 2
    half = Z * math.sqrt(b + c - (b - c) ** 2 / n) / n
    return max((b - c) / n - half, -1.0), min((b - c) / n + half, 1.0)


def _check_same_faces(a: Predictions, b: Predictions) -> None:
    pair = f"{a.checkpoint} and {b.checkpoint} cannot be compared"
    if a.names != b.names:
        raise ValueError(f"{pair}: they answer with other labels, {', '.join(a.names)} and {', '.join(b.names)}.")
    if a.split != b.split or not np.array_equal(a.rows, b.rows):
        raise ValueError(
            f"{pair}: one was scored on {len(a.rows):,} faces of {a.split}, the other on {len(b.rows):,} of {b.split}, "
            "and these are not the same faces."
        )
    if not np.array_equal(a.labels, b.labels):
        raise ValueError(f"{pair}: the same faces were labelled by two rules, {a.label_rule} and {b.label_rule}.")
