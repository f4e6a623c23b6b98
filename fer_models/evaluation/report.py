"""Everything that can be said of a checkpoint's answers on a split, from labels and probabilities alone."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.evaluation.calibration import Calibration, measure_calibration
from fer_models.evaluation.confusion import Confusion
from fer_models.evaluation.scores import wilson_interval

RESAMPLES = 2_000
Interval = tuple[float, float]


class ClassScores(BaseModel):
    """Scores of one expression, 0 to 1; no interval without faces.

    ``support`` is the number of its faces, ``answered`` of those that were called so. Where that is 0 there is no
    precision; it counts as 0, as in scikit-learn.
    """

    model_config = ConfigDict(frozen=True)

    label: str
    precision: float
    recall: float
    recall_interval: Interval | None
    f1: float
    support: int
    answered: int


class Report(BaseModel):
    """Scores 0 to 1, each interval 95 %; ``confusion[true][predicted]`` are counts in the labels' order."""

    model_config = ConfigDict(frozen=True)

    count: int
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    classes: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: Calibration
    resamples: int
    seed: int


def make_report(
    labels: np.ndarray,
    probabilities: np.ndarray,
    names: tuple[str, ...],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Report:
    """Accuracy, macro-F1, scores of every label, confusion matrix, calibration.

    Intervals are percentiles of the bootstrap over faces (Efron & Tibshirani 1993). Where every face is right or every
    one wrong all resamples are alike, and the bootstrap would claim certainty: Wilson's interval stands there instead.
    A label without faces has recall 0 and counts in macro-F1 as 0, as in ``score``.

    Args:
        labels: (N,) true indices.
        probabilities: (N, K).
        names: K labels.
        resamples, seed: of the bootstrap; the same seed gives the same intervals.

    Raises ValueError for no faces, arrays that do not fit one another, or values that are no probabilities.
    """
    check_predictions(labels, probabilities, len(names))
    confusion = Confusion.of(labels, probabilities.argmax(1), len(names))
    drawn = confusion.resampled(resamples, seed)
    right, support = confusion.right, confusion.support
    classes = []
    for index, name in enumerate(names):
        interval = None
        if support[index]:
            interval = _share_interval(right[index], support[index], drawn.right[:, index], drawn.support[:, index])
        classes.append(
            ClassScores(
                label=name,
                precision=confusion.precision[index],
                recall=confusion.recall[index],
                recall_interval=interval,
                f1=confusion.f1[index],
                support=support[index],
                answered=confusion.answered[index],
            )
        )
    return Report(
        count=len(labels),
        accuracy=float(confusion.accuracy),
        accuracy_interval=_share_interval(right.sum(), len(labels), drawn.right.sum(1), drawn.count),
        macro_f1=float(confusion.macro_f1),
        macro_f1_interval=percentiles(drawn.macro_f1),
        classes=tuple(classes),
        confusion=confusion.counts.tolist(),
        calibration=measure_calibration(labels, probabilities),
        resamples=resamples,
        seed=seed,
    )


def check_predictions(labels: np.ndarray, probabilities: np.ndarray, classes: int) -> None:
    """ValueError unless ``labels`` (N,) are indices below ``classes`` and ``probabilities`` (N, classes) fit them."""
    if len(labels) == 0:
        raise ValueError("There are no faces to score.")
    if labels.ndim != 1 or probabilities.shape != (len(labels), classes):
        raise ValueError(
            f"Probabilities have the shape (faces, labels), here ({len(labels)}, {classes}), not {probabilities.shape}."
        )
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"Labels are whole numbers from 0 to {classes - 1}.")
    # A softmax in single precision may exceed 1 by a rounding error. The comparison is false for NaN as well.
    if not bool(((probabilities >= 0) & (probabilities <= 1 + 1e-3)).all()):
        raise ValueError("Probabilities lie between 0 and 1.")


def _share_interval(right: int, count: int, drawn_right: np.ndarray, drawn_count: np.ndarray) -> Interval:
    if right in (0, count):
        return wilson_interval(int(right), int(count))
    known = drawn_count > 0  # a resample may miss a rare label altogether: there it has no recall
    return percentiles(drawn_right[known] / drawn_count[known])


def percentiles(values: np.ndarray) -> Interval:
    """The middle 95 % of a bootstrap's values (N,)."""
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
