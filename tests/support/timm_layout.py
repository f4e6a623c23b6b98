"""timm's mobilenetv1_100, mobilenetv3_large_100, efficientnet_b0 and _lite2 once more, independently of ours.

Names and shapes of their tensors and their forward pass in eval mode, from a compact description of each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
# Each stage: (repeats, kernel size, stride of the first, expansion, out channels), ...
STAGES = {
    "mobilenetv1_100": [
        [(1, 3, 1, 1, 64)],
        [(2, 3, 2, 1, 128)],
        [(2, 3, 2, 1, 256)],
        [(6, 3, 2, 1, 512)],
        [(2, 3, 2, 1, 1024)],
    ],
    "mobilenetv3_large_100": [
        [(1, 3, 1, 1, 16)],
        [(1, 3, 2, 4, 24), (1, 3, 1, 3, 24)],
        [(3, 5, 2, 3, 40)],
        [(1, 3, 2, 6, 80), (1, 3, 1, 2.5, 80), (2, 3, 1, 2.3, 80)],
        [(2, 3, 1, 6, 112)],
        [(3, 5, 2, 6, 160)],
    ],
    "efficientnet_b0": [
        [(1, 3, 1, 1, 16)],
        [(2, 3, 2, 6, 24)],
        [(2, 5, 2, 6, 40)],
        [(3, 3, 2, 6, 80)],
        [(3, 5, 1, 6, 112)],
        [(4, 5, 2, 6, 192)],
        [(1, 3, 1, 6, 320)],
    ],
    "efficientnet_lite2": [
        [(1, 3, 1, 1, 16)],
        [(3, 3, 2, 6, 24)],
        [(3, 5, 2, 6, 48)],
        [(4, 3, 2, 6, 88)],
        [(4, 5, 1, 6, 120)],
        [(5, 5, 2, 6, 208)],
        [(1, 3, 1, 6, 352)],
    ],
}  # fmt: skip
STEM = {"mobilenetv1_100": 32, "mobilenetv3_large_100": 16, "efficientnet_b0": 32, "efficientnet_lite2": 32}
LITE = ((127 / 255,) * 3, (128 / 255,) * 3)
NORMALISATION = {
    "mobilenetv1_100": HALF,
    "mobilenetv3_large_100": IMAGENET,
    "efficientnet_b0": IMAGENET,
    "efficientnet_lite2": LITE,
}
HEADS = {"efficientnet_b0": (320, F.silu), "efficientnet_lite2": (352, F.relu6)}
EPS = {"efficientnet_lite2": 1e-3}  # of batch norms; else 1e-5
V3_SQUEEZE = {72: 24, 120: 32, 480: 120, 672: 168, 960: 240}  # in stages 2, 4 and 5
Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Block:
    name: str
    channels: int
    expanded: int
    out: int
    kernel: int
    stride: int
    squeeze: int
    act: Activation


def blocks(model: str) -> Iterator[Block]:
    channels = STEM[model]
    for stage, groups in enumerate(STAGES[model]):
        index = 0
        for repeats, kernel, stride, expansion, out in groups:
            for repeat in range(repeats):
                expanded = round(channels * expansion)
                squeeze, act = 0, F.relu6
                if model == "mobilenetv3_large_100":
                    squeeze = V3_SQUEEZE[expanded] if stage in (2, 4, 5) else 0
                    act = F.relu if stage < 3 else F.hardswish
                elif model == "efficientnet_b0":
                    squeeze, act = channels // 4, F.silu
                yield Block(
                    f"blocks.{stage}.{index}",
                    channels,
                    expanded,
                    out,
                    kernel,
                    stride if repeat == 0 else 1,
                    squeeze,
                    act,
                )
                channels, index = out, index + 1


def random_state(model: str, seed: int = 0) -> dict[str, Tensor]:
    """A state dict with timm's names and shapes, float32, with values of ordinary size."""
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}

    def layer(name: str, *shape: int, bias: bool = False) -> None:
        fan_in = torch.Size(shape[1:]).numel()
        state[f"{name}.weight"] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
        if bias:
            state[f"{name}.bias"] = torch.randn(shape[0], generator=generator) * 0.1

    def norm(name: str, channels: int) -> None:
        state[f"{name}.weight"] = torch.rand(channels, generator=generator) + 0.5
        state[f"{name}.bias"] = torch.randn(channels, generator=generator) * 0.1
        state[f"{name}.running_mean"] = torch.randn(channels, generator=generator) * 0.1
        state[f"{name}.running_var"] = torch.rand(channels, generator=generator) + 0.5
        state[f"{name}.num_batches_tracked"] = torch.tensor(1234)

    layer("conv_stem", STEM[model], 3, 3, 3)
    norm("bn1", STEM[model])
    for block in blocks(model):
        name, width = block.name, block.expanded
        shapes = [("conv_dw", (width, 1, block.kernel, block.kernel)), ("conv_pw", (block.out, width, 1, 1))]
        if width != block.channels:
            shapes = [("conv_pw", (width, block.channels, 1, 1)), shapes[0], ("conv_pwl", shapes[1][1])]
        for number, (part, shape) in enumerate(shapes, 1):
            layer(f"{name}.{part}", *shape)
            norm(f"{name}.bn{number}", shape[0])
        if block.squeeze:
            layer(f"{name}.se.conv_reduce", block.squeeze, width, 1, 1, bias=True)
            layer(f"{name}.se.conv_expand", width, block.squeeze, 1, 1, bias=True)
    if model == "mobilenetv3_large_100":
        layer("blocks.6.0.conv", 960, 160, 1, 1)
        norm("blocks.6.0.bn1", 960)
        layer("conv_head", 1280, 960, 1, 1, bias=True)
    if model in HEADS:
        layer("conv_head", 1280, HEADS[model][0], 1, 1)
        norm("bn2", 1280)
    layer("classifier", 1000, 1024 if model == "mobilenetv1_100" else 1280, bias=True)
    return state


def stem(model: str, state: dict[str, Tensor], grey: Tensor, outside: float | None = None) -> Tensor:
    """First convolution, norm and activation of grey pictures (N, 1, H, W) in 0..1, float64.

    ``outside`` is the grey behind the border; timm's own is zero after normalisation, each channel's mean.
    """
    mean, std = (torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1) for values in NORMALISATION[model])
    if outside is None:
        images = F.pad((grey - mean) / std, (1, 1, 1, 1))
    else:
        images = (F.pad(grey, (1, 1, 1, 1), value=outside) - mean) / std
    act = {"mobilenetv3_large_100": F.hardswish, "efficientnet_b0": F.silu}.get(model, F.relu6)
    return act(_norm(model, state, "bn1", F.conv2d(images, state["conv_stem.weight"].double(), stride=2)))


def features(model: str, state: dict[str, Tensor], x: Tensor) -> Tensor:
    """The last feature map, from the output of ``stem``."""
    for block in blocks(model):
        name, shortcut = block.name, x
        expands = block.expanded != block.channels
        if expands:
            x = block.act(_norm(model, state, f"{name}.bn1", F.conv2d(x, state[f"{name}.conv_pw.weight"].double())))
        depthwise, padding = state[f"{name}.conv_dw.weight"].double(), block.kernel // 2
        x = F.conv2d(x, depthwise, stride=block.stride, padding=padding, groups=block.expanded)
        x = block.act(_norm(model, state, f"{name}.bn{2 if expands else 1}", x))
        if block.squeeze:
            x = x * _squeeze_excite(model, state, f"{name}.se", x)
        project, bn = ("conv_pwl", "bn3") if expands else ("conv_pw", "bn2")
        x = _norm(model, state, f"{name}.{bn}", F.conv2d(x, state[f"{name}.{project}.weight"].double()))
        if model == "mobilenetv1_100":
            x = block.act(x)
        elif block.stride == 1 and block.channels == block.out:
            x = x + shortcut
    if model == "mobilenetv3_large_100":
        return F.hardswish(_norm(model, state, "blocks.6.0.bn1", F.conv2d(x, state["blocks.6.0.conv.weight"].double())))
    if model in HEADS:
        return HEADS[model][1](_norm(model, state, "bn2", F.conv2d(x, state["conv_head.weight"].double())))
    return x


def pooled(model: str, state: dict[str, Tensor], feature_map: Tensor) -> Tensor:
    """What enters the classifier (N, D)."""
    mean = feature_map.mean((2, 3))
    if model != "mobilenetv3_large_100":
        return mean
    return F.hardswish(mean @ state["conv_head.weight"].double().flatten(1).T + state["conv_head.bias"].double())


def _norm(model: str, state: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    values = {kind: state[f"{name}.{kind}"].double() for kind in ("running_mean", "running_var", "weight", "bias")}
    return F.batch_norm(x, *values.values(), eps=EPS.get(model, 1e-5))


def _squeeze_excite(model: str, state: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    act, gate = (F.relu, F.hardsigmoid) if model == "mobilenetv3_large_100" else (F.silu, torch.sigmoid)
    squeezed = x.mean((2, 3), keepdim=True)
    for part, f in (("conv_reduce", act), ("conv_expand", gate)):
        squeezed = f(F.conv2d(squeezed, state[f"{name}.{part}.weight"].double(), state[f"{name}.{part}.bias"].double()))
    return squeezed


def lite0() -> dict[str, Tensor]:
    """EfficientNet-Lite0's tensors under its own names: timm's EfficientNet-B0 without squeeze-and-excitation."""
    return _lite("efficientnet_b0")


def lite2() -> dict[str, Tensor]:
    """EfficientNet-Lite2's tensors under its own names."""
    return _lite("efficientnet_lite2")


@cache
def _lite(model: str) -> dict[str, Tensor]:
    parts = {"conv_pw": "_expand_conv", "conv_dw": "_depthwise_conv", "conv_pwl": "_project_conv"}
    found, number, last = {}, -1, None
    for key, tensor in random_state(model).items():
        names = key.split(".")
        if names[0] != "blocks":
            module = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1"}
            found[".".join([module.get(names[0], "_fc"), *names[1:]])] = tensor
        elif names[3] != "se":
            number += names[1:3] != last
            last, first = names[1:3], names[1] == "0"  # block 0 does not expand: its only 1x1 convolution projects
            part = "_project_conv" if first and names[3] == "conv_pw" else parts.get(names[3])
            norm = f"_bn{int(names[3][2:]) - (not first)}" if names[3].startswith("bn") else None
            found[".".join(["_blocks", str(number), part or norm, *names[4:]])] = tensor
    return found
