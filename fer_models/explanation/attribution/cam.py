"""Class activation maps by gradients: what the channels of a feature map weigh in a label's logit, laid over places.

With A (C, h, w) the map at a layer and g (C, h, w) the gradient of a logit there. All maps are left signed: the ReLU
that the papers end with would hide what speaks against a label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.classifier import Classifier
    from fer_models.networks import Network
    from fer_models.networks.layers import Layer


def grad_cam(classifier: Classifier, crop: np.ndarray, targets: Sequence[int], layer: Layer) -> np.ndarray:
    """Grad-CAM (Selvaraju et al. 2017, eqs 1 and 2): sum over c of mean(g_c) A_c, (T, h, w)."""
    return _cams(classifier, crop, targets, layer, _grad_cam)


def hires_cam(classifier: Classifier, crop: np.ndarray, targets: Sequence[int], layer: Layer) -> np.ndarray:
    """HiResCAM (Draelos and Carin 2020, eq. 4): sum over c of g_c A_c, place by place, (T, h, w)."""
    return _cams(classifier, crop, targets, layer, _hires_cam)


def grad_cam_plus_plus(classifier: Classifier, crop: np.ndarray, targets: Sequence[int], layer: Layer) -> np.ndarray:
    """Grad-CAM++ (Chattopadhay et al. 2018, eqs 5, 18 and 19), of the exponential of the logit, (T, h, w).

    Sum over c of w_c A_c, where w_c is the sum over places of alpha_c relu(g_c), and alpha_c = g_c^2 / (2 g_c^2 +
    g_c^3 sum(A_c)). The factor exp(logit), the same for the whole map, is left out.
    """
    return _cams(classifier, crop, targets, layer, _grad_cam_plus_plus)


def layer_cam(
    classifier: Classifier,
    crop: np.ndarray,
    targets: Sequence[int],
    layer: Layer,
    *,
    layers: Sequence[str] | None = None,
) -> np.ndarray:
    """LayerCAM (Jiang et al. 2021, eq. 5): sum over c of relu(g_c) A_c, place by place, (T, h, w).

    With ``layers``, names of several, their maps are fused as in the paper's section III-D: each is cut off below zero
    and brought to tanh(2 map / max), eq. 8, and at each place the largest counts, at the side of the finest: 0..1.
    """
    if not layers:
        return _cams(classifier, crop, targets, layer, _layer_cam)
    chosen = [classifier.layer(name) for name in layers]
    side = max(each.side for each in chosen)
    return np.max([_for_fusion(_cams(classifier, crop, targets, each, _layer_cam), side) for each in chosen], axis=0)


def grad_cams(network: Network, feature_map: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (K,) and the Grad-CAM (K, h, w) of every logit at the last feature map (1, C, h, w)."""
    logits, gradients = gradients_at(network.head, feature_map, range(network.num_classes))
    return logits, _grad_cam(feature_map.detach()[0], gradients)


def gradients_at(rest: Callable[[Tensor], Tensor], maps: Tensor, targets: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Logits (K,) and the gradients (T, C, h, w) of the targets' logits at a feature map (1, C, h, w).

    ``rest`` is what follows the map. It runs once on T views of the map, and the gradient of the chosen logits holds in
    view t what logit t owes to the map; the layers before are not touched. It treats pictures one by one (eval mode).
    """
    import torch

    with torch.enable_grad():
        views = maps.detach().expand(len(targets), -1, -1, -1).requires_grad_()
        logits = rest(views)  # (T, K), all rows equal
        chosen = logits[list(range(len(targets))), list(targets)]
        (gradients,) = torch.autograd.grad(chosen.sum(), views)
    return logits[0].detach(), gradients


def _cams(
    classifier: Classifier,
    crop: np.ndarray,
    targets: Sequence[int],
    layer: Layer,
    rule: Callable[[Tensor, Tensor], Tensor],
) -> np.ndarray:
    import torch

    from fer_models.classifier import as_array
    from fer_models.networks.layers import run_from, run_to

    with torch.inference_mode(False):  # a gradient needs maps made outside inference mode, a caller's included
        with torch.no_grad():
            maps = run_to(classifier.network, layer, classifier.preprocess([crop]))
        _, gradients = gradients_at(partial(run_from, classifier.network, layer), maps, targets)
        return as_array(rule(maps[0], gradients))


def _grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    import torch

    return torch.einsum("tc,chw->thw", gradients.mean((2, 3)), maps)


def _hires_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    return (gradients * maps).sum(1)


def _layer_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    return (gradients.relu() * maps).sum(1)


def _grad_cam_plus_plus(maps: Tensor, gradients: Tensor) -> Tensor:
    import torch

    # Divided by g^2, so that small gradients do not vanish as their cubes would in float32; where g is 0 so is relu(g).
    alpha = 1 / (2 + gradients * maps.sum((1, 2), keepdim=True))
    weights = (torch.where(alpha.isfinite(), alpha, 0) * gradients.relu()).sum((2, 3))
    return torch.einsum("tc,chw->thw", weights, maps)


def _for_fusion(cams: np.ndarray, side: int) -> np.ndarray:
    """Maps (T, h, w), each cut off below zero, brought to 0..1 and enlarged: (T, side, side)."""
    positive = np.maximum(cams, 0)
    largest = positive.max((1, 2), keepdims=True)
    scaled = np.tanh(2 * positive / np.where(largest > 0, largest, 1))
    return np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_LINEAR) for each in scaled])


#: From a feature map (C, h, w) and the gradients (T, C, h, w) of T logits there to their CAMs (T, h, w), by method.
RULES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grad-cam": _grad_cam,
    "hires-cam": _hires_cam,
    "grad-cam++": _grad_cam_plus_plus,
    "layer-cam": _layer_cam,
}
