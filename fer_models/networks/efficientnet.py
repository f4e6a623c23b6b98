"""EfficientNet-B0 (Tan and Le, ICML 2019), paper 004's spatial attention on top of it, and Lite2, which teaches."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from torch import nn

from fer_models.attention import PointwiseGate, SpatialGate, SqueezeExcite
from fer_models.networks.base import Network, init_weights
from fer_models.networks.blocks import InvertedResidual, batch_norm, conv_norm_act

#: (expansion, kernel size, first stride, out channels, repeats), Table 1 of the paper.
STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
#: EfficientNet-Lite2's: 1.1 times as wide, in multiples of 8, and 1.2 times as deep but for the first and last stage.
LITE2_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 3),
    (6, 5, 2, 48, 3),
    (6, 3, 2, 88, 4),
    (6, 5, 1, 120, 4),
    (6, 5, 2, 208, 5),
    (6, 3, 1, 352, 1),
)
LAST_CHANNELS = 1280

Stages = Sequence[tuple[int, int, int, int, int]]


def _squeeze_excite(expanded: int, channels: int) -> SqueezeExcite:
    """It squeezes to a quarter of the block's input."""
    return SqueezeExcite(expanded, channels // 4, act_layer=nn.SiLU, gate_layer=nn.Sigmoid)


def _backbone(stages: Stages = STAGES, activation: type[nn.Module] = nn.SiLU, *, gates: bool = True) -> nn.Sequential:
    """Images (N, 3, H, W) -> (N, 1280, H / 32, W / 32), with squeeze and excitation in each block or without gates."""
    norm_layer, act_layer = batch_norm(eps=1e-3, momentum=0.01), partial(activation, inplace=True)
    features = nn.Sequential(conv_norm_act(3, 32, 3, stride=2, norm_layer=norm_layer, act_layer=act_layer))
    channels = 32
    for expansion, kernel_size, first_stride, out, repeats in stages:
        for index in range(repeats):
            stride = first_stride if index == 0 else 1
            expanded = expansion * channels
            features.append(
                InvertedResidual(
                    channels,
                    expanded,
                    out,
                    kernel_size=kernel_size,
                    stride=stride,
                    norm_layer=norm_layer,
                    act_layer=act_layer,
                    attention=_squeeze_excite(expanded, channels) if gates else None,
                    shortcut=nn.Identity() if stride == 1 and channels == out else None,
                )
            )
            channels = out
    features.append(conv_norm_act(channels, LAST_CHANNELS, 1, norm_layer=norm_layer, act_layer=act_layer))
    return features


def efficientnet_b0(num_classes: int, *, attention: Literal["", "cbam7x7"] = "", dropout: float = 0.2) -> Network:
    """EfficientNet-B0 with a linear head; ``cbam7x7`` (004 as its text reads) puts a 7x7 spatial gate before it."""
    if attention not in ("", "cbam7x7"):
        raise ValueError(f"attention is '' or 'cbam7x7', not {attention!r}")
    features = _backbone()
    last_layer = f"features.{len(features) - 1}"
    if attention == "cbam7x7":
        features.add_module("attention", SpatialGate(7))
        last_layer = "features.attention"
    network = Network(
        features,
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Sequential(nn.Dropout(dropout), nn.Linear(LAST_CHANNELS, num_classes)),
        last_layer,
    )
    init_weights(network)
    return network


def efficientnet_b0_attention(num_classes: int, *, dropouts: tuple[float, float] = (0.5, 0.3)) -> Network:
    """Paper 004 as its parameter count gives it away: pointwise gate, pool, batch norm, 512, 256, K."""
    features = _backbone()
    features.add_module("attention", PointwiseGate(LAST_CHANNELS))
    network = Network(
        features,
        nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.BatchNorm1d(LAST_CHANNELS, eps=1e-3, momentum=0.01),
            nn.Linear(LAST_CHANNELS, 512),
            nn.ReLU(),
            nn.Dropout(dropouts[0]),
            nn.Linear(512, 256),
            nn.ReLU(),
        ),
        nn.Sequential(nn.Dropout(dropouts[1]), nn.Linear(256, num_classes)),
        last_layer="features.attention",
    )
    init_weights(network)
    for module in network.embedding:
        # Two layers of N(0, 0.01) in a row would leave logits and gradients near zero for many epochs.
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network


def efficientnet_lite2(num_classes: int, *, dropout: float = 0.3) -> Network:
    """Google's EfficientNet-Lite2 (Apache-2.0): no gates, ReLU6; 4.8 million parameters."""
    features = _backbone(LITE2_STAGES, nn.ReLU6, gates=False)
    network = Network(
        features,
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Sequential(nn.Dropout(dropout), nn.Linear(LAST_CHANNELS, num_classes)),
        last_layer=f"features.{len(features) - 1}",
    )
    init_weights(network)
    return network


VARIANTS: dict[str, Callable[..., Network]] = {
    "efficientnet_b0_attention": efficientnet_b0_attention,
    "efficientnet_b0": efficientnet_b0,
    "efficientnet_b0_cbam7x7": partial(efficientnet_b0, attention="cbam7x7"),
    "efficientnet_lite2": efficientnet_lite2,
}
