"""From an Explanation to the page's strips: which reduction is drawn as which picture, under which words."""

from html import escape

import numpy as np

from fer_models.explanation import Explanation, GateMap, coordinate_map, position_map
from fer_models.explanation.gates import channel_spread, sorted_channels
from fer_models.preprocessing import Preprocessing, to_source
from webapp.figures import answer, strips
from webapp.figures.colours import Scale, gate_scale, signed_scale
from webapp.figures.pictures import data_uri, face_webp, input_png
from webapp.figures.strips import Frame
from webapp.gate_groups import GateGroup, Layer
from webapp.wording import MECHANISMS

RUNNERS_UP = 2  # expressions whose Grad-CAM stands beside the explained one's


def face_uri(crop: np.ndarray) -> str:
    """The aligned crop as a data URI."""
    return data_uri(face_webp(crop), "image/webp")


def overview(seen: Explanation, face: str, opacity: float, stretch: bool) -> str:
    """The aligned crop, Grad-CAM laid over it, and the probability of every expression."""
    label = seen.labels[seen.target]
    scale = cam_scale(seen, stretch)
    crop = (
        f'<div class="fs-face">{strips.image(face, "The face, upright and cut out, as the network is given it")}</div>'
    )
    cam = answer.overlay(strips.image(face, ""), strips.map_picture(seen.cam, scale, f"Grad-CAM for {label}"), opacity)
    frames = [
        Frame(crop, "The face, aligned"),
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
            "What the network gets",
            f"grey, {strips.size_text(grey.shape)} pixels",
        )
    ]
    scale = cam_scale(seen, stretch)
    others = [index for index in np.argsort(-seen.probabilities) if index != seen.target][:RUNNERS_UP]
    for index in (seen.target, *others):
        label, cam = seen.labels[index], seen.cams[index]
        frames.append(
            Frame(
                strips.map_picture(cam, scale, f"Grad-CAM for {label}"),
                f"{label.capitalize()}, {answer.percent(float(seen.probabilities[index]))}",
                f"last feature map · {strips.size_text(cam.shape)}",
                seen.layer if index == seen.target else "",
                strips.map_table(cam, scale),
            )
        )
    text = (
        "Grad-CAM asks which places of the last feature map raise an expression's score (red) and which lower it (blue). "
        "It is computed from gradients, after the fact. A CAM can light up places the network does not use."
    )
    measured = (
        f"{seen.labels[seen.target]}'s largest value" if stretch else f"the largest value of all {len(seen.labels)}"
    )
    unit = f"Share of the score (logit) at each place. A CAM has no fixed range: the scale ends at {measured} here."
    return strips.section("Grad-CAM", text, strips.colour_bar(scale, unit), strips.strip(frames, face))


def cam_scale(seen: Explanation, stretch: bool) -> Scale:
    """Zero in the middle; out to the largest value of every expression's CAM, or of the explained one's."""
    return signed_scale(seen.cam if stretch else seen.cams)


def gate_section(group: GateGroup, face: str, stretch: bool) -> str:
    """Every layer of one mechanism, on one scale."""
    words = MECHANISMS[group.mechanism]
    maps = [values for layer in group.layers for values in _drawn(layer)]
    scale = gate_scale(group.layers[0].gates[0].value_range, maps, stretch)
    frames = [frame for layer in group.layers for frame in _frames(group.mechanism, layer, scale)]
    unit = f"{words.unit} Stretched to this picture's range." if stretch else words.unit
    return strips.section(words.title, escape(words.text), strips.colour_bar(scale, unit), strips.strip(frames, face))


def _drawn(layer: Layer) -> list[np.ndarray]:
    """Every value that a layer's pictures show, for the stretched scale."""
    first = layer.gates[0]
    if first.kind == "ca_h":
        return [coordinate_map(*layer.gates), *(values for gate in layer.gates for values in channel_spread(gate))]
    return [gate.values if _is_channels(gate) else position_map(gate) for gate in layer.gates]


def _frames(mechanism: str, layer: Layer, scale: Scale) -> list[Frame]:
    first = layer.gates[0]
    if first.kind == "ca_h":
        return [_coordinate_frame(mechanism, layer, scale)]
    return [_gate_frame(mechanism, layer, gate, scale) for gate in layer.gates]


def _coordinate_frame(mechanism: str, layer: Layer, scale: Scale) -> Frame:
    gate_h, gate_w = layer.gates
    product, rows, columns = coordinate_map(gate_h, gate_w), channel_spread(gate_h), channel_spread(gate_w)
    title = f"{layer.name} · {mechanism}"
    return Frame(
        strips.coordinate_picture(product, rows, columns, scale, title),
        title,
        f"{len(gate_h.values)} channels · {strips.size_text(product.shape)}",
        layer.module,
        strips.profile_table(rows, columns, scale) + strips.map_table(product, scale),
    )


def _gate_frame(mechanism: str, layer: Layer, gate: GateMap, scale: Scale) -> Frame:
    part = {"channel": " channels", "spatial": " places"}.get(gate.kind, "") if mechanism == "CBAM" else ""
    title = f"{layer.name} · {mechanism}{part}"
    if _is_channels(gate):
        order, weights = sorted_channels(gate)
        picture, table = strips.channels_picture(weights, scale, title), strips.channels_table(order, weights, scale)
        detail = f"{len(weights)} channels, sorted"
    else:
        values = position_map(gate)
        picture, table = strips.map_picture(values, scale, title), strips.map_table(values, scale)
        channels = f"{len(gate.values)} channels · " if gate.kind != "spatial" else ""
        detail = channels + strips.size_text(values.shape)
    return Frame(picture, title, detail, gate.layer, table)


def _is_channels(gate: GateMap) -> bool:
    return gate.kind in ("se", "channel")


def no_gates(name: str) -> str:
    """What stands in the place of gates for a network that has none."""
    return strips.section(
        "No gates", f"{escape(name)} has no attention of its own, so Grad-CAM is all there is to see.", "", ""
    )
