"""Painting: which of a gate's values a painted place stands for."""

import numpy as np
import pytest

from fer_models.explanation import GateMap
from webapp.components.brush import MOST, grid_of, painted_gate


def gate(kind: str, axes: tuple[str, ...], shape: tuple[int, ...]) -> GateMap:
    values = np.random.default_rng(0).uniform(0.2, 0.8, shape).astype(np.float32)
    return GateMap("here", kind, axes, (0, 1), values)


def test_painted_places_have_their_tenth_in_every_channel_and_others_stay():
    simam = gate("simam", ("channel", "height", "width"), (5, 2, 3))
    values = painted_gate(simam, "0..a.5")
    assert (values[:, 0, 0] == 0).all() and (values[:, 1, 0] == 1).all() and values[:, 1, 2] == pytest.approx(0.5)
    assert np.array_equal(values[:, 0, 1:], simam.values[:, 0, 1:]) and np.array_equal(
        values[:, 1, 1], simam.values[:, 1, 1]
    )


def test_rows_alone_and_columns_alone():
    rows, columns = gate("ca_h", ("channel", "height"), (4, 3)), gate("ca_w", ("channel", "width"), (4, 3))
    assert (grid_of(rows), grid_of(columns)) == ((3, 1), (1, 3))
    for one in (rows, columns):
        values = painted_gate(one, ".3.")
        assert values[:, 1] == pytest.approx(0.3)
        assert np.array_equal(values[:, [0, 2]], one.values[:, [0, 2]])
    assert grid_of(gate("se", ("channel",), (4,))) is None


def test_a_fine_gate_is_painted_several_places_at_a_time():
    spatial = gate("spatial", ("height", "width"), (28, 28))
    assert grid_of(spatial) == (MOST, MOST)
    values = painted_gate(spatial, "a" + "." * (MOST * MOST - 1))
    assert (values[:2, :2] == 1).all() and (values == 1).sum() == 4
