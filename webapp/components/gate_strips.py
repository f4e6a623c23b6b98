"""The gates of a network under their heading, with the one choice that is made there: the contrast."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import streamlit as st

import fer_models as fer
from fer_models.explanation.averages import read_averages
from fer_models.explanation.passages import Passage
from webapp import keys, state
from webapp.figures.colours import CONTRASTS
from webapp.figures.gate_groups import GateGroup
from webapp.figures.gates import GateView, channel_curves, gate_section, gates_heading
from webapp.figures.passages import energy_section, passages_html
from webapp.networks import is_loaded, load_classifier
from webapp.wording import MECHANISMS

SIMAM = {"gate": "Gate", "energy": "Energy (1/e*)"}

CONTRAST_HELP = (
    "This picture: colours are spread over the values on show, and differences show. Same scale for all: over all that "
    "a gate of its kind can be, and any two pictures can be compared. Against the average face: what this face changes."
)


def average_gates(checkpoint: str) -> dict[tuple[str, str], fer.GateMap] | None:
    """The average face's gates by layer and kind; None where none are stored, or the network is still being loaded."""
    if not is_loaded(checkpoint):
        return None
    averages = read_averages(load_classifier(checkpoint))
    return {(gate.layer, gate.kind): gate for gate in averages.gates} if averages else None


def show_gates(groups: Sequence[GateGroup], view: GateView, look: Callable[[], list[Passage]] | None = None) -> None:
    """Draw every gate of a network, family by family, at the contrast that is chosen here.

    ``view.average`` is what the third contrast needs: without it there are two. ``look`` finds what each layer let
    pass, where that can be asked; it is called at most once, and only where a visitor wants to see it.
    """
    with st.container(key="own_gates"):
        st.html(gates_heading(len(groups)))
        if groups:
            _show_families(groups, view, look and cache(lambda: {each.layer: each for each in look()}))


def _show_families(
    groups: Sequence[GateGroup], view: GateView, passages: Callable[[], Mapping[str, Passage]] | None
) -> None:
    contrasts = {name: words.capitalize() for name, words in CONTRASTS.items() if name != "average" or view.average}
    contrast = state.choose(keys.CONTRAST, st.radio, "Contrast", contrasts, help=CONTRAST_HELP, horizontal=True)
    view = replace(view, contrast=contrast)
    for number, group in enumerate(groups):
        _show_family(group, view, passages)
        if any(not gate.places for layer in group.layers for gate in layer.gates):
            fold = st.expander("Channel weights as curves", key=f"curves{number}", on_change="rerun")
            if fold.open:
                fold.html(channel_curves(group, view))
        if passages:
            fold = st.expander("What comes in, and what goes out", key=f"passages{number}", on_change="rerun")
            if fold.open:
                fold.html(passages_html(group, passages(), view))


def _show_family(group: GateGroup, view: GateView, passages: Callable[[], Mapping[str, Passage]] | None) -> None:
    if group.family == "SimAM" and passages:
        shows = state.choose(keys.SIMAM, st.radio, "SimAM's", SIMAM, horizontal=True)
        if shows == "energy":
            st.html(energy_section(group, passages(), view, MECHANISMS[group.family].title))
            return
    st.html(gate_section(group, view))
