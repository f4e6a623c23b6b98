"""MobileNetV3 (Howard et al., ICCV 2019) and what papers 001 and 002 make of it: one table of rows a variant."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast, get_args

from torch import nn

from fer_models.attention import CoordinateAttention, SimAM, SqueezeExcite
from fer_models.networks.base import Network, init_weights
from fer_models.networks.blocks import (
    ActLayer,
    InvertedResidual,
    NormLayer,
    batch_norm,
    conv_norm_act,
)

Shortcut = Literal["identity", "dilated", "dilated_maxpool"]
ShortcutConv = Literal["full", "depthwise"]

ACTIVATIONS: dict[str, ActLayer] = {
    "RE": partial(nn.ReLU, inplace=True),
    "HS": partial(nn.Hardswish, inplace=True),
}
ATTENTIONS: dict[str, Callable[[int], nn.Module]] = {
    "SE": SqueezeExcite,
    "SimAM": lambda channels: SimAM(),
    "CA": partial(CoordinateAttention, pool="avg"),
    "MAXCA": partial(CoordinateAttention, pool="max"),
    "CPSCA": partial(CoordinateAttention, pool="complementary"),
}


@dataclass(frozen=True)
class Row:
    """One inverted residual, a row of the papers' tables: kernel, expanded and output channels, and so on."""

    kernel_size: int
    expanded: int
    out: int
    attention: str  # a key of ATTENTIONS, or "" for none
    act: str  # a key of ACTIVATIONS
    stride: int


LARGE = (
    Row(3, 16, 16, "", "RE", 1),
    Row(3, 64, 24, "", "RE", 2),
    Row(3, 72, 24, "", "RE", 1),
    Row(5, 72, 40, "SE", "RE", 2),
    Row(5, 120, 40, "SE", "RE", 1),
    Row(5, 120, 40, "SE", "RE", 1),
    Row(3, 240, 80, "", "HS", 2),
    Row(3, 200, 80, "", "HS", 1),
    Row(3, 184, 80, "", "HS", 1),
    Row(3, 184, 80, "", "HS", 1),
    Row(3, 480, 112, "SE", "HS", 1),
    Row(3, 672, 112, "SE", "HS", 1),
    Row(5, 672, 160, "SE", "HS", 2),
    Row(5, 960, 160, "SE", "HS", 1),
    Row(5, 960, 160, "SE", "HS", 1),
)
SMALL = (
    Row(3, 16, 16, "SE", "RE", 2),
    Row(3, 72, 24, "", "RE", 2),
    Row(3, 88, 24, "", "RE", 1),
    Row(5, 96, 40, "SE", "HS", 2),
    Row(5, 240, 40, "SE", "HS", 1),
    Row(5, 240, 40, "SE", "HS", 1),
    Row(5, 120, 48, "SE", "HS", 1),
    Row(5, 144, 48, "SE", "HS", 1),
    Row(5, 288, 96, "SE", "HS", 2),
    Row(5, 576, 96, "SE", "HS", 1),
    Row(5, 576, 96, "SE", "HS", 1),
)


def _narrow(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Rows 13-15 of paper 002: 80 channels out, and 480 inside the two last."""
    row13, row14, row15 = rows[12:]
    return (
        *rows[:12],
        replace(row13, out=80),
        replace(row14, expanded=480, out=80),
        replace(row15, expanded=480, out=80),
    )


def _hswish(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(replace(row, act="HS") for row in rows)


def _liang_rows(middle: str) -> tuple[Row, ...]:
    """Paper 002, Table 1: SE on rows 4-6, ``middle`` on rows 9 and 10, CA on rows 11-15, h-swish everywhere."""
    rows = _hswish(_narrow(LARGE))
    attention = {9: middle, 10: middle, **dict.fromkeys(range(11, 16), "CA")}
    return tuple(replace(row, attention=attention.get(number, row.attention)) for number, row in enumerate(rows, 1))


def dilated_shortcut(
    in_channels: int,
    out_channels: int,
    *,
    conv: ShortcutConv,
    max_pool: bool,
    norm_layer: NormLayer,
) -> nn.Sequential:
    """D(x) of paper 001: 3x3 convolution with dilation 2, norm and, in the full method, a 3x3 max-pool of stride 1."""
    groups = 1 if conv == "full" else in_channels
    width = out_channels if conv == "full" else in_channels
    branch = conv_norm_act(in_channels, width, 3, dilation=2, groups=groups, norm_layer=norm_layer, act_layer=None)
    if width != out_channels:
        # A depthwise convolution cannot change the width (row 11, 80 -> 112): a pointwise one follows it.
        branch.extend(conv_norm_act(width, out_channels, 1, norm_layer=norm_layer, act_layer=None))
    if max_pool:
        # The largest of nine normalised values is about 1 above their mean. Unless the norm starts that much lower, the
        # shift is added again in every row, drowns what differs between pictures, and training does not get going.
        nn.init.constant_(cast(nn.GroupNorm | nn.BatchNorm2d, branch[-1]).bias, -1.0)
        branch.append(nn.MaxPool2d(3, stride=1, padding=1))
    return branch


def _shortcut(
    row: Row, in_channels: int, kind: Shortcut, conv: ShortcutConv, norm_layer: NormLayer
) -> nn.Module | None:
    if row.stride != 1:
        return None
    if kind == "identity":
        return nn.Identity() if in_channels == row.out else None
    return dilated_shortcut(in_channels, row.out, conv=conv, max_pool=kind == "dilated_maxpool", norm_layer=norm_layer)


def mobilenet_v3(
    rows: tuple[Row, ...],
    num_classes: int,
    *,
    last_channels: int = 960,
    embedding: int = 1280,
    first_dilation: int = 1,
    shortcut: Shortcut = "identity",
    shortcut_conv: ShortcutConv = "full",
    norm_layer: NormLayer | None = None,
    pooled_norm: bool = False,
    dropout: float = 0.2,
) -> Network:
    """Build a network of the family.

    Args:
        rows: the inverted residuals.
        last_channels: output of the last 1x1 convolution, which is the last feature map.
        embedding: width of the linear layer after pooling.
        first_dilation: dilation of the first convolution (paper 001: 2).
        shortcut: what stride-1 rows add: their input, or D(x) of paper 001, without or with its max-pool.
        norm_layer: batch norm with MobileNetV3's constants unless given (paper 001: group norm, 8 groups).
        pooled_norm: a norm after global pooling (paper 001, row 17).
        dropout: before the last linear layer.
    """
    if shortcut not in get_args(Shortcut) or shortcut_conv not in get_args(ShortcutConv):
        raise ValueError(f"shortcut is one of {get_args(Shortcut)}, its convolution one of {get_args(ShortcutConv)}")
    norm_layer = norm_layer or batch_norm(eps=1e-3, momentum=0.01)
    hswish = ACTIVATIONS["HS"]
    features = nn.Sequential()
    features.append(conv_norm_act(3, 16, 3, stride=2, dilation=first_dilation, norm_layer=norm_layer, act_layer=hswish))
    channels = 16
    for row in rows:
        features.append(
            InvertedResidual(
                channels,
                row.expanded,
                row.out,
                kernel_size=row.kernel_size,
                stride=row.stride,
                norm_layer=norm_layer,
                act_layer=ACTIVATIONS[row.act],
                attention=ATTENTIONS[row.attention](row.expanded) if row.attention else None,
                shortcut=_shortcut(row, channels, shortcut, shortcut_conv, norm_layer),
            )
        )
        channels = row.out
    features.append(conv_norm_act(channels, last_channels, 1, norm_layer=norm_layer, act_layer=hswish))
    pooled = [nn.AdaptiveAvgPool2d(1)] + ([norm_layer(last_channels)] if pooled_norm else [])
    network = Network(
        features,
        nn.Sequential(*pooled, nn.Flatten(), nn.Linear(last_channels, embedding), nn.Hardswish()),
        nn.Sequential(nn.Dropout(dropout), nn.Linear(embedding, num_classes)),
        last_layer=f"features.{len(features) - 1}",
    )
    init_weights(network)
    return network


def mobilenetv3_simam(num_classes: int, shortcut_conv: ShortcutConv = "full", **options: Any) -> Network:
    """Paper 001, Table 2 as docs/papers.md (1.1) corrects it: SimAM, dilated shortcuts, group norm with 8 groups.

    The paper's head has no dropout; ``dropout`` is 0 unless given.
    """
    rows = tuple(replace(row, attention="SimAM" if row.attention else "") for row in LARGE)
    return mobilenet_v3(
        rows,
        num_classes,
        first_dilation=2,
        shortcut="dilated_maxpool",
        shortcut_conv=shortcut_conv,
        norm_layer=partial(nn.GroupNorm, 8),
        pooled_norm=True,
        **{"dropout": 0.0, **options},
    )


def mobilenetv3_cpsca(num_classes: int, middle: str = "CPSCA", **options: Any) -> Network:
    """Paper 002 with the released code's 480 channels: SE, then ``middle`` on rows 9 and 10, then CA."""
    return mobilenet_v3(
        _liang_rows(middle), num_classes, last_channels=480, embedding=640, **{"dropout": 0.4, **options}
    )


#: Every variant: name -> builder called with (num_classes, **options).
VARIANTS: dict[str, Callable[..., Network]] = {
    "mobilenetv3_simam": mobilenetv3_simam,
    "mobilenetv3_cpsca": mobilenetv3_cpsca,
    "mobilenetv3_no_middle_attention": partial(mobilenetv3_cpsca, middle=""),
    "mobilenetv3_ca": partial(mobilenetv3_cpsca, middle="CA"),
    "mobilenetv3_maxca": partial(mobilenetv3_cpsca, middle="MAXCA"),
    "mobilenetv3_large": partial(mobilenet_v3, LARGE),
    "mobilenetv3_small": partial(mobilenet_v3, SMALL, last_channels=576, embedding=1024),
    "mobilenetv3_first_conv": partial(mobilenet_v3, LARGE, first_dilation=2),
    "mobilenetv3_shortcut": partial(mobilenet_v3, LARGE, shortcut="dilated"),
    "mobilenetv3_first_conv_shortcut": partial(mobilenet_v3, LARGE, first_dilation=2, shortcut="dilated"),
    "mobilenetv3_first_conv_shortcut_maxpool": partial(
        mobilenet_v3, LARGE, first_dilation=2, shortcut="dilated_maxpool"
    ),
    "mobilenetv3_narrow": partial(mobilenet_v3, _narrow(LARGE), last_channels=480, embedding=640),
    "mobilenetv3_narrow_hswish": partial(mobilenet_v3, _hswish(_narrow(LARGE)), last_channels=480, embedding=640),
}
