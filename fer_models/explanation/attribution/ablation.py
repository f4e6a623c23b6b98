"""Ablation-CAM: a channel weighs what its absence costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fer_models.classifier import Classifier
    from fer_models.networks.layers import Layer


def ablation_cam(classifier: Classifier, crop: np.ndarray, targets: Sequence[int], layer: Layer) -> np.ndarray:
    """Ablation-CAM (Desai and Ramaswamy 2020, eqs 4 and 6): sum over c of (y - y_c) A_c, (T, h, w).

    y is the logit, and y_c what it is when channel c of the layer's output A (C, h, w) is zero. The paper divides the
    weights by y: one number for the whole map, which would turn its sign where a logit is negative; it is left out.
    """
    import torch

    from fer_models.classifier import BATCH, as_array
    from fer_models.networks.layers import run_from, run_to

    with torch.inference_mode():
        maps = run_to(classifier.network, layer, classifier.preprocess([crop]))
        drops = []
        whole = run_from(classifier.network, layer, maps)
        for channels in torch.arange(layer.channels).split(BATCH):
            without = maps.repeat(len(channels), 1, 1, 1)
            without[torch.arange(len(channels)), channels] = 0
            drops.append(whole - run_from(classifier.network, layer, without))
        weights = torch.cat(drops)[:, list(targets)]
        return as_array(torch.einsum("ct,chw->thw", weights, maps[0]))
