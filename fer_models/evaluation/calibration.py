"""Calibration: whether a network that says 80 % is right in 80 % of such cases (Guo et al. 2017)."""

import numpy as np
from pydantic import BaseModel, ConfigDict

BINS = 15


class Bin(BaseModel):
    """The faces whose confidence lies in (low, high]; an empty bin has no confidence and no accuracy."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


class Calibration(BaseModel):
    """Expected calibration error, 0 to 1, and the reliability curve: one point a bin, bins of equal width."""

    model_config = ConfigDict(frozen=True)

    ece: float
    bins: tuple[Bin, ...]


def measure_calibration(labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> Calibration:
    """Calibration of the predicted label's probability, the confidence.

    ECE is the mean over all faces of their bin's |accuracy - mean confidence| (Guo et al. 2017, eq. 3).

    Args:
        labels: (N,) true indices.
        probabilities: (N, K).
        bins: how many parts of equal width 0..1 is cut into.
    """
    confidence = probabilities.max(1).astype(np.float64)
    right = probabilities.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    # A softmax in single precision may exceed 1 by a rounding error: the last bin takes it.
    place = np.clip(np.digitize(confidence, edges, right=True) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    filled = np.maximum(count, 1)
    mean_confidence = np.bincount(place, confidence, bins) / filled
    accuracy = np.bincount(place, right, bins) / filled
    curve = tuple(
        Bin(
            low=edges[index],
            high=edges[index + 1],
            count=count[index],
            confidence=mean_confidence[index] if count[index] else None,
            accuracy=accuracy[index] if count[index] else None,
        )
        for index in range(bins)
    )
    return Calibration(ece=float(count @ np.abs(accuracy - mean_confidence) / len(labels)), bins=curve)
