"""From an Explanation to the page's strips: which reduction is drawn as which picture, under which words."""

from collections.abc import Sequence
from html import escape

import numpy as np

from fer_models.explanation import Explanation, GateMap, coordinate_map, position_map
from fer_models.explanation.gates import channel_spread, sorted_channels
from fer_models.preprocessing import Preprocessing, to_source
from webapp.figures import answer, strips
from webapp.figures.colours import Scale, gate_scale, signed_scale
from webapp.figures.gate_groups import GateGroup, Layer
from webapp.figures.pictures import data_uri, face_webp, input_png
from webapp.figures.strips import Frame
from webapp.wording import MECHANISMS

RUNNERS_UP = 2  # expressions whose Grad-CAM stands beside the explained one's
SMALL = 0.15  # of a scale's length: maps that differ by less look like one colour


def face_uri(crop: np.ndarray) -> str:
    """The aligned crop as a data URI."""
    return data_uri(face_webp(crop), "image/webp")


def overview(seen: Explanation, face: str, face_title: str, opacity: float, stretch: bool) -> str:
    """The crop, Grad-CAM laid over it, and the probability of every expression."""
    label = seen.labels[seen.target]
    scale = cam_scale(seen, stretch)
    crop = f'<div class="fs-face">{strips.image(face, face_title)}</div>'
    cam = answer.overlay(strips.image(face, ""), strips.map_picture(seen.cam, scale, f"Grad-CAM for {label}"), opacity)
    frames = [
        Frame(crop, face_title),
        Frame(cam, f"Grad-CAM for {label}", "red raises its score, blue lowers it"),
    ]
    return answer.overview(frames, answer.probability_table(seen.labels, seen.probabilities, seen.target))


def cam_section(seen: Explanation, crop: np.ndarray, face: str, preprocessing: Preprocessing, stretch: bool) -> str:
    """What the network was given, and Grad-CAM of the explained expression and of those most probable beside it."""
    grey = to_source(crop, preprocessing.source_side)
    picture = strips.image(data_uri(input_png(grey), "image/png"), "The face in grey, as coarse as the network sees it")
    frames = [
        Frame(
            f'<div class="fs-face fs-pixels">{picture}</div>',
            "The network's input",
            f"grey, {strips.size_text(grey.shape)} pixels",
        )
    ]
    scale = cam_scale(seen, stretch)
    shown = _shown_labels(seen)
    for index in shown:
        label, cam = seen.labels[index], seen.cams[index]
        frames.append(
            Frame(
                strips.map_picture(cam, scale, f"Grad-CAM for {label}"),
                f"{label.capitalize()}, {answer.percent(float(seen.probabilities[index]))}",
                strips.values_text(cam.shape),
                seen.layer if index == seen.target else "",
                strips.map_table(cam, scale),
            )
        )
    text = (
        "Grad-CAM asks which places of the last feature map raise an expression's score (red) and which lower it "
        "(blue). It is computed from gradients, after the fact. A CAM can light up places the network does not use. "
        "The maps are coarse, with as many values as stand below them, and drawn smooth."
    )
    measured = (
        "these maps' largest value" if stretch else f"the largest value of all {len(seen.labels)} expressions' maps"
    )
    unit = (
        "Activation weighted by the score's gradient, in the score's own unit (logit); the places need not add up to "
        f"the score. A CAM has no fixed range: the scale ends at {measured}."
    )
    bar = strips.colour_bar(scale, unit, [seen.cams[index] for index in shown])
    return strips.section("Grad-CAM", text, bar, strips.strip(frames, face), level=2)


def cam_scale(seen: Explanation, stretch: bool) -> Scale:
    """Zero in the middle; out to the largest value of every expression's CAM, or of those shown."""
    return signed_scale(seen.cams[_shown_labels(seen)] if stretch else seen.cams)


def _shown_labels(seen: Explanation) -> list[int]:
    """The explained expression, then those most probable beside it."""
    others = [int(index) for index in np.argsort(-seen.probabilities) if index != seen.target]
    return [seen.target, *others[:RUNNERS_UP]]


def gate_sections(groups: Sequence[GateGroup], face: str, stretch: bool) -> str:
    """Every gate of a network, from the first layer to the last, under a heading that says what gates are."""
    if not groups:
        return strips.heading(
            "No gates", "This network computes no attention of its own: Grad-CAM is all there is to see."
        )
    lead = strips.heading(
        "The network's own gates",
        "Attention that the network computed itself while it read this face, from the first layer to the last. "
        "Each gate is what the layer's values were multiplied by, exactly. It is not an explanation made afterwards. "
        "Maps are drawn smooth; how many values each has stands below it.",
    )
    return lead + "".join(_gate_section(group, face, stretch) for group in groups)


def _gate_section(group: GateGroup, face: str, stretch: bool) -> str:
    """Every layer of one family, on one scale."""
    words = MECHANISMS[group.family]
    gates = [gate for layer in group.layers for gate in layer.gates]
    value_range, unit = gates[0].value_range, words.unit
    if all(len(gate.places) == 1 for gate in gates):
        maps = [coordinate_map(*layer.gates) for layer in group.layers]
        # A product of two weights is smaller than either, so bars and maps are stretched each to their own range.
        bars = gate_scale(value_range, [values for gate in gates for values in channel_spread(gate)], stretch)
        scale = gate_scale(value_range, maps, stretch)
        frames = [_coordinate_frame(layer, scale, bars) for layer in group.layers]
        unit += f" Bars run from {bars.format(bars.low)} to {bars.format(bars.high)}."
    else:
        maps = [gate.values if _is_channels(gate) else position_map(gate) for gate in gates]
        scale = gate_scale(value_range, maps, stretch)
        frames = [_gate_frame(layer, gate, scale) for layer in group.layers for gate in layer.gates]
    if stretch:
        unit += " Stretched to this picture's range."
    elif _spread(maps) < SMALL * (scale.high - scale.low):
        unit += " Differences are small here: “Stretch to this picture's range” makes them visible."
    strip = strips.strip(frames, face, flat=all(map(_is_channels, gates)))
    return strips.section(words.title, escape(words.text), strips.colour_bar(scale, unit, maps), strip)


def _spread(maps: Sequence[np.ndarray]) -> float:
    return float(max(map(np.max, maps)) - min(map(np.min, maps)))


def _coordinate_frame(layer: Layer, scale: Scale, bars: Scale) -> Frame:
    gate_h, gate_w = layer.gates
    product, rows, columns = coordinate_map(gate_h, gate_w), channel_spread(gate_h), channel_spread(gate_w)
    title = f"{layer.name} · {layer.mechanism}"
    return Frame(
        strips.coordinate_picture(product, rows, columns, scale, bars, title),
        title,
        f"{len(gate_h.values)} channels · {strips.values_text(product.shape)}",
        layer.module,
        strips.profile_table(rows, columns, bars) + strips.map_table(product, scale),
    )


def _gate_frame(layer: Layer, gate: GateMap, scale: Scale) -> Frame:
    title = f"{layer.name} · {layer.mechanism}"
    if len(layer.gates) > 1:
        title += " places" if gate.places else " channels"
    if _is_channels(gate):
        order, weights = sorted_channels(gate)
        picture, table = strips.channels_picture(weights, scale, title), strips.channels_table(order, weights, scale)
        detail = f"{len(weights)} channels, sorted"
    else:
        values = position_map(gate)
        picture, table = strips.map_picture(values, scale, title), strips.map_table(values, scale)
        channels = f"{len(gate.values)} channels · " if "channel" in gate.axes else ""
        detail = channels + strips.values_text(values.shape)
    return Frame(picture, title, detail, gate.layer, table)


def _is_channels(gate: GateMap) -> bool:
    return not gate.places
