"""What a network costs."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from fer_models.networks.registry import create_network


@dataclass(frozen=True)
class Cost:
    """What a network costs: trainable parameters, and multiply-adds of its convolutions and linear layers."""

    parameters: int
    macs: int


def network_cost(name: str, num_classes: int = 8, side: int = 224) -> Cost:
    """Count a variant's parameters, and its MACs for one ``side`` x ``side`` picture.

    Nothing is computed: the network lives on PyTorch's meta device, which knows shapes only.
    """
    with torch.device("meta"):
        network = create_network(name, num_classes).eval()
        images = torch.empty(1, 3, side, side)
    macs = 0

    def count(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
        nonlocal macs
        # Every output value of a convolution or linear layer costs one multiply-add per weight of its channel.
        macs += output.numel() * cast(nn.Conv2d | nn.Linear, module).weight[0].numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    network(images)
    return Cost(sum(p.numel() for p in network.parameters() if p.requires_grad), macs)
