"""Every gate of every registered network has a place and words on the page."""

import numpy as np
import pytest
import torch

import fer_models as fer
from fer_models.attention import KINDS, Gate
from fer_models.explanation import GateMap
from webapp.figures.gate_groups import group_gates
from webapp.wording import MECHANISMS


def gates_of(network: torch.nn.Module) -> list[GateMap]:
    """Gates as a forward pass would record them, without values."""
    return [
        GateMap(name, kind, KINDS[kind].axes, KINDS[kind].value_range, np.zeros(1))
        for name, module in network.named_modules()
        if isinstance(module, Gate)
        for kind in module.kinds
    ]


@pytest.mark.parametrize("name", fer.list_networks())
def test_no_gate_is_left_out_and_every_family_has_words(name):
    with torch.device("meta"):
        network = fer.create_network(name)
    gates = gates_of(network)
    groups = group_gates(network, gates)
    assert [gate for group in groups for layer in group.layers for gate in layer.gates] == gates
    assert {group.family for group in groups} <= set(MECHANISMS)


def test_neighbouring_layers_of_one_family_form_one_group():
    with torch.device("meta"):
        network = fer.create_network("mobilenetv3_cpsca")
    groups = group_gates(network, gates_of(network))
    assert [(group.family, [layer.name for layer in group.layers]) for group in groups] == [
        ("SqueezeExcite", ["Block 4", "Block 5", "Block 6"]),
        ("CoordinateAttention", ["Block 9", "Block 10", "Block 11", "Block 12", "Block 13", "Block 14", "Block 15"]),
    ]
    assert [layer.mechanism for layer in groups[1].layers] == ["CPSCA"] * 2 + ["CA"] * 5


def test_cbams_two_gates_are_one_layer():
    with torch.device("meta"):
        network = fer.create_network("a_mobilenet")
    (group,) = group_gates(network, gates_of(network))
    assert [layer.module for layer in group.layers] == [f"features.{block}.attention" for block in (4, 6, 11, 13)]
    assert all([gate.kind for gate in layer.gates] == ["channel", "spatial"] for layer in group.layers)
