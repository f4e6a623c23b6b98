"""Gradients on pixels, by captum: of the face as the network gets it, grey, at the source side S.

Enlarging and normalising are part of what is differentiated, so a map has one value for each pixel that the network was
given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fer_models.explanation.cover import filling
from fer_models.preprocessing import to_input, to_source

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.classifier import Classifier

STEPS = 32


def integrated_gradients(
    classifier: Classifier, crop: np.ndarray, targets: Sequence[int], *, steps: int = STEPS, fill: str = "mean"
) -> np.ndarray:
    """Integrated gradients (Sundararajan et al. 2017, eq. 1), (T, S, S).

    The path leads from the face covered all over, see FILLS, straight to the face, in ``steps`` points of the
    Gauss-Legendre rule; the values of a map sum to the logit of the face less the logit of where the path began.
    """
    import torch
    from captum.attr import IntegratedGradients

    from fer_models.classifier import BATCH

    if steps < 1:
        raise ValueError(f"Integrated gradients need at least one step, not {steps}.")
    source = to_source(crop, classifier.card.preprocessing.source_side)
    with torch.inference_mode(False):
        face, start = (torch.tensor(each, dtype=torch.float32)[None] / 255 for each in (source, filling(source, fill)))
        method = IntegratedGradients(lambda faces: _logits(classifier, faces))
        maps = [method.attribute(face, start, target, n_steps=steps, internal_batch_size=BATCH) for target in targets]
    return torch.cat(maps).detach().float().numpy()


def input_x_gradient(classifier: Classifier, crop: np.ndarray, targets: Sequence[int]) -> np.ndarray:
    """Input times gradient (Shrikumar et al. 2016), (T, S, S).

    The input is counted from the grey that normalising makes zero.
    """
    import torch
    from captum.attr import InputXGradient

    source = to_source(crop, classifier.card.preprocessing.source_side)
    zero = classifier.card.preprocessing.mean
    with torch.inference_mode(False):
        face = (torch.tensor(source)[None] / 255 - zero).requires_grad_()
        method = InputXGradient(lambda faces: _logits(classifier, faces + zero))
        maps = [method.attribute(face, target) for target in targets]
    return torch.cat(maps).detach().numpy()


def _logits(classifier: Classifier, faces: Tensor) -> Tensor:
    """Logits (N, K) of grey faces (N, S, S), 0..1."""
    return classifier.network(to_input(faces, classifier.card.preprocessing))
