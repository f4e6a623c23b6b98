"""The blocks of a network, and running up to one and on from it."""

import pytest
import torch

import fer_models as fer
from fer_models.networks.layers import layers_of, run_from, run_to


@pytest.mark.parametrize("name", fer.list_networks())
def test_up_to_any_block_and_on_is_the_whole_network(name):
    network = fer.create_network(name, 8).eval()
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    layers = layers_of(network, 64)
    with torch.inference_mode():
        logits = network(images)
        for layer in (layers[0], layers[len(layers) // 2], layers[-1]):
            maps = run_to(network, layer, images)
            assert maps.shape == (2, layer.channels, layer.side, layer.side)
            assert torch.equal(run_from(network, layer, maps), logits)
    assert layers[-1].name == network.last_layer
    modules = dict(network.named_modules())
    assert all(layer.name in modules for layer in layers)
    assert len({layer.name for layer in layers}) == len(layers)
