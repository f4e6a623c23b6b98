"""MobileNetV2 (Sandler et al., CVPR 2018), a baseline of papers 001 and 003."""

from collections.abc import Callable
from functools import partial

from torch import nn

from fer_models.networks.base import Network, init_weights
from fer_models.networks.blocks import InvertedResidual, batch_norm, conv_norm_act

#: (expansion, out channels, repeats, first stride), Table 2 of the paper.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def mobilenetv2(num_classes: int, *, dropout: float = 0.2) -> Network:
    """MobileNetV2 at width 1.0."""
    norm_layer, relu6 = batch_norm(), partial(nn.ReLU6, inplace=True)
    features = nn.Sequential(conv_norm_act(3, 32, 3, stride=2, norm_layer=norm_layer, act_layer=relu6))
    channels = 32
    for expansion, out, repeats, first_stride in STAGES:
        for index in range(repeats):
            stride = first_stride if index == 0 else 1
            features.append(
                InvertedResidual(
                    channels,
                    expansion * channels,
                    out,
                    kernel_size=3,
                    stride=stride,
                    norm_layer=norm_layer,
                    act_layer=relu6,
                    shortcut=nn.Identity() if stride == 1 and channels == out else None,
                )
            )
            channels = out
    features.append(conv_norm_act(channels, 1280, 1, norm_layer=norm_layer, act_layer=relu6))
    network = Network(
        features,
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Sequential(nn.Dropout(dropout), nn.Linear(1280, num_classes)),
        last_layer=f"features.{len(features) - 1}",
    )
    init_weights(network)
    return network


VARIANTS: dict[str, Callable[..., Network]] = {"mobilenetv2": mobilenetv2}
