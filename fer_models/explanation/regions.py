"""Which part of the face: a map's share in each region, and what covering the region does.

The regions are :func:`fer_models.face_regions`: approximate, the same for every face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fer_models.explanation.cover import covered
from fer_models.face_parts import REGIONS, face_regions, region_weights
from fer_models.preprocessing import to_source

if TYPE_CHECKING:
    from fer_models.classifier import Classifier


class RegionShare(NamedTuple):
    """``share`` of a map's positive part that lies in a region, 0..1; ``lift``: that share by the region's share of
    the face. A map that marks every place alike has a lift of 1 everywhere."""

    share: float
    lift: float


def shares(values: np.ndarray) -> dict[str, RegionShare]:
    """Where a map (h, w) of an aligned face has its positive part, by region.

    Shares sum to 1; of a map that is nowhere positive all are 0. Raises ValueError for another shape or values that are
    not finite.
    """
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError("A map has the shape (height, width), and every value of it is finite.")
    weights = region_weights(*values.shape)
    positive = np.maximum(values.astype(np.float64), 0)
    total = positive.sum() or 1.0
    found = {}
    for name in REGIONS:
        share = float((positive * weights[name]).sum() / total)
        found[name] = RegionShare(share, share / float(weights[name].mean()))
    return found


def cover_regions(
    classifier: Classifier, crop: np.ndarray, target: str | int | None = None, fill: str = "mean"
) -> dict[str, float]:
    """How the target's logit changes when each region of an aligned face is covered: after less before.

    Negative: the region spoke for the target. A large region hides more than a small one.

    Args:
        classifier: from load_classifier.
        crop: (H, W, 3) uint8 RGB, one aligned face.
        target: label name or index; the predicted one unless given.
        fill: see :func:`cover`.

    Raises ValueError for an unknown target or fill, or an array that is not a crop.
    """
    index = None if target is None else classifier.target_index(target)
    source = to_source(crop, classifier.card.preprocessing.source_side)
    masks = np.stack(list(face_regions(len(source)).values()))
    before, *after = classifier.logits([source, *covered(source, masks, fill)])
    explained = int(before.argmax()) if index is None else index
    return {name: float(logits[explained] - before[explained]) for name, logits in zip(REGIONS, after, strict=True)}
