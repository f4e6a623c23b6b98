"""Batch norms fitted to rounded weights, against the statistics that PyTorch itself gathers in training mode."""

import copy

import torch
from torch import Tensor, nn

from fer_models.quantization import pack, round_to_int8, unpack

FP16 = {"rtol": 1e-3, "atol": 2e-3}  # norms are stored with eleven binary digits


def small_network(images: Tensor) -> nn.Sequential:
    """Two convolutions with weights that int8 rounds coarsely; the norms hold the statistics of ``images``."""
    torch.manual_seed(0)
    convolutions = nn.Conv2d(3, 16, 3, bias=False), nn.Conv2d(16, 8, 3, bias=False)
    for convolution in convolutions:
        convolution.weight.data[:, 0, 1, 1] *= 40  # one large weight makes steps of its size for its channel
    norms = [nn.BatchNorm2d(convolution.out_channels, momentum=None) for convolution in convolutions]
    network = nn.Sequential(convolutions[0], norms[0], nn.ReLU(), convolutions[1], norms[1])
    network(images)
    return network.eval()


def statistics(network: nn.Module) -> Tensor:
    return torch.cat([t for name, t in network.state_dict().items() if name.endswith(("running_mean", "running_var"))])


def gathered_anew(network: nn.Module, images: Tensor) -> Tensor:
    fresh = copy.deepcopy(network).train()
    for module in fresh.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    fresh(images)
    return statistics(fresh)


def test_norms_hold_the_statistics_of_the_rounded_network():
    images = torch.rand(32, 3, 20, 20, generator=torch.Generator().manual_seed(1))
    network = small_network(images)
    exact = statistics(network).clone()
    weights = unpack(pack(network.state_dict(), "int8"))
    round_to_int8(network, images)
    for name in ("0.weight", "3.weight"):
        assert torch.equal(network.state_dict()[name], weights[name])
    wanted = gathered_anew(network, images)
    torch.testing.assert_close(statistics(network), wanted, **FP16)
    assert (exact - wanted).abs().max() > 0.02  # what they would be off by


def test_statistics_of_other_images_are_moved_not_replaced():
    images = torch.rand(32, 3, 20, 20, generator=torch.Generator().manual_seed(1))
    network = small_network(images)
    mean = network[1].running_mean.clone()
    moved = small_network(images)
    moved[1].running_mean += 3
    round_to_int8(network, images)
    round_to_int8(moved, images)
    torch.testing.assert_close(moved[1].running_mean, network[1].running_mean + 3, **FP16)
    assert (network[1].running_mean - mean).abs().max() > 0.02
