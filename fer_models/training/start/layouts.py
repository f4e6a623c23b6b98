"""Published ImageNet weights: where they are, and how the networks are laid out that they were trained in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from fer_models.networks import efficientnet, mobilenetv1, mobilenetv3

TIMM, LITE0 = "imagenet", "imagenet-lite0"
_HALF = (0.5, 0.5, 0.5)
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"The weights {file} cannot be read as safetensors: {error}.") from error


def _read_lite0(file: Path) -> dict[str, Tensor]:
    """EfficientNet-Lite0's ``.pth``, the only form it is published in, under timm's names.

    ``weights_only``: of the pickle in it nothing is run, and nothing but tensors is made.
    """
    try:
        tensors = torch.load(file, map_location="cpu", weights_only=True)
        return {_timm_name(key): tensor for key, tensor in tensors.items()}
    except Exception as error:  # zip, pickle and layout errors have no base class in common, nor words for a user
        raise ValueError(f"{file} is not a file of PyTorch with EfficientNet-Lite0's tensors.") from error


def _timm_name(key: str) -> str:
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
    return ".".join([EFFICIENTNET.blocks[number], module[parts[2]], *parts[3:]])


@dataclass(frozen=True)
class Source:
    """Published weights, and how the network is laid out that they were trained in (names are timm's)."""

    repository: str  # on the Hub, or what the weights are called
    baseline: str  # our variant with the same layers
    stages: tuple[int, ...]  # blocks in each stage; our features 1, 2, ... are these one after the other
    last: tuple[str, str] | None  # convolution and norm of our last feature, where it is no block
    hidden: str | None  # the layer between pooling and head
    mean: tuple[float, float, float]  # of the RGB values in 0..1 that the network was trained on
    std: tuple[float, float, float]
    eps: float = 1e-5  # of its batch norms
    squeeze_excite: bool = True  # whether it has the baseline's gates
    read: Callable[[Path], Mapping[str, Tensor]] = _read_safetensors
    narrowed_from: "Source | None" = None  # what the file holds, if that has to be made narrower first

    @property
    def blocks(self) -> list[str]:
        """Names of all blocks, one after the other."""
        return [f"blocks.{stage}.{index}" for stage, length in enumerate(self.stages) for index in range(length)]


MOBILENETV1 = Source(
    repository="timm/mobilenetv1_100.ra4_e3600_r224_in1k",
    baseline="mobilenetv1",
    stages=(1, 2, 2, 6, 2),
    last=None,
    hidden=None,
    mean=_HALF,
    std=_HALF,
)
MOBILENETV3 = Source(
    repository="timm/mobilenetv3_large_100.ra_in1k",
    baseline="mobilenetv3_large",
    stages=(1, 2, 3, 4, 2, 3),
    last=("blocks.6.0.conv", "blocks.6.0.bn1"),
    hidden="conv_head",
    mean=_MEAN,
    std=_STD,
)
EFFICIENTNET = Source(
    repository="timm/efficientnet_b0.ra_in1k",
    baseline="efficientnet_b0",
    stages=(1, 2, 2, 3, 3, 4, 1),
    last=("conv_head", "bn2"),
    hidden=None,
    mean=_MEAN,
    std=_STD,
)
EFFICIENTNET_LITE0 = replace(
    EFFICIENTNET,
    repository="EfficientNet-Lite0",
    mean=(127 / 255,) * 3,
    std=(128 / 255,) * 3,
    eps=1e-3,
    squeeze_excite=False,
    read=_read_lite0,
)
NARROWED_LITE0 = replace(
    MOBILENETV3,
    repository="EfficientNet-Lite0, narrowed",
    last=None,
    hidden=None,
    mean=EFFICIENTNET_LITE0.mean,
    std=EFFICIENTNET_LITE0.std,
    eps=EFFICIENTNET_LITE0.eps,
    squeeze_excite=False,
    read=_read_lite0,
    narrowed_from=EFFICIENTNET_LITE0,
)
_LARGE = [name for name in mobilenetv3.VARIANTS if name != "mobilenetv3_small"]
#: What a recipe starts from -> network -> its weights.
SOURCES: dict[str, dict[str, Source]] = {
    TIMM: {
        **dict.fromkeys(mobilenetv1.VARIANTS, MOBILENETV1),
        **dict.fromkeys(_LARGE, MOBILENETV3),
        **dict.fromkeys(efficientnet.VARIANTS, EFFICIENTNET),
    },
    LITE0: {**dict.fromkeys(efficientnet.VARIANTS, EFFICIENTNET_LITE0), **dict.fromkeys(_LARGE, NARROWED_LITE0)},
}
