"""Every method of attribution under one call.

All maps have one sign: positive where a place raises the target's logit, negative where it lowers it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_models.explanation.attribution.ablation import ablation_cam
from fer_models.explanation.attribution.cam import grad_cam, grad_cam_plus_plus, hires_cam, layer_cam
from fer_models.explanation.attribution.gradients import input_x_gradient, integrated_gradients
from fer_models.explanation.attribution.occlusion import occlusion
from fer_models.text import nearest

if TYPE_CHECKING:
    from fer_models.classifier import Classifier


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Attribution:
    """One map of one face.

    Attributes:
        method: a name of list_methods.
        layer: dotted name of the block whose output the map was taken at (several joined by ' + ' where LayerCAM fused
            them); None for a method that works on pixels.
        target: index of the label explained.
        values: (h, w) float32, signed, not resized: positive where the place raises the target's logit.
        unit: of the values.
    """

    method: str
    layer: str | None
    target: int
    values: np.ndarray
    unit: str


@dataclass(frozen=True)
class _Method:
    """``maps(classifier, crop, targets, [layer], **options)`` -> (T, h, w), a map for each target's logit."""

    maps: Callable[..., np.ndarray]
    unit: str = "logit"
    takes_layer: bool = True

    @property
    def options(self) -> list[str]:
        """What it can be told besides face, target and layer."""
        return [
            name for name, each in inspect.signature(self.maps).parameters.items() if each.kind == each.KEYWORD_ONLY
        ]


_METHODS = {
    "grad-cam": _Method(grad_cam),
    "hires-cam": _Method(hires_cam),
    "grad-cam++": _Method(grad_cam_plus_plus, unit="weighted activation"),
    "layer-cam": _Method(layer_cam),
    "ablation-cam": _Method(ablation_cam, unit="weighted activation"),
    "occlusion": _Method(occlusion, takes_layer=False),
    "integrated-gradients": _Method(integrated_gradients, takes_layer=False),
    "input-x-gradient": _Method(input_x_gradient, takes_layer=False),
}


def list_methods() -> list[str]:
    """Names of all methods of attribution."""
    return list(_METHODS)


def uses_layer(method: str) -> bool:
    """Whether a method's map is taken at a block of the network; the others work on pixels. ValueError if unknown."""
    return _method(method).takes_layer


def unit_of(method: str) -> str:
    """The unit of a method's maps. ValueError if unknown."""
    return _method(method).unit


def attribute(
    classifier: Classifier,
    crop: np.ndarray,
    method: str,
    target: str | int | None = None,
    layer: str | None = None,
    **options: Any,
) -> Attribution:
    """Which places of a face raise the score of one label, and which lower it.

    Args:
        classifier: from load_classifier.
        crop: (H, W, 3) uint8 RGB, one face.
        method: a name of list_methods.
        target: label name or index to explain; the predicted one unless given.
        layer: name of one of ``classifier.layers``; the last map unless given. Not for methods on pixels.
        options: occlusion: ``grid``, ``patch``, ``fill``; integrated-gradients: ``steps``, ``fill``; layer-cam:
            ``layers``, several names to fuse, instead of ``layer``.

    Raises ValueError for an unknown method, layer, target or option (the nearest is suggested), for a layer given to a
    method on pixels, and an array that is not a crop. Nothing stays on the network; many threads may share it, and
    gates replaced by a block around the call are replaced in it.
    """
    known = _checked(method, layer, options)
    if target is None:
        index = int(classifier.logits([crop])[0].argmax())
    else:
        index = classifier.target_index(target)
    (values,) = _maps(known, classifier, crop, [index], layer, options)
    if fused := options.get("layers"):
        return Attribution(method, " + ".join(fused), index, values, "tanh(2 map / max)")
    where = classifier.layer(layer).name if known.takes_layer else None
    return Attribution(method, where, index, values, known.unit)


def attribute_all(
    classifier: Classifier, crop: np.ndarray, method: str, layer: str | None = None, **options: Any
) -> np.ndarray:
    """The map of every label, (K, h, w) float32: arguments and errors of :func:`attribute`.

    One label costs what all do for occlusion, Ablation-CAM and, at the last map, every CAM.
    """
    return _maps(_checked(method, layer, options), classifier, crop, range(len(classifier.labels)), layer, options)


def _maps(
    method: _Method,
    classifier: Classifier,
    crop: np.ndarray,
    targets: Sequence[int],
    layer: str | None,
    options: dict[str, Any],
) -> np.ndarray:
    where = [classifier.layer(layer)] if method.takes_layer else []
    return method.maps(classifier, crop, targets, *where, **options)


def _method(name: str) -> _Method:
    if name not in _METHODS:
        raise ValueError(f"'{name}' is no method.{nearest(name, _METHODS)} There are {', '.join(_METHODS)}.")
    return _METHODS[name]


def _checked(name: str, layer: str | None, options: dict[str, Any]) -> _Method:
    method = _method(name)
    if layer is not None and not method.takes_layer:
        raise ValueError(f"'{name}' works on pixels and takes no layer.")
    for option in options:
        if option not in method.options:
            raise ValueError(f"'{name}' has no option '{option}'.{nearest(option, method.options)}")
    if layer is not None and options.get("layers"):
        raise ValueError("Give one layer, or several to fuse, not both.")
    return method
