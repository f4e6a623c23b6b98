"""Which map of a network is shown: how it is made, and at which block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from fer_models.evaluation.faithfulness import MapName, best_map
from fer_models.explanation.attribution import list_methods, uses_layer
from webapp import keys, state, wording
from webapp.figures.strips import size_text

if TYPE_CHECKING:
    from fer_models.networks.layers import Layer

LAST = "last"  # the layer that a link need not name


def choose_map(checkpoint: str, layers: Sequence[Layer]) -> MapName:
    """Draw both controls; the default is what measured best for the checkpoint, else Grad-CAM at the last map."""
    best = best_map(checkpoint)
    methods = {name: wording.METHODS[name] for name in list_methods()}
    method = state.choose(keys.METHOD, st.selectbox, "Map", methods, default=best.method if best else None)
    if not uses_layer(method):
        return MapName(method)
    names = layer_names(layers)
    usual = best.layer if best and best.method == method and best.layer in names else LAST
    chosen = state.choose(keys.LAYER, st.selectbox, "Layer", names, default=usual)
    return MapName(method, layers[-1].name if chosen == LAST else chosen)


def layer_names(layers: Sequence[Layer]) -> dict[str, str]:
    """Every layer's plain name with its size, by its own name; the last map is LAST, and stands first."""
    *others, last = layers
    names = {LAST: last} | {layer.name: layer for layer in reversed(others)}
    return {id: f"{layer.title}, {size_text((layer.side, layer.side))}" for id, layer in names.items()}


def map_title(name: MapName, layers: Sequence[Layer]) -> str:
    """'LayerCAM (block 5)', 'Integrated gradients'."""
    words = wording.METHODS[name.method]
    title = next((layer.title for layer in layers if layer.name == name.layer), None)
    return f"{words} ({title[0].lower()}{title[1:]})" if title else words
