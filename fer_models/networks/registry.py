"""Every variant by name, how to build one, and what it costs."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from fer_models.attention import name_gates
from fer_models.networks import classic, efficientnet, mobilenetv1, mobilenetv2, mobilenetv3
from fer_models.networks.base import Network
from fer_models.text import nearest

#: The four networks of the papers, in their order, then their ablations and baselines.
PAPER_NETWORKS = ("mobilenetv3_simam", "mobilenetv3_cpsca", "a_mobilenet", "efficientnet_b0_attention")
_BUILDERS = {
    **mobilenetv3.VARIANTS,
    **mobilenetv1.VARIANTS,
    **efficientnet.VARIANTS,
    **mobilenetv2.VARIANTS,
    **classic.VARIANTS,
}


class UnknownNetworkError(ValueError):
    """No network of that name; the message suggests the nearest."""


def list_networks() -> list[str]:
    """Names of every registered variant, the four papers' networks first."""
    return [*PAPER_NETWORKS, *(name for name in _BUILDERS if name not in PAPER_NETWORKS)]


def create_network(name: str, num_classes: int = 8, **options: Any) -> Network:
    """Build a variant with fresh weights, in training mode.

    The network maps images (N, 3, H, W), float, any side from 48 to 512, to logits (N, ``num_classes``). ``options``
    are the family's own (see its builder), e.g. ``dropout``.

    Raises:
        UnknownNetworkError: no variant has that name.
        ValueError: fewer than two classes, or an option that the builder does not know or cannot build with.
    """
    if name not in _BUILDERS:
        raise UnknownNetworkError(
            f"There is no network '{name}'.{nearest(name, _BUILDERS)} 'ferscope networks' lists them."
        )
    if num_classes < 2:
        raise ValueError(f"A classifier needs at least two classes, not {num_classes}.")
    try:
        network = _BUILDERS[name](num_classes=num_classes, **options)
    except (TypeError, ValueError, LookupError, ArithmeticError, RuntimeError) as error:  # PyTorch's, of bad shapes
        raise ValueError(f"Network '{name}' cannot be built with {options}: {error}") from error
    name_gates(network)
    return network


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
