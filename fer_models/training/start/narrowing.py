"""EfficientNet-Lite0 made narrower: a start for MobileNetV3-large's family.

The two are alike: inverted residuals with streams of 16, 24, 40, 80 and 112 channels. MobileNetV3 has fewer channels
inside its blocks, fewer blocks, other kernel sizes in rows 11 and 12, and fewer channels at the end. So each row of it
gets the block of the same place in EfficientNet-Lite0 with its most important channels: by |gamma| of the depthwise
norm (network slimming, Liu et al., ICCV 2017) times the norm of the weights that project the channel. Of 5x5
kernels the middle stays. What follows the last row stays fresh.

This is no pruning that keeps a function, only a better beginning than chance for most of the family, and none for
``mobilenetv3_simam``, whose shortcuts change the stream: docs/training-log.md has the measurements.
"""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from fer_models.networks import Network
from fer_models.training.start.timm_layout import EFFICIENTNET, MOBILENETV3

#: Of each row of MobileNetV3-large, which block of EfficientNet-B0 it comes from, counted from 0.
BLOCK_OF_ROW = (0, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 11, 12, 13)
_LAST = EFFICIENTNET.blocks[11:15]  # whose stream is the only one that is narrowed


def narrowed(tensors: Mapping[str, Tensor], network: Network) -> dict[str, Tensor]:
    """EfficientNet-Lite0's tensors as a network of MobileNetV3-large's family needs them.

    Args:
        tensors: under timm's names for EfficientNet-B0.
        network: whose widths and kernels decide.

    Returns: tensors under timm's names for MobileNetV3-large, of the stem and of all rows.
    """
    rows = [dict(row.named_children()) for row in list(network.features)[1 : 1 + len(BLOCK_OF_ROW)]]
    stream = _important(tensors, EFFICIENTNET.blocks[0], _convolution(network.features[0]).out_channels)
    found = _layer(tensors, ("conv_stem", "bn1"), ("conv_stem", "bn1"), stream)
    for row, name, number in zip(rows, MOBILENETV3.blocks, BLOCK_OF_ROW, strict=True):
        block = EFFICIENTNET.blocks[number]
        depthwise, project = _convolution(row["depthwise"]), _convolution(row["project"])
        inside = stream if number == 0 else _important(tensors, block, depthwise.out_channels)
        out = _out_channels(tensors, block, project.out_channels)
        kernel = depthwise.kernel_size[0]
        if number == 0:
            layers = [("conv_dw", inside, None), ("conv_pw", out, inside)]
        else:
            layers = [("conv_pw", inside, stream), ("conv_dw", inside, None), ("conv_pwl", out, inside)]
        for place, (conv, kept, columns) in enumerate(layers, 1):
            ours, theirs = (f"{name}.{conv}", f"{name}.bn{place}"), (f"{block}.{conv}", f"{block}.bn{place}")
            found |= _layer(tensors, ours, theirs, kept, columns, kernel if conv == "conv_dw" else None)
        stream = out
    return found


def _convolution(layer: nn.Module) -> nn.Conv2d:
    return cast(nn.Conv2d, cast(nn.Sequential, layer)[0])


def _important(tensors: Mapping[str, Tensor], block: str, count: int) -> Tensor:
    """The ``count`` most important channels inside a block, ascending."""
    norm, project = ("bn1", "conv_pw") if block == EFFICIENTNET.blocks[0] else ("bn2", "conv_pwl")
    weight = tensors[f"{block}.{norm}.weight"].abs() * tensors[f"{block}.{project}.weight"].flatten(1).norm(dim=0)
    return _largest(weight, count)


def _out_channels(tensors: Mapping[str, Tensor], block: str, count: int) -> Tensor:
    """The channels of the stream that leaves a block; of the last stage the strongest in all its blocks together."""
    if block not in _LAST:
        return torch.arange(count)
    return _largest(torch.stack([tensors[f"{last}.bn3.weight"].abs() for last in _LAST]).sum(0), count)


def _largest(values: Tensor, count: int) -> Tensor:
    return values.topk(count).indices.sort().values


def _layer(
    tensors: Mapping[str, Tensor],
    ours: tuple[str, str],
    theirs: tuple[str, str],
    rows: Tensor,
    columns: Tensor | None = None,
    kernel: int | None = None,
) -> dict[str, Tensor]:
    """A convolution and its norm with some of their output and input channels and the middle of the kernel."""
    weight = tensors[f"{theirs[0]}.weight"][rows]
    if columns is not None:
        weight = weight[:, columns]
    if kernel is not None:
        edge = (weight.shape[-1] - kernel) // 2
        weight = weight[..., edge : edge + kernel, edge : edge + kernel]
    norm = {
        f"{ours[1]}.{kind}": tensors[f"{theirs[1]}.{kind}"][rows]
        for kind in ("weight", "bias", "running_mean", "running_var")
    }
    return {f"{ours[0]}.weight": weight, **norm}
