"""Covering places of a face: what the network answers when it cannot see them.

Everything is covered in the picture that the network gets: grey, at the source side. A covered face is a crop like any
other, (S, S) uint8, for ``explain``, ``attribute`` and ``predict`` alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fer_models.preprocessing import to_source
from fer_models.text import nearest

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

#: What lies over a covered place: the face's mean grey, the face blurred until no feature is left, noise that has the
#: mean and deviation of the face's greys, or the middle grey, whatever the face.
FILLS = ("mean", "blur", "noise", "grey")
BLUR = 1 / 8  # standard deviation of the blur, as a share of the face's side


@dataclass(frozen=True, eq=False)
class Covered:
    """What covering changed.

    ``labels`` K names; ``logits`` and ``probabilities`` (2, K) float32: before, and after; ``picture`` (S, S) uint8,
    the covered face; ``share`` of the face that is covered, 0..1.
    """

    labels: tuple[str, ...]
    logits: np.ndarray
    probabilities: np.ndarray
    picture: np.ndarray
    share: float

    @property
    def change(self) -> np.ndarray:
        """(K,): after less before, of the logits."""
        return self.logits[1] - self.logits[0]


def cover(
    classifier: Classifier, crop: np.ndarray, box_or_mask: Sequence[float] | np.ndarray, fill: str = "mean"
) -> Covered:
    """What the network answers when it does not see a part of the face.

    Args:
        classifier: from load_classifier.
        crop: (H, W, 3) uint8 RGB, one face.
        box_or_mask: (x0, y0, x1, y1) in the crop's pixels, or (H, W) booleans, true where the face is covered.
        fill: 'mean', 'blur', 'noise' or 'grey', see FILLS.

    Raises ValueError for a box outside the crop or without area, a mask of another size or one that covers nothing,
    and an unknown fill.
    """
    source = to_source(crop, classifier.card.preprocessing.source_side)
    mask = mask_of(box_or_mask, crop.shape[:2])
    weight = cv2.resize(mask.astype(np.float32), source.shape[::-1], interpolation=cv2.INTER_AREA)
    picture = covered(source, weight, filling(source, fill))
    logits = classifier.logits([source, picture])
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    probabilities = exponentials / exponentials.sum(1, keepdims=True)
    return Covered(classifier.labels, logits, probabilities, picture, float(mask.mean()))


def mask_of(box_or_mask: Sequence[float] | np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A box or a mask as booleans of ``shape`` (H, W). Raises ValueError, see :func:`cover`."""
    height, width = shape
    given = np.asarray(box_or_mask)
    if given.ndim == 2:
        if given.shape != (height, width):
            raise ValueError(f"The mask is {given.shape[0]} x {given.shape[1]}; the crop is {height} x {width}.")
        if given.dtype != bool:
            raise ValueError("A mask holds booleans: true where the face is covered.")
        if not given.any():
            raise ValueError("The mask covers nothing.")
        return given
    if given.shape != (4,) or given.dtype.kind not in "iuf" or not np.isfinite(given).all():
        raise ValueError("A box is four numbers, left, top, right and bottom, in pixels.")
    x0, y0, x1, y1 = (int(edge) for edge in given.round())
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if not (x0 < x1 and y0 < y1):
        raise ValueError(f"The box {x0}, {y0}, {x1}, {y1} has no area: left is less than right, top less than bottom.")
    if not (left < right and top < bottom):
        raise ValueError(f"The box {x0}, {y0}, {x1}, {y1} lies outside the crop of {width} x {height} pixels.")
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = True
    return mask


def covered(source: np.ndarray, weight: np.ndarray, fill: str | np.ndarray) -> np.ndarray:
    """Faces with places covered.

    Args:
        source: (S, S) uint8, one face as :func:`to_source` makes it.
        weight: (..., S, S), how much of each pixel is covered, 0..1, or booleans; any number of masks.
        fill: a name of FILLS, or what :func:`filling` returned for one.

    Returns: (..., S, S) uint8.
    """
    lying_over = filling(source, fill) if isinstance(fill, str) else fill
    face = source.astype(np.float32)
    return (face + weight * (lying_over - face)).round().astype(np.uint8)


def filling(source: np.ndarray, fill: str, seed: int = 0) -> np.ndarray:
    """What lies over covered places, (S, S) float32 in 0..255, were all of the face covered. ValueError: see FILLS."""
    face = source.astype(np.float32)
    if fill == "mean":
        return np.full_like(face, face.mean())
    if fill == "grey":
        return np.full_like(face, 127.5)
    if fill == "blur":
        return cv2.GaussianBlur(face, (0, 0), BLUR * len(face), borderType=cv2.BORDER_REFLECT)
    if fill == "noise":
        drawn = np.random.default_rng(seed).normal(face.mean(), face.std(), face.shape)
        return np.clip(drawn, 0, 255).astype(np.float32)
    raise ValueError(f"'{fill}' is no fill.{nearest(fill, FILLS)} There are {', '.join(FILLS)}.")
