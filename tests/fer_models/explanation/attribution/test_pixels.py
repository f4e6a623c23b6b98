"""Occlusion, integrated gradients and input x gradient against captum on pixels, or the equation in float64."""

import copy

import numpy as np
import pytest
import torch
from captum.attr import Occlusion

import fer_models as fer
from fer_models.classifier import Classifier
from fer_models.explanation.attribution import attribute_all
from fer_models.explanation.attribution.occlusion import patches
from fer_models.explanation.cover import FILLS, covered, filling
from fer_models.preprocessing import to_input, to_source


def logits_of(classifier: Classifier, faces: torch.Tensor) -> torch.Tensor:
    """Logits of grey faces (N, 48, 48), float in 0..255, by a copy in float64."""
    network = copy.deepcopy(classifier.network).double()
    images = torch.nn.functional.interpolate(faces[:, None].double() / 255, (64, 64), mode="bilinear")
    preprocessing = classifier.card.preprocessing
    return network(((images - preprocessing.mean) / preprocessing.std).expand(-1, 3, -1, -1))


def test_occlusion_without_overlap_is_captums(classifier, crop):
    source = to_source(crop, 48)
    mean = float(filling(source, "mean")[0, 0].round())

    def logits(faces: torch.Tensor) -> torch.Tensor:
        return classifier.network(to_input(faces[:, 0].to(torch.uint8), classifier.card.preprocessing))

    face = torch.tensor(source, dtype=torch.float32)[None, None]
    captum = Occlusion(logits).attribute(
        face, (1, 6, 6), strides=(1, 6, 6), baselines=mean, target=2, perturbations_per_eval=16
    )
    expected = captum.numpy()[0, 0, ::6, ::6]  # captum says it for every pixel of a patch
    ours = fer.attribute(classifier, crop, "occlusion", 2, grid=8, patch=1 / 8)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(ours.values, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("fill", FILLS)
def test_occlusion_is_covering_one_place_after_the_other(classifier, crop, fill):
    source = to_source(crop, 48)
    ours = attribute_all(classifier, crop, "occlusion", grid=4, patch=1 / 4, fill=fill)
    assert ours.shape == (8, 4, 4) and ours.dtype == np.float32
    for row, column in ((0, 0), (1, 2), (3, 3)):
        seen = fer.cover(classifier, source, (12 * column, 12 * row, 12 * column + 12, 12 * row + 12), fill)
        np.testing.assert_allclose(ours[:, row, column], -seen.change, atol=1e-4 * np.abs(seen.change).max())


def test_a_patch_covers_its_area_around_its_cells_middle_and_is_cut_at_the_edge():
    masks = patches(48, 16, 1 / 6)
    assert masks.shape == (256, 48, 48)
    middle = masks[8 * 16 + 5]
    assert middle.sum() == pytest.approx(64)
    weights = middle / middle.sum()
    at = np.arange(48) + 0.5
    assert (weights.sum(1) @ at, weights.sum(0) @ at) == pytest.approx((8.5 * 3, 5.5 * 3))
    assert masks[0].sum() == pytest.approx(5.5 * 5.5)
    assert masks.max() == 1 and masks.min() == 0


def test_what_covering_reveals_is_where_the_network_looks():
    """A network that is the mean of the upper left quarter: covering any other place changes nothing."""

    class Corner(torch.nn.Module):
        def forward(self, images):
            corner = images[:, :1, :12, :12].mean((1, 2, 3))
            return torch.stack([corner, -corner], 1)

    class Toy:
        network, labels = Corner(), ("bright", "dark")

        class card:
            class preprocessing:
                source_side = 24

        def logits(self, crops):
            return self.network(torch.tensor(np.stack(crops)[:, None] / 255.0)).numpy()

    face = np.zeros((24, 24), np.uint8)
    face[:12, :12] = 200
    maps = attribute_all(Toy(), face, "occlusion", grid=4, patch=1 / 4, fill="grey")
    assert (maps[0, :2, :2] > 0).all() and np.array_equal(maps[1], -maps[0])
    assert not maps[0, 2:].any() and not maps[0, :, 2:].any()


def test_integrated_gradients_by_their_equation(classifier, crop):
    source = torch.tensor(to_source(crop, 48), dtype=torch.float64)
    start = torch.tensor(filling(source.numpy().astype(np.uint8), "blur"), dtype=torch.float64)
    places, weights = np.polynomial.legendre.leggauss(6)
    expected = torch.zeros(48, 48, dtype=torch.float64)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        face = (start + place * (source - start)).requires_grad_()
        (gradient,) = torch.autograd.grad(logits_of(classifier, face[None])[0, 3], face)
        expected += weight * gradient * (source - start)
    ours = fer.attribute(classifier, crop, "integrated-gradients", 3, steps=6, fill="blur")
    assert ours.values.shape == (48, 48) and ours.layer is None and ours.unit == "logit"
    np.testing.assert_allclose(ours.values, expected, atol=2e-3 * float(expected.abs().max()))


def test_integrated_gradients_sum_to_what_covering_everything_takes(crop):
    classifier = fer.load_classifier("mobilenetv3_cpsca.ferplus")  # random weights make no smooth path
    seen = fer.attribute(classifier, crop, "integrated-gradients")
    source = to_source(crop, 48)
    face, nothing = np.float64(classifier.logits([source, covered(source, np.ones((48, 48)), "mean")]))
    expected = (face - nothing)[seen.target]
    assert abs(expected) > 1 and seen.values.sum() == pytest.approx(expected, rel=0.05)


def test_input_x_gradient_by_its_equation(classifier, crop):
    face = torch.tensor(to_source(crop, 48), dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(logits_of(classifier, face[None])[0, 5], face)
    expected = (face.detach() - 255 * classifier.card.preprocessing.mean) * gradient
    ours = fer.attribute(classifier, crop, "input-x-gradient", 5)
    np.testing.assert_allclose(ours.values, expected, atol=1e-2 * float(expected.abs().max()))


@pytest.mark.parametrize(
    ("method", "options", "says"),
    [
        ("occlusion", {"grid": 0}, "1 to 48 cells"),
        ("occlusion", {"grid": 49}, "1 to 48 cells"),
        ("occlusion", {"patch": 0}, "patch"),
        ("occlusion", {"patch": 1.5}, "patch"),
        ("occlusion", {"fill": "mena"}, "Did you mean 'mean'"),
        ("integrated-gradients", {"steps": 0}, "at least one step"),
    ],
)
def test_what_cannot_be_is_said(classifier, crop, method, options, says):
    with pytest.raises(ValueError, match=says):
        fer.attribute(classifier, crop, method, **options)
