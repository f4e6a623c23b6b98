"""Pictures of gates: a gate's axes, not its kind, say which there are."""

import numpy as np
import pytest

from fer_models.explanation import GateMap, coordinate_map, position_map
from fer_models.explanation.gates import channel_spread, sorted_channels

RNG = np.random.default_rng(0)
SIZES = {"channel": 11, "height": 3, "width": 5}
ALL_AXES = [
    ("channel",),
    ("channel", "height"),
    ("channel", "width"),
    ("height", "width"),
    ("channel", "height", "width"),
]


def gate(*axes: str, layer: str = "layer", values: np.ndarray | None = None) -> GateMap:
    """A gate of a kind that nothing in the library has heard of."""
    if values is None:
        values = RNG.random([SIZES[axis] for axis in axes])
    return GateMap(layer, "unheard-of", axes, (0.0, 1.0), np.asarray(values, np.float32))


def test_a_map_of_places_is_the_mean_over_channels_where_there_are_any():
    mask, both = gate("height", "width"), gate("channel", "height", "width")
    assert np.array_equal(position_map(mask), mask.values)
    expected = [[np.mean([float(both.values[c, i, j]) for c in range(11)]) for j in range(5)] for i in range(3)]
    np.testing.assert_allclose(position_map(both), expected, rtol=1e-6)


def test_a_coordinate_map_is_rows_times_columns_averaged_over_channels():
    rows, columns = gate("channel", "height"), gate("channel", "width")
    expected = [[np.mean(rows.values[:, i] * columns.values[:, j]) for j in range(5)] for i in range(3)]
    np.testing.assert_allclose(coordinate_map(rows, columns), expected, rtol=1e-5)
    for other in (gate("channel", "width", layer="another"), rows, gate("channel")):
        with pytest.raises(ValueError, match="one layer"):
            coordinate_map(rows, other)


def test_channel_spread_is_taken_over_channels():
    values = np.arange(33, dtype=np.float32).reshape(11, 3) / 33  # each row of places has 11 equal steps
    low, mean, high = channel_spread(gate("channel", "height", values=values))
    np.testing.assert_allclose(low, values[1], rtol=1e-6)
    np.testing.assert_allclose(mean, values[5], rtol=1e-6)
    np.testing.assert_allclose(high, values[9], rtol=1e-6)


def test_sorted_channels_says_which_channel_has_which_weight():
    order, weights = sorted_channels(gate("channel", values=np.array([0.2, 0.9, 0.5, 0.9])))
    assert order.tolist() == [1, 3, 2, 0]
    np.testing.assert_allclose(weights, [0.9, 0.9, 0.5, 0.2])


@pytest.mark.parametrize("axes", ALL_AXES)
def test_a_gate_has_the_pictures_that_its_axes_allow(axes):
    pictures = {
        position_map: axes[-2:] == ("height", "width"),
        channel_spread: axes in [("channel", "height"), ("channel", "width")],
        sorted_channels: axes == ("channel",),
    }
    for picture, allowed in pictures.items():
        if allowed:
            picture(gate(*axes))
        else:
            with pytest.raises(ValueError, match="unheard-of"):
                picture(gate(*axes))
