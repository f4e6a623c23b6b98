"""Gradients on pixels, by captum: of the face as the network gets it, grey, at the source side S.

Enlarging and normalising are part of what is differentiated, so a map has one value for each pixel that the network was
given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fer_models.explanation.cover import filling
from fer_models.preprocessing import to_source

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

    from fer_models.classifier import BATCH, as_array

    if steps < 1:
        raise ValueError(f"Integrated gradients need at least one step, not {steps}.")
    source = to_source(crop, classifier.card.preprocessing.source_side)
    with torch.inference_mode(False):
        face, start = (_grey(classifier, each) for each in (source, filling(source, fill)))
        method = IntegratedGradients(lambda faces: _logits(classifier, faces))
        maps = [method.attribute(face, start, target, n_steps=steps, internal_batch_size=BATCH) for target in targets]
    return as_array(torch.cat(maps))


def input_x_gradient(classifier: Classifier, crop: np.ndarray, targets: Sequence[int]) -> np.ndarray:
    """Input times gradient (Shrikumar et al. 2016), (T, S, S).

    The input is counted from the grey that normalising makes zero.
    """
    import torch
    from captum.attr import InputXGradient

    from fer_models.classifier import as_array

    source = to_source(crop, classifier.card.preprocessing.source_side)
    zero = classifier.card.preprocessing.mean
    with torch.inference_mode(False):
        face = (_grey(classifier, source) - zero).requires_grad_()
        method = InputXGradient(lambda faces: _logits(classifier, faces + zero))
        maps = [method.attribute(face, target) for target in targets]
    return as_array(torch.cat(maps))


def _logits(classifier: Classifier, faces: Tensor) -> Tensor:
    """Logits (N, K) of grey faces (N, S, S), 0..1."""
    return classifier.network(classifier.to_input(faces))


def _grey(classifier: Classifier, face: np.ndarray) -> Tensor:
    """A face (S, S), 0..255, as (1, S, S) in 0..1, where the weights are."""
    import torch

    return torch.tensor(face, dtype=classifier.dtype, device=classifier.device)[None] / 255
