"""Strips of gates: which pictures a gate gets follows from its axes."""

import re

import numpy as np
import pytest

from fer_models.explanation import GateMap
from webapp.figures.gate_groups import GateGroup, Layer
from webapp.figures.gates import GateView, channel_curves, gate_section, gates_heading

SIZES = {"channel": 6, "height": 3, "width": 4}


def gate(*axes: str) -> GateMap:
    """A gate of a kind that no figure has heard of."""
    values = np.random.default_rng(0).random([SIZES[axis] for axis in axes], dtype=np.float32)
    return GateMap("features.1.attention", "unheard-of", axes, (0.0, 1.0), values)


def group(*gates: GateMap) -> GateGroup:
    return GateGroup("CBAM", (Layer("Block 1", "Mechanism", "features.1.attention", gates),))


def drawn(*gates: GateMap, contrast: str = "same", average: list[GateMap] | None = None) -> str:
    means = average and {(each.layer, each.kind): each for each in average}
    return gate_section(group(*gates), GateView("data:image/webp;base64,", contrast=contrast, average=means))


def names_of_pictures(html: str) -> list[str]:
    return re.findall(r'<img[^>]* alt="([^"]*)"', html)


@pytest.mark.parametrize("axes", [("height", "width"), ("channel", "height", "width")])
def test_a_gate_with_both_places_is_drawn_as_a_map(axes):
    (name,) = names_of_pictures(html := drawn(gate(*axes)))
    assert re.search(r"3\s×\s4 places", name)
    assert ("6 channels" in html) == ("channel" in axes)
    assert html.count("<td>0.") == 12  # the table holds every place


def test_a_gate_without_places_is_drawn_as_sorted_channels():
    weights, view = np.sort(gate("channel").values), GateView("")
    (name,) = names_of_pictures(channel_curves(group(gate("channel")), view))
    assert "6 channel weights" in name
    # And as one row of a table, with the ends and the middle in numbers.
    (row,) = re.findall(r"<tbody>(.*)</tbody>", drawn(gate("channel")))
    assert "6 channels" in row and re.findall(r"<td>(0\.\d+)</td>", row) == [f"{weights[i]:.2f}" for i in (5, 2, 0)]


def test_the_average_face_is_taken_away_from_every_gate():
    ours, mean = gate("height", "width"), gate("height", "width")
    mean.values[:] -= 0.25
    html = drawn(ours, contrast="average", average=[mean])
    assert len(re.findall("<td>0.250+</td>", html)) == 12
    assert re.search(r"colours are spread over 25\D% of the whole", html)


def test_channels_and_places_have_scales_of_their_own():
    channels, places = gate("channel"), gate("height", "width")
    channels.values[:] /= 10
    ends = r'<div class="fs-ticks"><span>([^<]*)</span>.*?<span>([^<]*)</span></div>'
    scales = re.findall(ends, drawn(channels, places, contrast="picture"))
    # Each is followed by the whole range, in which the part that is used is marked.
    assert len(scales) == 4 and scales[1] == scales[3] == ("0.00", "1.00")
    assert float(scales[0][1]) == pytest.approx(places.values.max(), abs=0.01)
    assert float(scales[2][1]) == pytest.approx(channels.values.max(), abs=0.001)


def test_gates_of_one_place_each_are_drawn_as_rows_times_columns():
    names = names_of_pictures(drawn(gate("channel", "height"), gate("channel", "width")))
    assert len(names) == 3
    assert sum("row weights" in name for name in names) == sum("column weights" in name for name in names) == 1
    assert any(re.search(r"3\s×\s4 places", name) for name in names)


def test_two_gates_of_one_layer_are_told_apart():
    (channels,) = names_of_pictures(channel_curves(group(gate("channel"), gate("height", "width")), GateView("")))
    places = names_of_pictures(drawn(gate("channel"), gate("height", "width")))[0]
    assert channels.startswith("Block 1 · Mechanism channels") and places.startswith("Block 1 · Mechanism places")


def test_a_network_without_gates_says_so():
    assert re.search(r"<h2>[^<]*no gates", gates_heading(0), re.IGNORECASE)
