"""Noise that looks like a map: would it look as convincing, and agree as well?

A surrogate as in time series (Theiler et al. 1992, "Testing for nonlinearity in time series"): the map's own values, as
smooth as the map is, at places that mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_models.explanation.agreement import agreement

DRAWS = 40  # noise maps behind a range


def noise_like(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Noise with exactly the values of a map (h, w), and about as smooth: (h, w) of the same type.

    White noise is given the map's amplitudes at every spatial frequency; its places then take the map's values by rank.
    """
    white = np.fft.fft2(np.random.default_rng(seed).standard_normal(values.shape))
    amplitudes = np.abs(np.fft.fft2(values.astype(np.float64) - values.mean()))
    smooth = np.fft.ifft2(amplitudes * white / np.abs(white)).real
    noise = np.empty_like(values)
    noise.flat[np.argsort(smooth, axis=None, kind="stable")] = np.sort(values, axis=None)
    return noise


def noise_agreement(pairs: Sequence[tuple[np.ndarray, np.ndarray]], seed: int = 0) -> tuple[float, float]:
    """Between what a mean agreement over ``pairs`` of maps lies in 95 of 100 cases where the second ones are noise.

    nan where maps are the same everywhere.
    """
    drawn = [
        np.mean(
            [
                _rank_correlation(a, noise_like(b, seed + len(pairs) * draw + place))
                for place, (a, b) in enumerate(pairs)
            ]
        )
        for draw in range(DRAWS)
    ]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(agreement({"a": a, "b": b})[0, 1])
