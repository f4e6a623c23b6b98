"""Noise that looks like a map, and how well it agrees with others."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fer_models.explanation.agreement import agreement
from fer_models.explanation.noise import noise_agreement, noise_like


def smooth(seed: int, side: int = 16, width: float = 2.0) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).standard_normal((side, side)), width, mode="wrap")


def roughness(values: np.ndarray) -> float:
    """Mean squared step between neighbours, as a share of the variance: 2 for white noise."""
    return float(np.mean((values - np.roll(values, 1, 0)) ** 2) / values.var())


def test_noise_has_the_maps_own_values_and_another_order():
    values = smooth(1).astype(np.float32)
    noise = noise_like(values)
    assert noise.dtype == np.float32 and np.array_equal(np.sort(noise, None), np.sort(values, None))
    assert not np.array_equal(noise, values)
    assert np.array_equal(noise, noise_like(values)) and not np.array_equal(noise, noise_like(values, seed=1))


def test_noise_is_as_smooth_as_the_map():
    for width in (0.5, 1.0, 2.0, 3.0):
        values = smooth(1, side=32, width=width)
        found = np.mean([roughness(noise_like(values, seed)) for seed in range(20)])
        assert found == pytest.approx(roughness(values), rel=0.25)
    shuffled = np.random.default_rng(0).permutation(values.ravel()).reshape(32, 32)
    assert roughness(shuffled) > 5 * roughness(values)


def test_maps_that_have_nothing_to_do_with_one_another_agree_as_noise_does():
    inside = 0
    for seed in range(20):
        a, b = smooth(2 * seed), smooth(2 * seed + 1)
        low, high = noise_agreement([(a, b)])
        inside += low <= agreement({"a": a, "b": b})[0, 1] <= high
    assert inside >= 16
    assert noise_agreement([(a, a)])[1] < 0.9


def test_over_more_pairs_noise_agrees_less():
    pairs = [(smooth(seed), smooth(seed)) for seed in range(6)]
    one, six = noise_agreement(pairs[:1]), noise_agreement(pairs)
    assert six[1] - six[0] < 0.7 * (one[1] - one[0])


def test_a_map_that_is_the_same_everywhere_stays_so():
    flat = np.full((4, 4), 2.0)
    assert np.array_equal(noise_like(flat), flat) and np.isnan(noise_agreement([(smooth(1), flat)])).all()
