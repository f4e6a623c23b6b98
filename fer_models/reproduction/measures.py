"""From results to cells: means over seeds with 95 % intervals.

An interval holds two uncertainties. That of the faces: Wilson's interval of a share, the bootstrap over faces for what
is no share. That of the seeds, when there are several: Student's interval of their mean. Both are added in quadrature,
which errs on the wide side, because the spread of the seeds holds a little of the faces' as well.
"""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from fer_models.evaluation.confusion import Confusion
from fer_models.evaluation.report import RESAMPLES, percentiles
from fer_models.evaluation.scores import wilson_interval
from fer_models.reproduction.result import Result, SplitScore
from fer_models.reproduction.table import NOTHING, Cell, Measure
from fer_models.text import share_text

#: A value with the interval that its faces leave it.
Estimate = tuple[float, float, float]


def accuracy(results: Sequence[Result], split: str) -> Cell:
    """Share of right answers on ``split``."""
    return _cell([_share(_right(score), score.count) for score in _scores(results, split)])


def accuracy_after(epoch: int) -> Measure:
    """Share of right answers after an epoch, on the faces the epoch was chosen on; or when training ended before it."""
    return partial(_accuracy_after, epoch=epoch)


def _accuracy_after(results: Sequence[Result], split: str, *, epoch: int) -> Cell:
    found = []
    for result in results:
        record = next((record for record in result.history if record.epoch == epoch), None)
        if record is None:
            return Cell(f"ends at {result.history[-1].epoch}")
        found.append(_share(round(record.accuracy * result.chosen_count), result.chosen_count))
    return _cell(found)


def recall(label: str) -> Measure:
    """Share of the faces of ``label`` that were recognised."""
    return partial(_recall, label=label)


def _recall(results: Sequence[Result], split: str, *, label: str) -> Cell:
    if results and label not in results[0].labels:
        return Cell("no such label")
    scores = _scores(results, split)
    return _cell([_share(*_counts(results[0], score, label, "recall")) for score in scores])


def report(row: str, column: str) -> Measure:
    """A figure of a classification report.

    Args:
        row: a label, 'accuracy', 'macro avg' or 'weighted avg' (by the faces of each label).
        column: 'precision', 'recall', 'f1-score' or 'support'.
    """
    return partial(_report, row=row, column=column)


def _report(results: Sequence[Result], split: str, *, row: str, column: str) -> Cell:
    estimates = []
    for result, score in zip(results, _scores(results, split), strict=False):
        of_label = row in result.labels
        if column == "support":
            support = int(score.matrix.support[result.labels.index(row)]) if of_label else score.count
            return Cell(f"{support:,}", support)
        if row == "accuracy":
            estimates.append(_share(_right(score), score.count))
        elif of_label and column != "f1-score":
            estimates.append(_share(*_counts(result, score, row, column)))
        else:
            index = result.labels.index(row) if of_label else None
            estimates.append(_bootstrap(score.matrix, row, column, index))
    return _cell(estimates)


def _bootstrap(confusion: Confusion, row: str, column: str, index: int | None) -> Estimate:
    drawn = _figure(confusion.resampled(RESAMPLES, 0), row, column, index)
    return float(_figure(confusion, row, column, index)), *percentiles(drawn)


def _figure(confusion: Confusion, row: str, column: str, index: int | None) -> np.ndarray:
    """A figure of matrices (..., K, K): (...)."""
    values = {"precision": confusion.precision, "recall": confusion.recall, "f1-score": confusion.f1}[column]
    if index is not None:
        return values[..., index]
    return values.mean(-1) if row == "macro avg" else confusion.weighted(values)


def _counts(result: Result, score: SplitScore, label: str, column: str) -> tuple[int, int]:
    """Right answers, and what they are a share of: faces of the label (recall) or answers with it (precision)."""
    confusion, index = score.matrix, result.labels.index(label)
    of = confusion.support if column == "recall" else confusion.answered
    return int(confusion.right[index]), int(of[index])


def _scores(results: Sequence[Result], split: str) -> list[SplitScore]:
    return [score for result in results if (score := result.on(split)) is not None]


def _right(score: SplitScore) -> int:
    return int(score.matrix.right.sum())


def _share(right: int, count: int) -> Estimate | None:
    return (right / count, *wilson_interval(right, count)) if count else None


def _cell(estimates: Sequence[Estimate | None]) -> Cell:
    """Mean of the seeds' estimates; a dash when there is none, for example the precision of a label never answered."""
    known = [estimate for estimate in estimates if estimate is not None]
    if not known:
        return NOTHING
    value, low, high = mean_of_seeds(known)
    return Cell(share_text(value), value, (low, high))


def mean_of_seeds(estimates: Sequence[Estimate]) -> Estimate:
    """Mean of shares, with its interval: that of the faces, widened by Student's interval of the seeds' mean."""
    values, lows, highs = np.array(estimates).T
    mean, seeds = float(values.mean()), len(values)
    spread = 0.0
    if seeds > 1:
        from scipy.stats import t as student  # it takes long to import, and few tables need it

        spread = float(student.ppf(0.975, seeds - 1) * values.std(ddof=1) / math.sqrt(seeds))
    below = math.hypot(float((values - lows).mean()), spread)
    above = math.hypot(float((highs - values).mean()), spread)
    return mean, max(mean - below, 0.0), min(mean + above, 1.0)
