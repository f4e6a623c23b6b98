"""Strips of gates: which pictures a gate gets follows from its axes."""

import re

import numpy as np
import pytest

from fer_models.explanation import GateMap
from webapp.figures.evidence import gate_sections
from webapp.figures.gate_groups import GateGroup, Layer

SIZES = {"channel": 6, "height": 3, "width": 4}


def gate(*axes: str) -> GateMap:
    """A gate of a kind that no figure has heard of."""
    values = np.random.default_rng(0).random([SIZES[axis] for axis in axes], dtype=np.float32)
    return GateMap("features.1.attention", "unheard-of", axes, (0.0, 1.0), values)


def drawn(*gates: GateMap) -> str:
    layer = Layer("Block 1", "Mechanism", "features.1.attention", gates)
    return gate_sections([GateGroup("CBAM", (layer,))], "data:image/webp;base64,", stretch=False)


def names_of_pictures(html: str) -> list[str]:
    return re.findall(r'<img[^>]* alt="([^"]*)"', html)


@pytest.mark.parametrize("axes", [("height", "width"), ("channel", "height", "width")])
def test_a_gate_with_both_places_is_drawn_as_a_map(axes):
    (name,) = names_of_pictures(html := drawn(gate(*axes)))
    assert re.search(r"3\s×\s4 places", name)
    assert ("6 channels" in html) == ("channel" in axes)
    assert html.count("<td>0.") == 12  # the table holds every place


def test_a_gate_without_places_is_drawn_as_sorted_channels():
    (name,) = names_of_pictures(drawn(gate("channel")))
    assert "6 channel weights" in name


def test_gates_of_one_place_each_are_drawn_as_rows_times_columns():
    names = names_of_pictures(drawn(gate("channel", "height"), gate("channel", "width")))
    assert len(names) == 3
    assert sum("row weights" in name for name in names) == sum("column weights" in name for name in names) == 1
    assert any(re.search(r"3\s×\s4 places", name) for name in names)


def test_two_gates_of_one_layer_are_told_apart():
    channels, places = names_of_pictures(drawn(gate("channel"), gate("height", "width")))
    assert channels.startswith("Block 1 · Mechanism channels") and places.startswith("Block 1 · Mechanism places")


def test_a_network_without_gates_says_so():
    assert re.search(r"<h2>[^<]*no gates", gate_sections([], "", stretch=False), re.IGNORECASE)
