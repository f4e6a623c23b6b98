"""Prediction, Grad-CAM of every label and every gate, in one forward pass.

PyTorch is loaded with the first face that is explained: a stored Explanation is shown without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_models.explanation.attribution.cam import grad_cams
from fer_models.explanation.gates import GateMap, read_gates

if TYPE_CHECKING:
    from fer_models.classifier import Classifier


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Explanation:
    """What one network saw in one crop.

    Attributes:
        labels: K expression names.
        probabilities: (K,) float32, sum 1.
        target: index of the label explained.
        layer: dotted name of the module whose output is the last feature map.
        cams: (K, h, w) float32, Grad-CAM of every label's logit at that map: signed, in the logit's units a place, not
            resized (Selvaraju et al. 2017, eqs 1 and 2 before the ReLU).
        gates: every gate in network order.
    """

    labels: tuple[str, ...]
    probabilities: np.ndarray
    target: int
    layer: str
    cams: np.ndarray
    gates: list[GateMap]

    @property
    def cam(self) -> np.ndarray:
        """(h, w): Grad-CAM of the target."""
        return self.cams[self.target]


def explain(classifier: Classifier, crop: np.ndarray, target: str | int | None = None) -> Explanation:
    """Predict one crop and say what the network looked at.

    Args:
        classifier: from load_classifier.
        crop: (H, W, 3) uint8 RGB, one face.
        target: label name or index to explain; the predicted one unless given.

    Raises ValueError for an unknown target or an array that is not a crop. Nothing stays on the network: no hook, no
    ``.grad``, no changed mode.
    """
    import torch

    from fer_models.classifier import as_array

    index = None if target is None else classifier.target_index(target)
    images = classifier.preprocess([crop])
    with torch.inference_mode(), read_gates() as gates:
        feature_map = classifier.network.features(images)
    with torch.inference_mode(False):  # the gradient needs a map made outside inference mode, a caller's included
        logits, cams = grad_cams(classifier.network, feature_map.clone())
    probabilities = as_array(logits.softmax(0))
    return Explanation(
        labels=classifier.labels,
        probabilities=probabilities,
        target=int(probabilities.argmax()) if index is None else index,
        layer=classifier.network.last_layer,
        cams=as_array(cams),
        gates=gates,
    )
