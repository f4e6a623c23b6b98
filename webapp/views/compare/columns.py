"""What stands side by side: networks, methods, layers or faces. One of these varies, the rest is shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from fer_models.evaluation.faithfulness import MapName
from fer_models.explanation.attribution import list_methods, uses_layer
from webapp import keys, state, wording
from webapp.components.face import ChosenFace
from webapp.components.gallery import Sample, read_gallery, sample_name
from webapp.components.map_picker import LAST, layer_names
from webapp.components.network_picker import PAPERS
from webapp.components.samples import sample_crop
from webapp.networks import load_classifier

FEWEST, MOST = 2, 4
VARIED = {"network": "Networks", "method": "Methods", "layer": "Layers", "face": "Faces"}
CHOSEN = "chosen"  # the face that is chosen above, among those that vary


@dataclass(frozen=True)
class Column:
    """What one column shows; ``layer`` is None for the last map and for methods on pixels."""

    title: str
    checkpoint: str
    face: ChosenFace
    method: str
    layer: str | None


class CannotCompare(Exception):
    """Why nothing is compared: ``title`` says what is wrong, the message what to do."""

    def __init__(self, title: str, message: str):
        super().__init__(message)
        self.title = title


def choose_varied() -> str:
    """Which of networks, methods, layers and faces varies."""
    return state.choose(
        keys.VARY, st.radio, "Compare", VARIED, horizontal=True, label_visibility="collapsed", width="stretch"
    )


def main_network(checkpoints: Sequence[str]) -> str:
    """The network that other pages show: its best map is the one that is shown here by default."""
    names = {name: wording.network_name(name) for name in checkpoints}
    return state.chosen(keys.NETWORK, names, usual_network(checkpoints))


def usual_network(checkpoints: Sequence[str]) -> str:
    return DEFAULT_CHECKPOINT if DEFAULT_CHECKPOINT in checkpoints else checkpoints[0]


def choose_networks(checkpoints: Sequence[str], varied: str, first: str) -> list[str]:
    """The networks of all columns: several where they vary, by default ``first`` and another; else one.

    Raises CannotCompare.
    """
    names = {name: wording.network_name(name) for name in checkpoints}
    if varied != "network":
        usual = usual_network(checkpoints)
        return [state.choose(keys.NETWORK, st.selectbox, "Network", names, default=usual)]
    papers = [name for name in PAPERS if name in names]
    # Beside the chosen one stands the paper's before its own.
    before = papers[papers.index(first) - 1 :] if first in papers else []
    usual_two = list(dict.fromkeys([first, *before, *papers, *names]))[:FEWEST]
    return _several("networks", state.choose_several(keys.NETWORKS, st.multiselect, "Networks", names, usual_two))


def choose_methods() -> list[str]:
    """The methods that stand side by side. Raises CannotCompare."""
    names = {name: wording.METHODS[name] for name in list_methods()}
    usual = ["occlusion", "grad-cam"]
    return _several("methods", state.choose_several(keys.METHODS, st.multiselect, "Methods", names, usual))


def choose_layers(network: str) -> list[str]:
    """The layers that stand side by side, by name; the last map is LAST. Raises CannotCompare."""
    layers = load_classifier(network).layers
    names = layer_names(layers)
    finer = [layer.name for layer in layers if layer.side > layers[-1].side]
    usual = [LAST, finer[-1] if finer else layers[0].name]
    return _several("layers", state.choose_several(keys.LAYERS, st.multiselect, "Layers", names, usual))


def choose_faces(chosen: ChosenFace) -> list[tuple[str, ChosenFace]]:
    """The faces that stand side by side, with their names. Raises CannotCompare."""
    samples = {sample.id: sample for group in read_gallery().values() for sample in group}
    names = {CHOSEN: "The face chosen above"} | {id: sample_name(sample) for id, sample in samples.items()}
    own = chosen.sample.id if chosen.sample else ""
    other = next(id for id in ("surprise-1", *samples) if id in samples and id != own)
    ids = _several("faces", state.choose_several(keys.FACES, st.multiselect, "Faces", names, [CHOSEN, other]))
    return [
        (names[id] if id != CHOSEN else sample_name(chosen.sample) if chosen.sample else "Your face", face)
        for id, face in ((id, chosen if id == CHOSEN else face_of(samples[id])) for id in ids)
    ]


def choose_method(best: MapName | None, *, of_layers: bool = False) -> str:
    """The method that all columns share, by default the ``best`` map's; with ``of_layers`` one that takes a layer."""
    methods = [name for name in list_methods() if not of_layers or uses_layer(name)]
    usual = best.method if best else None
    return state.choose(
        keys.METHOD, st.selectbox, "Map", {name: wording.METHODS[name] for name in methods}, default=usual
    )


def choose_layer(networks: Sequence[str], method: str, best: MapName | None) -> str | None:
    """The layer that all columns share: one that all of the networks have, at the same size; None for the last map.

    By default that of the ``best`` map, where it is of this method.
    """
    layers = [layer_names(load_classifier(network).layers) for network in networks]
    shared = {name: words for name, words in layers[0].items() if all(each.get(name) == words for each in layers)}
    usual = best.layer if best and best.method == method and best.layer in shared else LAST
    chosen = state.choose(keys.LAYER, st.selectbox, "Layer", {LAST: "Last map"} | shared, default=usual)
    return None if chosen == LAST else chosen


def face_of(sample: Sample) -> ChosenFace:
    return ChosenFace(("sample", sample.id), sample_crop(sample), sample=sample)


def common_labels(networks: Sequence[str]) -> tuple[list[str], list[str]]:
    """Labels that all of the networks have, in the first one's order, and those that only some have.

    Raises CannotCompare where they have none in common.
    """
    all_labels = [load_classifier(network).labels for network in networks]
    common = [label for label in all_labels[0] if all(label in labels for labels in all_labels)]
    if not common:
        raise CannotCompare("Nothing in common", "These networks have no expression in common. Choose others.")
    others = dict.fromkeys(label for labels in all_labels for label in labels if label not in common)
    return common, list(others)


def _several(noun: str, chosen: list[str]) -> list[str]:
    if len(chosen) > MOST:
        raise CannotCompare(f"{len(chosen)} {noun} are too many", "At most four stand side by side: take some away.")
    if len(chosen) < FEWEST:
        raise CannotCompare(f"Choose two to four {noun}", "They are compared side by side, in the order you choose.")
    return chosen
