"""What the pictures of gates without places show: profiles along an edge, and channels in order."""

import numpy as np
import pytest

from fer_models.explanation import GateMap
from fer_models.explanation.gates import channel_spread, sorted_channels


def gate(kind: str, values: list) -> GateMap:
    return GateMap("layer", kind, (), (0.0, 1.0), np.array(values, np.float32))


def test_channel_spread_is_taken_over_channels():
    values = np.arange(33, dtype=np.float32).reshape(11, 3) / 33  # each row of places has 11 equal steps
    low, mean, high = channel_spread(GateMap("layer", "ca_h", (), (0.0, 1.0), values))
    np.testing.assert_allclose(low, values[1], rtol=1e-6)
    np.testing.assert_allclose(mean, values[5], rtol=1e-6)
    np.testing.assert_allclose(high, values[9], rtol=1e-6)


def test_sorted_channels_says_which_channel_has_which_weight():
    order, weights = sorted_channels(gate("se", [0.2, 0.9, 0.5, 0.9]))
    assert order.tolist() == [1, 3, 2, 0]
    np.testing.assert_allclose(weights, [0.9, 0.9, 0.5, 0.2])


@pytest.mark.parametrize(
    ("reduction", "kind"), [(channel_spread, "se"), (sorted_channels, "ca_w"), (sorted_channels, "simam")]
)
def test_other_kinds_are_refused(reduction, kind):
    with pytest.raises(ValueError, match=kind):
        reduction(gate(kind, [[0.5]]))
