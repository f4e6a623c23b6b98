"""The forms in which weights are stored: fp32, fp16, or int8 with one scale per output channel.

In memory weights are float32, and fp32 keeps every bit. int8 halves a file of fp16 once more: in a weight of two and
more dimensions, that is of a convolution or a linear layer, channel o holds ``round(w[o] / scale[o])`` with ``scale[o]
= max |w[o]| / 127``, so no weight is off by more than half a scale. A channel that sums nine weights or fewer, as a 3x3
depthwise convolution does, stays fp16: so few rounding errors do not cancel out (docs/training-log.md, "What int8
costs"), and a scale for each would save little. So do norms, biases and running means; whole numbers stay as they are.
``round_to_int8`` readies a network for that: its batch norms take back what rounding shifts.
"""

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from fer_models.card import WeightForm

#: What is added to the name of an int8 tensor to name its scales (O,), float32.
SCALE = ".scale"
_FEW = 9
_LARGEST = 127  # -128 is left out, so that the range is the same on both sides of zero

#: On how many faces norms are fitted: shifts are differences on the same faces, so few of them are enough.
FITTING_FACES = 128

#: What is done with a norm, by its name, and its input (N, C, ...).
_Look = Callable[[str, _BatchNorm, Tensor], None]


def pack(tensors: Mapping[str, Tensor], form: WeightForm) -> dict[str, Tensor]:
    """The tensors of a state dict as they are stored, contiguous copies."""
    packed = {}
    for name, tensor in tensors.items():
        if form == "int8" and tensor.is_floating_point() and tensor.ndim >= 2 and tensor[0].numel() > _FEW:
            packed[name], packed[name + SCALE] = _as_int8(tensor)
        elif form != "fp32" and tensor.is_floating_point():
            packed[name] = _as_fp16(tensor)
        else:
            packed[name] = tensor.contiguous().clone()
    return packed


def unpack(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict behind stored tensors, in float32. ValueError when an int8 tensor has no fitting scales."""
    tensors = {}
    for name, tensor in stored.items():
        if tensor.dtype == torch.int8:
            scale = stored.get(name + SCALE)
            if scale is None or scale.shape != tensor.shape[:1]:
                raise ValueError(f"'{name}' is int8, but has no scale for each of its channels")
            tensors[name] = tensor.float() * _along_first(scale.float(), tensor)
        elif not (name.endswith(SCALE) and name.removesuffix(SCALE) in stored):
            tensors[name] = tensor.float() if tensor.is_floating_point() else tensor
    return tensors


def _as_int8(tensor: Tensor) -> tuple[Tensor, Tensor]:
    scale = tensor.float().abs().flatten(1).amax(1) / _LARGEST
    scale[scale == 0] = 1  # a channel of zeros
    return (tensor.float() / _along_first(scale, tensor)).round().to(torch.int8).contiguous(), scale


def _as_fp16(tensor: Tensor) -> Tensor:
    # A value beyond fp16's largest, such as the variance of a wild channel, must not become infinite.
    limit = torch.finfo(torch.float16)
    return tensor.clamp(limit.min, limit.max).half().contiguous().clone()


def _along_first(scale: Tensor, tensor: Tensor) -> Tensor:
    return scale.view(-1, *[1] * (tensor.ndim - 1))


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
