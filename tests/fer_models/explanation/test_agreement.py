"""Rank correlation of maps."""

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

import fer_models as fer
from fer_models.explanation.agreement import ranks, to_grid


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_it_is_spearmans_with_ties_too():
    maps = {"a": drawn(16, 16), "b": drawn(16, 16, seed=1), "relu": np.maximum(drawn(16, 16) + drawn(16, 16), 0)}
    expected = spearmanr([values.ravel() for values in maps.values()], axis=1).statistic
    assert fer.agreement(maps) == pytest.approx(expected)
    tied = np.round(drawn(9, 7))
    assert np.array_equal(ranks(tied), rankdata(tied).reshape(9, 7))


def test_only_the_order_counts():
    values = drawn(16, 16)
    found = fer.agreement({"a": values, "same order": 3 * np.exp(values) + 9, "reversed": -values})
    assert found == pytest.approx(np.array([[1, 1, -1], [1, 1, -1], [-1, -1, 1]]))


def test_maps_of_any_size_meet_on_one_grid():
    # A slope is a slope at any resolution.
    slopes = {f"{side}": np.add.outer(np.arange(side) * 2.0, np.arange(side)) / side for side in (4, 16, 48, 112)}
    assert fer.agreement(slopes).min() > 0.97
    fine = drawn(48, 48)
    assert to_grid(fine, 16) == pytest.approx(fine.reshape(16, 3, 16, 3).mean((1, 3)))
    assert to_grid(drawn(4, 7), 16).shape == (16, 16)


def test_what_two_maps_agree_does_not_depend_on_a_third():
    maps = {"cam": drawn(4, 4), "occlusion": drawn(16, 16)}
    assert fer.agreement(maps | {"coarse": drawn(2, 2)})[:2, :2] == pytest.approx(fer.agreement(maps))


def test_a_flat_map_agrees_with_nothing_and_that_is_said():
    found = fer.agreement({"flat": np.ones((4, 4)), "a": drawn(4, 4)})
    assert np.isnan(found[0, 1]) and np.isnan(found[1, 0]) and found[0, 0] == found[1, 1] == 1
    assert np.array_equal(fer.agreement({"a": drawn(4, 4)}), [[1]])


@pytest.mark.parametrize("values", [np.ones(4), np.full((4, 4), np.inf)])
def test_what_is_no_map_is_refused(values):
    with pytest.raises(ValueError, match="map"):
        fer.agreement({"a": values})


def test_attributions_and_gates_are_maps_with_or_without_names(classifier, crop):
    seen = fer.explain(classifier, crop)
    found = [fer.attribute(classifier, crop, method) for method in ("grad-cam", "occlusion")]
    gates = [gate for gate in seen.gates if len(gate.places) == 2]
    plain = [each.values for each in found]
    plain += [gate.values.mean(0) if gate.values.ndim == 3 else gate.values for gate in gates]
    expected = fer.agreement({str(place): values for place, values in enumerate(plain)})
    maps = [*found, *gates]
    assert np.array_equal(fer.agreement(maps), expected, equal_nan=True)
    named = {str(place): each for place, each in enumerate(maps)}
    assert np.array_equal(fer.agreement(named), expected, equal_nan=True)


def test_a_gate_without_places_is_no_map():
    gate = fer.GateMap("features.1", "channel", ("channel",), (0, 1), np.ones(8, np.float32))
    with pytest.raises(ValueError, match="no map of places"):
        fer.agreement([gate, drawn(4, 4)])
