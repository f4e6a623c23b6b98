"""A network's gates as strips: maps on the face, channel weights as one row of colours a layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from fer_models.explanation import GateMap, coordinate_map, position_map
from fer_models.explanation.gates import channel_spread, sorted_channels
from webapp.figures import strips
from webapp.figures.colours import Scale, contrast_scale
from webapp.figures.gate_groups import GateGroup, Layer
from webapp.figures.pictures import data_uri, rows_png
from webapp.figures.strips import Frame, Profile
from webapp.wording import MECHANISMS

RANKS = 96  # steps of a row of sorted channel weights
AGAINST = " The average face's gate is taken away: zero is what any face gives, red is more here, blue less."


@dataclass(frozen=True)
class GateView:
    """How gates are drawn: over which face (a data URI), how opaque, 0..1, and at which contrast.

    ``contrast``: a key of colours.CONTRASTS; for 'average', ``average`` has the average face's gates, whose values are
    taken from those shown, by layer and kind.
    """

    face: str
    opacity: float = 1.0
    contrast: str = "picture"
    average: Mapping[tuple[str, str], GateMap] | None = None

    def mean_of(self, gate: GateMap) -> GateMap | None:
        """The average face's gate, where it is to be taken away."""
        return self.average[gate.layer, gate.kind] if self.contrast == "average" and self.average else None

    def scale(self, value_range: tuple[float, float], maps: Sequence[np.ndarray]) -> Scale:
        return contrast_scale(self.contrast, value_range, maps)

    def fixed(self, value_range: tuple[float, float]) -> tuple[float, float]:
        """What the values on show can be: those of the kind, or differences of such."""
        low, high = value_range
        return (low - high, high - low) if self.contrast == "average" else value_range


def gates_heading(count: int) -> str:
    """What gates are, over the strips of ``count`` families; or that there are none."""
    if not count:
        return strips.heading(
            "No gates",
            "This network computes no attention of its own: maps made afterwards are all there is to see.",
        )
    return strips.heading(
        "The network's own gates",
        "Attention that the network computed itself while it read this face, from the first layer to the last. "
        "Each gate is what the layer's values were multiplied by, exactly. It is not an explanation made afterwards. "
        "Maps are drawn smooth; how many values each has stands below it.",
    )


def gate_section(group: GateGroup, view: GateView) -> str:
    """Every layer of one family: maps on one scale, channel weights on one of their own."""
    words = MECHANISMS[group.family]
    gates = [gate for layer in group.layers for gate in layer.gates]
    sections = []
    if any(len(gate.places) == 1 for gate in gates):
        sections.append(_coordinates(group.layers, view, words.unit))
    if any(len(gate.places) == 2 for gate in gates):
        sections.append(_places(group.layers, view, words.unit))
    if any(not gate.places for gate in gates):
        sections.append(_channels(group.layers, view))
    drawn = strips.section(words.title, words.text, *sections[0])
    return drawn + "".join(strips.section("Channel weights", "", *each) for each in sections[1:])


def _places(layers: Sequence[Layer], view: GateView, unit: str) -> tuple[str, str]:
    """Colour bar and strip of every gate that has a map."""
    shown = [(layer, gate) for layer in layers for gate in layer.gates if len(gate.places) == 2]
    maps = [position_values(gate, view.mean_of(gate)) for _, gate in shown]
    value_range = shown[0][1].value_range
    scale = view.scale(value_range, maps)
    frames = [_map_frame(layer, gate, values, scale) for (layer, gate), values in zip(shown, maps, strict=True)]
    bar = strips.colour_bar(scale, _unit(unit, view), maps, view.fixed(value_range))
    return bar, strips.strip(frames, view.face, view.opacity)


def position_values(gate: GateMap, mean: GateMap | None = None) -> np.ndarray:
    """A gate's map (h, w), less that of ``mean`` where there is one."""
    return position_map(gate) if mean is None else position_map(gate) - position_map(mean)


def _map_frame(layer: Layer, gate: GateMap, values: np.ndarray, scale: Scale) -> Frame:
    title = gate_title(layer, gate)
    channels = f"{len(gate.values)} channels · " if "channel" in gate.axes else ""
    return Frame(
        strips.map_picture(values, scale, title),
        title,
        channels + strips.values_text(values.shape),
        gate.layer,
        strips.map_table(values, scale),
    )


def gate_title(layer: Layer, gate: GateMap) -> str:
    """'Block 4 · CBAM places': which gate of which layer."""
    which = "" if len(layer.gates) == 1 else " places" if gate.places else " channels"
    return f"{layer.name} · {layer.mechanism}{which}"


def _coordinates(layers: Sequence[Layer], view: GateView, unit: str) -> tuple[str, str]:
    """Colour bar and strip of coordinate gates: rows times columns, with the weights along the edges."""
    products = [_product(layer, view) for layer in layers]
    edges = [[_profile(gate, view) for gate in layer.gates] for layer in layers]
    value_range = layers[0].gates[0].value_range
    # A product of two weights is smaller than either: bars and maps have a scale each.
    scale = view.scale(value_range, products)
    bars = view.scale(value_range, [values for pair in edges for profile in pair for values in profile])
    frames = [
        Frame(
            strips.coordinate_picture(product, rows, columns, scale, bars, f"{layer.name} · {layer.mechanism}"),
            f"{layer.name} · {layer.mechanism}",
            f"{len(layer.gates[0].values)} channels · {strips.values_text(product.shape)}",
            layer.module,
            strips.profile_table(rows, columns, bars) + strips.map_table(product, scale),
        )
        for layer, product, (rows, columns) in zip(layers, products, edges, strict=True)
    ]
    unit = f"{_unit(unit, view)} Bars run from {bars.format(bars.low)} to {bars.format(bars.high)}."
    bar = strips.colour_bar(scale, unit, products, view.fixed(value_range))
    return bar, strips.strip(frames, view.face, view.opacity)


def _product(layer: Layer, view: GateView) -> np.ndarray:
    """Rows times columns (h, w), less the average face's."""
    means = [mean for mean in map(view.mean_of, layer.gates) if mean is not None]
    return coordinate_map(*layer.gates) - (coordinate_map(*means) if means else 0)


def _profile(gate: GateMap, view: GateView) -> Profile:
    """Weights along an edge, less the average face's."""
    mean = view.mean_of(gate)
    if mean is None:
        return channel_spread(gate)
    return channel_spread(GateMap(gate.layer, gate.kind, gate.axes, gate.value_range, gate.values - mean.values))


def _channels(layers: Sequence[Layer], view: GateView) -> tuple[str, str]:
    """Colour bar and table of every gate without places: one row of colours a layer, from high to low."""
    shown = [(layer, gate) for layer in layers for gate in layer.gates if not gate.places]
    weights = [channel_weights(gate, view.mean_of(gate))[1] for _, gate in shown]
    value_range = shown[0][1].value_range
    scale = view.scale(value_range, weights)
    unit = "Gate; each row is one layer's channels, sorted from high to low. 1 lets a channel pass whole, 0 stops it."
    rows = "".join(
        _channels_row(f"{layer.name} · {layer.mechanism}", gate.layer, each, scale)
        for (layer, gate), each in zip(shown, weights, strict=True)
    )
    table = (
        '<table class="fs-ranks"><thead><tr><th scope="col">Layer</th><th scope="col">Channels, high to low</th>'
        '<th scope="col">Most</th><th scope="col">Middle</th><th scope="col">Least</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    return strips.colour_bar(scale, _unit(unit, view), weights, view.fixed(value_range)), table


def _channels_row(title: str, module: str, weights: np.ndarray, scale: Scale) -> str:
    ranks = np.linspace(0, len(weights) - 1, min(RANKS, len(weights))).round().astype(int)
    row = strips.image(data_uri(rows_png(weights[None, ranks], scale), "image/png"), f"{len(weights)} channels")
    numbers = (weights[0], weights[len(weights) // 2], weights[-1])
    cells = "".join(f"<td>{scale.format(float(value))}</td>" for value in numbers)
    return f'<tr><th scope="row">{escape(title)}{strips.module_name(module)}</th><td>{row}</td>{cells}</tr>'


def channel_weights(gate: GateMap, mean: GateMap | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Channels from the highest weight to the lowest and those weights, less those of ``mean``: (C,), (C,)."""
    if mean is not None:
        gate = GateMap(gate.layer, gate.kind, gate.axes, gate.value_range, gate.values - mean.values)
    return sorted_channels(gate)


def channel_curves(group: GateGroup, view: GateView) -> str:
    """Every layer's channel weights as a curve over their rank, with the channels of highest and lowest weight."""
    shown = [(layer, gate) for layer in group.layers for gate in layer.gates if not gate.places]
    weights = [channel_weights(gate, view.mean_of(gate)) for _, gate in shown]
    scale = view.scale(shown[0][1].value_range, [values for _, values in weights])
    frames = [
        Frame(
            strips.channels_picture(values, scale, gate_title(layer, gate)),
            gate_title(layer, gate),
            f"{len(values)} channels, sorted",
            gate.layer,
            strips.channels_table(order, values, scale),
        )
        for (layer, gate), (order, values) in zip(shown, weights, strict=True)
    ]
    return strips.strip(frames, flat=True)


def _unit(unit: str, view: GateView) -> str:
    return unit + (AGAINST if view.contrast == "average" else "")
