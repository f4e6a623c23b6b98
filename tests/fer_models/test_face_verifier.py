"""The verifier against faces and things that it was not trained on: scikit-image's, all public."""

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from skimage import data
from torch.nn import functional

from fer_models.face_verifier import VIEW, WEIGHTS, framed, verify

FACE = complex(168, 57), complex(114)  # corner and edge of `astronaut`'s frame, read off the picture


@pytest.fixture(scope="module")
def portrait():
    return cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)


def test_the_weights_are_small():
    assert WEIGHTS.stat().st_size < 150_000


def test_the_verifier_agrees_to_faces_of_photographs_and_to_nothing_else():
    """LFW's faces and backgrounds, 25 x 25 and cut otherwise: people and places that FER2013 does not hold."""
    views = [cv2.resize((view * 255).astype(np.uint8), (VIEW, VIEW)) for view in data.lfw_subset()]
    agreed = verify(views) > 0
    assert agreed[:100].mean() > 0.9 and agreed[100:].mean() < 0.15


def test_the_sums_are_those_of_pytorch():
    weights = {name: value.float() for name, value in load_file(WEIGHTS).items()}
    views = np.random.default_rng(0).integers(0, 256, (5, VIEW, VIEW), np.uint8)
    seen = torch.from_numpy(views)[:, None].float() / 255
    for layer, stride, edge in ((0, 2, 1), (2, 2, 1), (4, 2, 1), (6, 1, 0)):
        seen = functional.conv2d(seen, weights[f"{layer}.weight"], weights[f"{layer}.bias"], stride, edge).relu()
    expected = functional.linear(seen.flatten(1), weights["9.weight"], weights["9.bias"])[:, 0]
    np.testing.assert_allclose(verify(list(views)), expected, rtol=1e-3, atol=1e-3)


def test_the_verifier_wants_a_face_upright_and_in_the_frame(portrait):
    corner, edge = FACE
    cut = framed(portrait, corner, edge)
    beside = framed(portrait, corner + 0.6 * edge, edge)
    turned = framed(portrait, corner + edge * (1 + 1j), -edge)
    np.testing.assert_array_equal(turned, np.rot90(cut, 2))
    assert [logit > 0 for logit in verify([cut, beside, turned])] == [True, False, False]
    assert verify([]).shape == (0,)
