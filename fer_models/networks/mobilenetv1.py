"""MobileNetV1 (Howard et al. 2017) and paper 003's A-MobileNet: CBAM after four of its thirteen separable layers."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from torch import nn

from fer_models.attention import CBAM
from fer_models.networks.base import Network, init_weights
from fer_models.networks.blocks import batch_norm, conv_norm_act

#: (out channels, stride, improved) of the thirteen separable layers; "improved" is DSC+ of paper 003, Table 1.
ROWS = (
    (64, 1, False),
    (128, 2, False),
    (128, 1, False),
    (256, 2, True),
    (256, 1, False),
    (512, 2, True),
    *[(512, 1, False)] * 4,
    (512, 1, True),
    (1024, 2, False),
    (1024, 1, True),
)


def separable(in_channels: int, out_channels: int, stride: int, *, linear_dw: bool) -> nn.Sequential:
    """Depthwise 3x3, norm, ReLU6 (not with ``linear_dw``), pointwise 1x1, norm, ReLU6."""
    norm_layer, relu6 = batch_norm(), partial(nn.ReLU6, inplace=True)
    depthwise = conv_norm_act(
        in_channels,
        in_channels,
        3,
        stride=stride,
        groups=in_channels,
        norm_layer=norm_layer,
        act_layer=None if linear_dw else relu6,
    )
    pointwise = conv_norm_act(in_channels, out_channels, 1, norm_layer=norm_layer, act_layer=relu6)
    block = nn.Sequential()
    block.add_module("depthwise", depthwise)
    block.add_module("pointwise", pointwise)
    return block


def mobilenetv1(num_classes: int, *, dropout: float = 0.001) -> Network:
    """MobileNetV1 at width 1.0 with a linear head (Keras's dropout of 0.001 unless given)."""
    return _build(num_classes, improved=False, linear_dw="improved", dropout=dropout)


def a_mobilenet(
    num_classes: int, *, linear_dw: Literal["improved", "all"] = "improved", reduction: int = 16, dropout: float = 0.5
) -> Network:
    """Paper 003, Table 1: CBAM with r = 16 behind the four improved layers.

    ``linear_dw``: depthwise convolutions without activation in the improved layers only, or in all thirteen (the text
    admits both readings; the parameters are the same).
    """
    if linear_dw not in ("improved", "all"):
        raise ValueError(f"linear_dw is 'improved' or 'all', not {linear_dw!r}")
    return _build(num_classes, improved=True, linear_dw=linear_dw, reduction=reduction, dropout=dropout)


def _build(num_classes: int, *, improved: bool, linear_dw: str, dropout: float, reduction: int = 16) -> Network:
    features = nn.Sequential(
        conv_norm_act(3, 32, 3, stride=2, norm_layer=batch_norm(), act_layer=partial(nn.ReLU6, inplace=True))
    )
    channels = 32
    for out, stride, row_improved in ROWS:
        with_attention = improved and row_improved
        linear = with_attention or (improved and linear_dw == "all")
        block = separable(channels, out, stride, linear_dw=linear)
        if with_attention:
            block.add_module("attention", CBAM(out, reduction))
        features.append(block)
        channels = out
    network = Network(
        features,
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Sequential(nn.Dropout(dropout), nn.Linear(channels, num_classes)),
        last_layer=f"features.{len(features) - 1}" + (".attention" if improved else ""),
    )
    init_weights(network)
    return network


VARIANTS: dict[str, Callable[..., Network]] = {"a_mobilenet": a_mobilenet, "mobilenetv1": mobilenetv1}
