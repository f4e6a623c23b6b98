"""Maps that know nothing of the network."""

import numpy as np
import pytest
from scipy import ndimage

from fer_models.explanation.controls import controls, edges, face_prior


def test_the_prior_is_a_gaussian_about_the_centre():
    prior = face_prior(48)
    assert prior == pytest.approx(prior[::-1]) and prior == pytest.approx(prior.T)
    assert prior[24, 24] == prior.max() and prior[0, 0] == prior.min()
    # A quarter of the side from the centre is one standard deviation.
    row = np.interp(36, np.arange(48) + 0.5, prior[24])
    assert row / prior[24, 24] == pytest.approx(np.exp(-0.5), rel=0.01)


def test_edges_are_scipys():
    face = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    smooth = ndimage.gaussian_filter(np.float64(face), 1, mode="mirror", radius=4)
    expected = np.hypot(ndimage.sobel(smooth, 0, mode="mirror"), ndimage.sobel(smooth, 1, mode="mirror"))
    assert edges(face) == pytest.approx(expected, rel=0.02, abs=0.5)
    assert not edges(np.full((48, 48), 90, np.uint8)).any()


def test_controls_by_name_and_the_same_again(classifier, crop):
    first, again, other = (controls(classifier, crop, seed=seed) for seed in (0, 0, 1))
    assert list(first) == ["random", "edges", "face prior"]
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert [np.array_equal(first[name], other[name]) for name in first] == [False, True, True]
    assert list(controls(classifier, crop, np.ones((4, 4))))[-1] == "network mean"
