"""FERPlus's label rules (Barsoum et al. 2016, arXiv:1608.01041; github.com/microsoft/FERPlus): from votes to labels.

Ten people looked at every face. A rule takes their votes (N, 10), counts in the order of VOTE_COLUMNS, and returns

- labels (N,) int64, the index of an expression, -1 where the rule keeps nothing;
- soft targets (N, 8) float32, rows that sum to 1 (zeros where there is nothing to share out). Rows labelled -1 have
  no meaning in them.

The first three rules drop single votes before anything else; S is the sum of what remains in all ten columns.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fer_models.labels import FERPLUS

VOTE_COLUMNS = (*FERPLUS.labels, "unknown", "NF")
EXPRESSIONS = len(FERPLUS)

Labelled = tuple[np.ndarray, np.ndarray]


def majority(votes: np.ndarray) -> Labelled:
    """The top column has more than S/2 and is one of the eight expressions.

    Targets are the remaining votes for the eight expressions, divided by their sum. (The official code trains this rule
    on the top label alone; the votes say more, and have the same top.)
    """
    remaining = _without_single_votes(votes)
    top = remaining.argmax(1)
    kept = (2 * remaining.max(1) > remaining.sum(1)) & (top < EXPRESSIONS)
    return _label(kept, top), _shares(remaining[:, :EXPRESSIONS])


def probability(votes: np.ndarray) -> Labelled:
    """The fewest top labels, ties together, that hold 0.75 S, if they are at most three and hold more than S/2.

    Meeting unknown or NF ends the taking; a row where one of them comes first is not kept. Targets are the votes of the
    labels taken, divided by their sum (the official `crossentropy`, and what the official `probability` draws from).
    """
    remaining = _without_single_votes(votes)
    total = remaining.sum(1)
    taken = np.zeros((len(votes), EXPRESSIONS), dtype=bool)
    going_on = np.ones(len(votes), dtype=bool)
    left = remaining.copy()
    for _ in range(3):
        held = (remaining[:, :EXPRESSIONS] * taken).sum(1)
        going_on &= (4 * held < 3 * total) & (taken.sum(1) < 3)
        tied = (left == left.max(1, keepdims=True)) & (left > 0) & going_on[:, None]
        taken |= tied[:, :EXPRESSIONS]
        going_on &= ~tied[:, EXPRESSIONS:].any(1)
        left[tied] = 0
    chosen = remaining[:, :EXPRESSIONS] * taken
    kept = (2 * chosen.sum(1) > total) & (taken.sum(1) <= 3)
    return _label(kept, chosen.argmax(1)), _shares(chosen)


def multi_target(votes: np.ndarray) -> Labelled:
    """The columns with at least 0.3 S hold more than S/2 together, and the top one is one of the eight expressions.

    Targets give every expression among them the same share: the official code counts them as equally right.
    """
    remaining = _without_single_votes(votes)
    total = remaining.sum(1)
    high = remaining * (10 * remaining >= 3 * total[:, None])
    top = high.argmax(1)
    kept = (2 * high.sum(1) > total) & (top < EXPRESSIONS)
    return _label(kept, top), _shares(high[:, :EXPRESSIONS] > 0)


def argmax_10(votes: np.ndarray) -> Labelled:
    """The top of the ten columns as voted, the first one where they tie, if it is one of the eight expressions.

    Targets are all votes for the eight expressions, divided by their sum.
    """
    top = votes.argmax(1)
    return _label(top < EXPRESSIONS, top), _shares(votes[:, :EXPRESSIONS])


def argmax_8(votes: np.ndarray) -> Labelled:
    """The top of the eight expressions as voted, the first one where they tie, if anybody saw one of them.

    Targets are all votes for the eight expressions, divided by their sum.
    """
    expressions = votes[:, :EXPRESSIONS]
    return _label(expressions.sum(1) > 0, expressions.argmax(1)), _shares(expressions)


@dataclass(frozen=True)
class Rule:
    """How votes become labels, and what that is to a person."""

    label: Callable[[np.ndarray], Labelled]
    words: str


#: What labels go by unless told otherwise.
STANDARD_RULE = "ferplus-majority"
RULES = {
    STANDARD_RULE: Rule(majority, "FERPlus, majority of the votes"),
    "ferplus-probability": Rule(probability, "FERPlus, rule “probability”"),
    "ferplus-multi-target": Rule(multi_target, "FERPlus, rule “multi-target”"),
    "ferplus-argmax-10": Rule(argmax_10, "FERPlus, most votes of all ten columns"),
    "ferplus-argmax-8": Rule(argmax_8, "FERPlus, most votes of the eight expressions"),
}


def _without_single_votes(votes: np.ndarray) -> np.ndarray:
    return np.where(votes <= 1, 0, votes)


def _label(kept: np.ndarray, top: np.ndarray) -> np.ndarray:
    return np.where(kept, top, -1).astype(np.int64)


def _shares(votes: np.ndarray) -> np.ndarray:
    counts = votes.astype(np.float32)
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)
