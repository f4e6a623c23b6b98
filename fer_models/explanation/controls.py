"""Controls: maps that know nothing of this network and this face together. A map worth looking at beats them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fer_models.preprocessing import to_source

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

FACE_PRIOR = "face prior"  # the control that a verdict is about
SPREAD = 1 / 4  # standard deviation of the face prior, as a share of the face's side


def controls(
    classifier: Classifier, crop: np.ndarray, mean_map: np.ndarray | None = None, seed: int = 0
) -> Mapping[str, np.ndarray]:
    """The maps that a network's map is measured against, by name.

    - 'random': a value for each pixel, drawn by ``seed``;
    - 'edges': strength of the edges in the face (Sobel), with no network at all;
    - 'face prior': a Gaussian about the crop's centre, the same for every face;
    - 'network mean': ``mean_map``, the network's mean map over other faces, if there is one: (h, w) float32.

    Args:
        classifier: from load_classifier.
        crop: (H, W, 3) uint8 RGB, one face.

    Returns: (S, S) float32 at the source side, but for the mean map, which keeps its own shape.
    """
    side = classifier.card.preprocessing.source_side
    found = {
        "random": np.random.default_rng(seed).random((side, side), np.float32),
        "edges": edges(to_source(crop, side)),
        FACE_PRIOR: face_prior(side),
    }
    return found if mean_map is None else found | {"network mean": np.asarray(mean_map, np.float32)}


def edges(source: np.ndarray) -> np.ndarray:
    """Length of the Sobel gradient at each pixel of a grey face (S, S) uint8: (S, S) float32."""
    smooth = cv2.GaussianBlur(source.astype(np.float32), (0, 0), 1)
    return np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))


def face_prior(side: int) -> np.ndarray:
    """A face-shaped guess: a Gaussian about the centre, (side, side) float32, at most 1."""
    away = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    return np.exp(-(away[:, None] ** 2 + away**2) / (2 * SPREAD**2))
