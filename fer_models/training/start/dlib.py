"""Starting from faces: dlib's face recogniser, put into ``dlib_resnet``.

Source: ``dlib_face_recognition_resnet_model_v1.dat`` of the PyPI package ``face-recognition-models`` 0.3.0 (CC0-1.0),
which learnt to tell people apart on about three million faces (King 2017). The file is dlib's own: layer by layer from
the picture on, a name, the name of the parameters' form, and all parameters of the layer as one tensor. Those of a
convolution are its weights, then its biases; those of an affine layer, once a batch norm, its scales, then its shifts.
Here each affine layer is folded into the convolution before it. Its input is (RGB - mean) / 256.
"""

import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fer_models.networks import Network
from fer_models.preprocessing import Preprocessing
from fer_models.training.start.transfer import Transfer, count

WEIGHTS = "dlib's face recogniser"
MEAN = (122.782, 117.001, 104.298)  # of R, G and B in 0..255
_PARAMETERS = re.compile(rb"(con_4|affine_)\x01\x02")  # then four dimensions, then float32
_LAYERS = 29  # of which the last two are not used


def load_dlib(network: Network, name: str, file: Path, preprocessing: Preprocessing | None = None) -> Transfer:
    """Put the published weights into a network, in place, and say what was loaded and what was not.

    Args:
        network: as ``create_network(name, ...)`` made it.
        name: its registered name, ``dlib_resnet``.
        file: ``dlib_face_recognition_resnet_model_v1.dat``.
        preprocessing: what the network will get, if not the default mean and standard deviation.

    Raises ValueError: the file cannot be read or holds another model; the network is then unchanged.
    """
    convolutions, affines = read_layers(file)
    own, preprocessing = network.state_dict(), preprocessing or Preprocessing()
    new: dict[str, Tensor] = {}
    names = [key.removesuffix(".weight") for key, tensor in own.items() if tensor.ndim == 4]
    for layer, values, affine in zip(names, convolutions, affines, strict=False):
        shape = own[f"{layer}.weight"].shape
        if len(values) != shape.numel() + shape[0] or len(affine) != 2 * shape[0]:
            raise ValueError(f"{file} does not hold {WEIGHTS}: '{layer}' has another size there.")
        scale, shift = affine.chunk(2)
        weight = values[: -shape[0]].view(shape) * scale.view(-1, 1, 1, 1)
        bias = values[-shape[0] :] * scale + shift
        if not new:  # three equal channels z = (grey - mean) / std: their input is (255 (std z + mean) - MEAN) / 256
            beyond = (255 * preprocessing.mean - torch.tensor(MEAN, dtype=torch.float64)) / 256
            bias = bias + (weight * beyond.view(1, 3, 1, 1)).sum((1, 2, 3))
            weight = weight * 255 * preprocessing.std / 256
        new |= {f"{layer}.weight": weight, f"{layer}.bias": bias}
    network.load_state_dict(own | new)
    unused = {f"con_4.{number}": len(convolutions[number]) for number in range(len(names), _LAYERS)}
    return Transfer(
        start=WEIGHTS,
        network=name,
        loaded=count(own, new),
        no_counterpart=count(own, own.keys() - new.keys()),
        other_shape={},
        unused=unused,
    )


def read_layers(file: Path) -> tuple[list[Tensor], list[Tensor]]:
    """All parameters of each convolution and of the affine layer behind it, float64, from the picture on.

    Raises ValueError: no such file, another format, or not 29 of each.
    """
    found: dict[bytes, list[Tensor]] = {b"con_4": [], b"affine_": []}
    try:
        data, at = file.read_bytes(), 0
        while layer := _PARAMETERS.search(data, at):
            size, start = 1, layer.end()
            for _ in range(4):
                length = data[start]
                size *= int.from_bytes(data[start + 1 : start + 1 + length], "little")
                start += 1 + length
            at = start + 4 * size
            values = np.frombuffer(data[start:at], "<f4").astype(np.float64)
            if len(values) < size:
                raise ValueError
            found[layer[1]].append(torch.from_numpy(values))
    except (OSError, ValueError, IndexError) as error:
        raise ValueError(f"{file} cannot be read as a network of dlib's.") from error
    convolutions, affines = found.values()
    if not len(convolutions) == len(affines) == _LAYERS:
        raise ValueError(f"{file} does not hold {WEIGHTS}: it has {len(convolutions)} convolutions, not {_LAYERS}.")
    return convolutions, affines
