"""Networks as timm lays them out: whether a file holds one, and its weights in ours.

Source: timm 1.0.31, ``timm/models/efficientnet.py`` and ``mobilenetv3.py`` (Apache-2.0). Layers go to layers of the
same place in the network and the same shape; all others keep their fresh weights, the head always (other classes).
Three things are adapted, so that a grey picture gives what it gives there:

- The first convolution, which saw three colour channels less ImageNet's mean, by ImageNet's deviation. Ours sees three
  equal channels (see preprocessing): its weights are scaled, and the constant that remains goes into the norm after it.
  Only behind the border do the two differ: ours goes on in the grey of our mean, theirs in the colour of their mean.
- Batch norms with another eps than their e: gamma is scaled by sqrt((variance + eps) / (variance + e)).
- Group norms (``mobilenetv3_simam``), which keep no statistics: each convolution is divided by its channels' standard
  deviation on ImageNet, and the affine parameters are such that a picture whose groups have the mean and variance of
  ImageNet gets what the batch norm gave. (Tried on the first bundled weights of ``mobilenetv3_cpsca``, its batch
  norms turned into group norms of 8 groups without training, 600 validation faces at 64 px: accuracy 0.58, with the
  batch norms 0.65; of a linear classifier on the pooled features 0.69, with the batch norms 0.70, with convolutions
  and affine parameters copied as they are 0.58.)

What is not the same in spite of the weights: h-swish where timm has ReLU (``mobilenetv3_cpsca``), no ReLU6 in
``a_mobilenet``'s improved layers, a first convolution with dilation, dilated shortcuts instead of the identity, and
fresh gates, each of which halves what passes. In training batch norms follow such changes at once, their running
statistics within some hundred steps (momentum 0.01).

Checked against timm itself with random weights and statistics, in eval mode and float64: names and shapes of all three
networks, and the features of ``mobilenetv1``, ``mobilenetv3_large`` (also its 1280 values after pooling) and
``efficientnet_b0`` on pictures that go on in our grey behind the border, equal to 1e-11 of their largest value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from fer_models.attention import SqueezeExcite
from fer_models.networks import Network, create_network
from fer_models.preprocessing import Preprocessing
from fer_models.training.start.transfer import Transfer, count

CLASSES = 1000
_HALF = (0.5, 0.5, 0.5)
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class TimmLayout:
    """How a network is laid out whose weights a run can start from, and what it saw (names of layers are timm's)."""

    weights: str  # what they are called; of timm's the repository on the Hub
    baseline: str  # our variant with the same layers
    stages: tuple[int, ...]  # blocks in each stage; our features 1, 2, ... are these one after the other
    last: tuple[str, str] | None  # convolution and norm of our last feature, where it is no block
    hidden: str | None  # the layer between pooling and head
    mean: tuple[float, float, float]  # of the RGB values in 0..1 that the network was trained on
    std: tuple[float, float, float]
    eps: float = 1e-5  # of its batch norms
    squeeze_excite: bool = True  # whether it has the baseline's gates

    @property
    def blocks(self) -> list[str]:
        """Names of all blocks, one after the other."""
        return [f"blocks.{stage}.{index}" for stage, length in enumerate(self.stages) for index in range(length)]


MOBILENETV1 = TimmLayout(
    weights="timm/mobilenetv1_100.ra4_e3600_r224_in1k",
    baseline="mobilenetv1",
    stages=(1, 2, 2, 6, 2),
    last=None,
    hidden=None,
    mean=_HALF,
    std=_HALF,
)
MOBILENETV3 = TimmLayout(
    weights="timm/mobilenetv3_large_100.ra_in1k",
    baseline="mobilenetv3_large",
    stages=(1, 2, 3, 4, 2, 3),
    last=("blocks.6.0.conv", "blocks.6.0.bn1"),
    hidden="conv_head",
    mean=_MEAN,
    std=_STD,
)
EFFICIENTNET = TimmLayout(
    weights="timm/efficientnet_b0.ra_in1k",
    baseline="efficientnet_b0",
    stages=(1, 2, 2, 3, 3, 4, 1),
    last=("conv_head", "bn2"),
    hidden=None,
    mean=_MEAN,
    std=_STD,
)


@dataclass(frozen=True)
class _Layer:
    """Names of a convolution or linear layer and, if there is one, of the norm after it: ours, and timm's."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]


def _layers(network: Network, layout: TimmLayout) -> Iterator[_Layer]:
    """Layers of ``network`` that stand where timm's has one too, whatever their shapes."""
    yield _Layer(("features.0.0", "features.0.1"), ("conv_stem", "bn1"))
    for number, block in enumerate(layout.blocks, 1):
        ours = f"features.{number}"
        parts = dict(network.features[number].named_children())
        order = [part for part in ("expand", "depthwise", "project", "pointwise") if part in parts]
        convolutions = ("conv_pw", "conv_dw", "conv_pwl") if len(order) == 3 else ("conv_dw", "conv_pw")
        for index, (part, conv) in enumerate(zip(order, convolutions, strict=True), 1):
            yield _Layer((f"{ours}.{part}.0", f"{ours}.{part}.1"), (f"{block}.{conv}", f"{block}.bn{index}"))
        if layout.squeeze_excite and isinstance(parts.get("attention"), SqueezeExcite):
            yield _Layer((f"{ours}.attention.reduce",), (f"{block}.se.conv_reduce",))
            yield _Layer((f"{ours}.attention.expand",), (f"{block}.se.conv_expand",))
    if layout.last is not None:
        number = len(layout.blocks) + 1
        yield _Layer((f"features.{number}.0", f"features.{number}.1"), layout.last)
    if layout.hidden is not None:
        linear = next(name for name, module in network.embedding.named_children() if isinstance(module, nn.Linear))
        yield _Layer((f"embedding.{linear}",), (layout.hidden,))


def check_tensors(tensors: Mapping[str, Tensor], layout: TimmLayout, file: Path) -> None:
    """ValueError unless the file holds exactly the tensors of ``layout``; only counters of batches may be missing."""
    with torch.device("meta"):
        baseline = create_network(layout.baseline)
    layers = list(_layers(baseline, layout))
    names = {ours: theirs for layer in layers for ours, theirs in zip(layer.ours, layer.theirs, strict=True)}
    expected: dict[str, tuple[int, ...]] = {}
    for key, tensor in baseline.state_dict().items():
        module, _, kind = key.rpartition(".")
        if module in names:
            expected[f"{names[module]}.{kind}"] = tuple(tensor.shape)
        elif module.startswith("classifier"):
            expected[f"classifier.{kind}"] = (CLASSES, *tensor.shape[1:])
    if layout.hidden is not None:
        expected[f"{layout.hidden}.weight"] += (1, 1)  # a linear layer here, a 1x1 convolution there
    found = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    wrong = [f"'{key}' is missing" for key in expected if key not in found and not key.endswith(_COUNTER)]
    wrong += [f"'{key}' is not among theirs" for key in found if key not in expected]
    wrong += [
        f"'{key}' has the shape {shape} instead of {expected[key]}"
        for key, shape in found.items()
        if expected.get(key, shape) != shape
    ]
    if wrong:
        raise ValueError(f"{file} does not hold the weights {layout.weights}: {wrong[0]}.")


def fit(
    network: Network, name: str, layout: TimmLayout, tensors: Mapping[str, Tensor], preprocessing: Preprocessing
) -> Transfer:
    """Put what fits of ``tensors`` into ``network``, which the registry calls ``name``; all at once at the end."""
    tensors = {**tensors, **_stem_for_grey(tensors, layout, preprocessing)}
    own = network.state_dict()
    new: dict[str, Tensor] = {}
    used: set[str] = set()
    other_shape: set[str] = set()
    for layer in _layers(network, layout):
        fitted = _fitted(network, layer, tensors, layout.eps)
        if fitted:
            new |= fitted
            used |= {key for key in tensors if key.rpartition(".")[0] in layer.theirs}
            if f"{layer.ours[-1]}.{_COUNTER}" not in new:
                used.discard(f"{layer.theirs[-1]}.{_COUNTER}")  # a group norm has none
        else:
            other_shape |= {key for key in own if key.rpartition(".")[0] in layer.ours}
    network.load_state_dict(own | new)
    return Transfer(
        start=layout.weights,
        network=name,
        loaded=count(own, new),
        no_counterpart=count(own, own.keys() - new.keys() - other_shape),
        other_shape=count(own, other_shape),
        unused=count(tensors, tensors.keys() - used),
    )


def _stem_for_grey(
    tensors: Mapping[str, Tensor], layout: TimmLayout, preprocessing: Preprocessing
) -> dict[str, Tensor]:
    """The first convolution, and the mean of its output, for three equal channels z = (grey - mean) / std.

    They saw x_c = (grey - m_c) / s_c = z std / s_c + (mean - m_c) / s_c: a factor, and a constant that the norm
    takes off again with the mean.
    """
    weight = tensors["conv_stem.weight"].double()
    mean, std = (torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1) for values in (layout.mean, layout.std))
    constant = (weight * (preprocessing.mean - mean) / std).sum((1, 2, 3))
    return {
        "conv_stem.weight": weight * preprocessing.std / std,
        "bn1.running_mean": tensors["bn1.running_mean"].double() - constant,
    }


def _fitted(network: Network, layer: _Layer, tensors: Mapping[str, Tensor], theirs_eps: float) -> dict[str, Tensor]:
    """Their tensors as our layer needs them, under our names; none if the layer has another shape."""
    module, ours, theirs = network.get_submodule(layer.ours[0]), layer.ours[0], layer.theirs[0]
    weight = tensors[f"{theirs}.weight"].double()
    if isinstance(module, nn.Linear):
        weight = weight.flatten(1)
    if weight.shape != module.weight.shape:
        return {}
    if len(layer.ours) == 1:
        return {f"{ours}.weight": weight, f"{ours}.bias": tensors[f"{theirs}.bias"]}
    norm = network.get_submodule(layer.ours[1])
    of_norm = {
        key.rpartition(".")[2]: tensor for key, tensor in tensors.items() if key.startswith(f"{layer.theirs[1]}.")
    }
    variance = of_norm["running_var"].double()
    if isinstance(norm, nn.GroupNorm):
        deviation = (variance + theirs_eps).sqrt()
        weight = weight / deviation.view(-1, 1, 1, 1)
        of_norm = _group_norm(norm, of_norm, deviation)
    else:
        eps = cast(nn.BatchNorm2d, norm).eps
        of_norm["weight"] = of_norm["weight"] * ((variance + eps) / (variance + theirs_eps)).sqrt()
    return {f"{ours}.weight": weight} | {f"{layer.ours[1]}.{kind}": tensor for kind, tensor in of_norm.items()}


def _group_norm(norm: nn.GroupNorm, of_norm: Mapping[str, Tensor], deviation: Tensor) -> dict[str, Tensor]:
    """Affine parameters of a group norm on channels that were divided by ``deviation``.

    Channel c now has the mean m and variance v, its group the mean M and variance S^2 = mean(v + m^2) - M^2. The batch
    norm gave gamma (x - m) + beta; (x - M) / S times gamma S plus beta + gamma (M - m) is the same.
    """
    gamma, beta, mean, variance = (of_norm[kind].double() for kind in ("weight", "bias", "running_mean", "running_var"))
    mean, variance = mean / deviation, variance / deviation**2

    def of_group(values: Tensor) -> Tensor:
        return values.view(norm.num_groups, -1).mean(1).repeat_interleave(norm.num_channels // norm.num_groups)

    group_mean = of_group(mean)
    group_variance = of_group(variance + mean**2) - group_mean**2
    return {"weight": gamma * (group_variance + norm.eps).sqrt(), "bias": beta + gamma * (group_mean - mean)}
