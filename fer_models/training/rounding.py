"""Rounded weights whose batch norms take back what rounding shifted."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from fer_models.quantization import pack, unpack

#: On how many faces norms are fitted: shifts are differences on the same faces, so few of them are enough.
FACES = 128

#: What is done with a norm, by its name, and its input (N, C, ...).
_Look = Callable[[str, _BatchNorm, Tensor], None]


@torch.no_grad()
def round_to_int8(network: nn.Module, images: Tensor) -> None:
    """Give a network the weights that its int8 form stores, and fit its batch norms to them, in place.

    Rounding a convolution moves the mean and the variance of what it gives, which its norm would pass on. So running
    mean and variance move as the batch's do, norm by norm in the order of the forward pass: each is measured behind
    norms that have been put right (bias correction, Nagel et al., ICCV 2019, section 4.2; here on faces).

    Args:
        network: in eval mode, as trained.
        images: (N, 3, S, S) inputs of the side that is served; some 100 do.
    """
    before: dict[str, tuple[Tensor, Tensor]] = {}

    def remember(name: str, norm: _BatchNorm, x: Tensor) -> None:
        before[name] = _statistics(x)

    def follow(name: str, norm: _BatchNorm, x: Tensor) -> None:
        variance, mean = _statistics(x)
        old_variance, old_mean = before[name]
        cast(Tensor, norm.running_mean).add_(mean - old_mean)
        cast(Tensor, norm.running_var).mul_((variance + norm.eps) / (old_variance + norm.eps))

    _visit(network, images, remember)
    network.load_state_dict(unpack(pack(network.state_dict(), "int8")))
    _visit(network, images, follow)


def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Variance and mean (C,) of each channel."""
    return torch.var_mean(x, dim=[0, *range(2, x.ndim)], correction=0)


def _visit(network: nn.Module, images: Tensor, look: _Look) -> None:
    """Run the network once and ``look`` at the input of each batch norm before the norm itself sees it."""

    def hook(name: str) -> Callable[[nn.Module, tuple[Tensor]], None]:
        return lambda norm, inputs: look(name, cast(_BatchNorm, norm), inputs[0])

    norms = [(name, module) for name, module in network.named_modules() if isinstance(module, _BatchNorm)]
    handles = [module.register_forward_pre_hook(hook(name)) for name, module in norms]
    try:
        network(images)
    finally:
        for handle in handles:
            handle.remove()
