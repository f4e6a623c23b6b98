"""Class activation maps against captum where it has the method, and else against the equation in float64."""

import copy
import math
from functools import partial

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, LayerGradCam, LayerGradientXActivation

import fer_models as fer
from fer_models.classifier import Classifier
from fer_models.explanation.attribution import attribute_all
from fer_models.explanation.attribution.cam import _grad_cam_plus_plus
from fer_models.networks.layers import Layer, run_from, run_to
from tests.conftest import make_network

METHODS = ("grad-cam", "hires-cam", "grad-cam++", "layer-cam", "ablation-cam")
LABELS = (1, 6)


@pytest.fixture(params=("early", "middle", "last"))
def layer(request: pytest.FixtureRequest, classifier: Classifier) -> Layer:
    layers = classifier.layers
    return layers[{"early": 2, "middle": len(layers) // 2, "last": -1}[request.param]]


def in_float64(classifier: Classifier, crop: np.ndarray, layer: str, label: int) -> tuple[np.ndarray, np.ndarray]:
    """The layer's output and the gradient of a logit there, (C, h, w) each, by a hook on a copy in float64."""
    network = copy.deepcopy(classifier.network).double()
    kept = []

    def keep(module, inputs, output):
        kept.append(output.clone().requires_grad_())  # the weights need no gradient, so the graph begins here
        return kept[0]

    network.get_submodule(layer).register_forward_hook(keep)
    network(classifier.preprocess([crop]).double())[0, label].backward()
    return kept[0].detach().numpy()[0], kept[0].grad.numpy()[0]


def close(ours: np.ndarray, expected: np.ndarray) -> bool:
    assert ours.shape == expected.shape and np.abs(expected).max() > 0
    return np.abs(ours - expected).max() < 2e-3 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("method", "oracle"), [("grad-cam", LayerGradCam), ("hires-cam", LayerGradientXActivation)], ids=lambda each: each
)
def test_grad_cam_and_hires_cam_equal_captum(classifier, crop, layer, method, oracle):
    images = classifier.preprocess([crop]).requires_grad_()
    captum = oracle(classifier.network, classifier.network.get_submodule(layer.name))
    for label in LABELS:
        expected = captum.attribute(images, target=label).detach().numpy()[0].sum(0)
        assert close(fer.attribute(classifier, crop, method, label, layer.name).values, expected)


def test_ablation_cam_weighs_channels_by_captums_ablation(classifier, crop, layer):
    maps = run_to(classifier.network, layer, classifier.preprocess([crop])).contiguous()
    channels = torch.arange(layer.channels)[None, :, None, None].expand(1, -1, layer.side, layer.side)
    captum = FeatureAblation(partial(run_from, classifier.network, layer))
    drops = captum.attribute(maps, target=1, feature_mask=channels, perturbations_per_eval=32)[:, :, :1, :1]
    expected = (drops.double() * maps).sum((0, 1)).numpy()
    assert close(fer.attribute(classifier, crop, "ablation-cam", 1, layer.name).values, expected)


def test_layer_cam_by_its_equation(classifier, crop, layer):
    maps, gradients = in_float64(classifier, crop, layer.name, 1)
    expected = sum(np.maximum(g, 0) * a for g, a in zip(gradients, maps, strict=True))
    assert close(fer.attribute(classifier, crop, "layer-cam", 1, layer.name).values, expected)


def test_grad_cam_plus_plus_by_its_equation(classifier, crop, layer):
    maps, gradients = in_float64(classifier, crop, layer.name, 1)
    expected = np.zeros(maps.shape[1:])
    for g, a in zip(gradients, maps, strict=True):
        alpha = np.divide(g**2, 2 * g**2 + a.sum() * g**3, out=np.zeros_like(g), where=g != 0)
        expected += (alpha * np.maximum(g, 0)).sum() * a
    ours = _grad_cam_plus_plus(torch.tensor(maps), torch.tensor(gradients)[None])[0].numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-9 * np.abs(expected).max())
    if layer == classifier.layers[-1]:  # elsewhere random weights come near alpha's pole: float32 is no comparison
        assert close(fer.attribute(classifier, crop, "grad-cam++", 1, layer.name).values, expected)


def test_fused_layer_cam_takes_the_largest_of_each_layers_map(classifier, crop):
    fine, coarse = classifier.layers[-4], classifier.layers[-1]
    fused = fer.attribute(classifier, crop, "layer-cam", 1, layers=[fine.name, coarse.name])
    own = fer.attribute(classifier, crop, "layer-cam", 1, fine.name).values
    assert fused.values.shape == own.shape and fused.layer == f"{fine.name} + {coarse.name}"
    assert fused.values.min() >= 0
    assert fused.values.max() == pytest.approx(math.tanh(2), rel=1e-5)
    assert (fused.values >= np.tanh(2 * np.maximum(own, 0) / own.max()) - 1e-5).all()
    alone = fer.attribute(classifier, crop, "layer-cam", 1, layers=[fine.name]).values
    np.testing.assert_allclose(alone, np.tanh(2 * np.maximum(own, 0) / own.max()), atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_all_labels_at_once_are_each_label_alone(classifier, crop, method):
    together = attribute_all(classifier, crop, method)
    assert together.shape == (8, classifier.layers[-1].side, classifier.layers[-1].side)
    assert together.dtype == np.float32
    for label in LABELS:
        assert close(fer.attribute(classifier, crop, method, label).values, together[label])


def test_explains_cam_is_grad_cam_at_the_last_map(classifier, crop):
    assert np.abs(fer.explain(classifier, crop).cams - attribute_all(classifier, crop, "grad-cam")).max() < 1e-5


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv2"])
def test_networks_that_work_in_place_are_explained_between_their_blocks(crop, name):
    classifier = Classifier(*make_network(name, side=48))
    for layer in classifier.layers[1:-1:4]:
        seen = fer.attribute(classifier, crop, "grad-cam", 1, layer.name)
        assert close(seen.values, np.einsum("chw,c->hw", *_maps_and_weights(classifier, crop, layer.name)))


def _maps_and_weights(classifier: Classifier, crop: np.ndarray, layer: str) -> tuple[np.ndarray, np.ndarray]:
    maps, gradients = in_float64(classifier, crop, layer, 1)
    return maps, gradients.mean((1, 2))
