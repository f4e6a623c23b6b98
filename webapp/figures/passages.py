"""Each attention layer as three frames, what comes in, the gate and what goes out, and the channels at both ends."""

from collections.abc import Mapping

import numpy as np

from fer_models.explanation.passages import Passage, strength
from webapp.figures import strips
from webapp.figures.colours import BLUE_CLEAR_RED, CIVIDIS, Scale, contrast_scale, signed_scale
from webapp.figures.gate_groups import GateGroup, Layer
from webapp.figures.gates import GateView
from webapp.figures.strips import Frame

ENDS = 4  # channels of the largest and of the smallest weight that are shown
SMALL = 96  # pixels, a channel's side
UNIT = "Strength: root mean square over channels, before and after the gate on one scale."
ENERGY = (
    "1/e*, mean over channels: how far a value lies from its channel's mean, against that channel's spread. 0.5 is the "
    "least. The gate is its sigmoid."
)


def passages_html(group: GateGroup, passages: Mapping[str, Passage], view: GateView) -> str:
    """A section for each layer of a family; ``passages`` by the mechanism's name."""
    return "".join(_section(layer, passages[layer.module], view) for layer in group.layers)


def energy_section(group: GateGroup, passages: Mapping[str, Passage], view: GateView, title: str) -> str:
    """SimAM's energy of every layer in its own unit, all on one scale."""
    maps = [passages[layer.module].inverse_energy for layer in group.layers]
    means = [values.mean(0) for values in maps if values is not None]
    scale = Scale(0.5, max(float(values.max()) for values in means), CIVIDIS)
    frames = [
        Frame(
            strips.map_picture(values, scale, f"{layer.name}, 1/e*"),
            layer.name,
            strips.values_text(values.shape),
            layer.module,
            strips.map_table(values, scale),
        )
        for layer, values in zip(group.layers, means, strict=True)
    ]
    bar = strips.colour_bar(scale, ENERGY, means)
    return strips.section(title, "", bar, strips.strip(frames, view.face, view.opacity))


def _section(layer: Layer, passage: Passage, view: GateView) -> str:
    before, after = strength(passage.before), strength(passage.after)
    scale = Scale(0.0, max(float(before.max()), float(after.max())), CIVIDIS)
    title = f"{layer.name} · {layer.mechanism}"
    frames = [
        Frame(strips.map_picture(before, scale, f"{title}, what comes in"), "What comes in", _channels(passage)),
        _gate(layer, passage, title),
        Frame(strips.map_picture(after, scale, f"{title}, what goes out"), "What goes out", _channels(passage)),
    ]
    told = strips.strip(frames, view.face, view.opacity) + _ends(passage, title, view)
    return strips.section(
        title, "", strips.colour_bar(scale, UNIT, [before, after]), f'<div class="fs-passage">{told}</div>'
    )


def _channels(passage: Passage) -> str:
    return f"{len(passage.before)} channels · {strips.values_text(passage.before.shape[1:])}"


def _gate(layer: Layer, passage: Passage, title: str) -> Frame:
    """The product of the layer's gates over the face, mean over channels; a curve where it has no places."""
    if any(gate.places for gate in layer.gates):
        values = passage.gate.mean(0)
        scale = contrast_scale("picture", layer.gates[0].value_range, [values])
        detail = f"{scale.format(float(values.min()))} to {scale.format(float(values.max()))}, mean over channels"
        return Frame(strips.map_picture(values, scale, f"{title}, the gate"), "The gate", detail)
    weights = np.sort(passage.weights)[::-1]
    scale = Scale(*layer.gates[0].value_range, CIVIDIS)
    return Frame(strips.channels_picture(weights, scale, title), "The gate", f"{len(weights)} weights, sorted")


def _ends(passage: Passage, title: str, view: GateView) -> str:
    """Channels that the layer lets pass most and least, as they come in, on one scale."""
    order = np.argsort(-passage.weights, kind="stable")
    count = min(ENDS, len(order) // 2)
    ends = {"Most": order[:count], "Least": order[len(order) - count :]}
    maps = passage.before[np.concatenate(list(ends.values()))]
    scale = signed_scale(maps, BLUE_CLEAR_RED)
    frames = [
        Frame(
            strips.map_picture(passage.before[channel], scale, f"{title}, channel {channel}", SMALL),
            f"{words}: {passage.weights[channel]:.2f}",
            f"channel {channel}",
        )
        for words, channels in ends.items()
        for channel in channels
    ]
    low, high = (scale.format(end) for end in (scale.low, scale.high))
    told = (
        "<p>Channels that it lets pass most and least, each with the mean of its gate, as they come in: "
        f"blue {low} to red {high}.</p>"
    )
    return f'<div class="fs-ends">{told}{strips.strip(frames, view.face, view.opacity)}</div>'
