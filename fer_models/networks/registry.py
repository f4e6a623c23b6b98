"""Every variant by name: what it is, and how to build one. PyTorch is loaded with the first network that is built."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fer_models.text import nearest

if TYPE_CHECKING:
    from fer_models.networks.base import Network


@dataclass(frozen=True)
class Variant:
    """A registered network.

    ``title`` is its name for people; links of before hold it (``?network=A-MobileNet``), so it never changes.
    ``paper`` is where it comes from, ``summary`` what sets it apart, in one line; ``family`` is the module of this
    package in whose VARIANTS its builder stands.
    """

    title: str
    family: str
    paper: str
    summary: str

    @property
    def authors(self) -> str:
        """Of its paper, with the year where it is known: 'Jiang et al. 2024'."""
        return self.paper.partition(",")[0]


_JIANG = "Jiang et al. 2024, Research on facial expression recognition algorithm based on improved MobileNetV3"
_LIANG = "Liang et al. 2023, A lightweight method for face expression recognition based on improved MobileNetV3"
_NAN = "Nan et al. 2022, A-MobileNet: An approach of facial expression recognition"
_KAUSAR = "Kausar et al., Human Emotion Recognition"
_MOBILENETV1 = "Howard et al. 2017, MobileNets: Efficient convolutional neural networks for mobile vision applications"
_MOBILENETV2 = "Sandler et al. 2018, MobileNetV2: Inverted residuals and linear bottlenecks"
_MOBILENETV3 = "Howard et al. 2019, Searching for MobileNetV3"
_EFFICIENTNET = "Tan and Le 2019, EfficientNet: Rethinking model scaling for convolutional neural networks"
_RESNET = "He et al. 2016, Deep residual learning for image recognition"
_VGG = "Simonyan and Zisserman 2015, Very deep convolutional networks for large-scale image recognition"

#: Every variant: the four papers' networks in their order, their relatives, then the baselines.
VARIANTS = {
    "mobilenetv3_simam": Variant(
        "MobileNetV3-SimAM",
        "mobilenetv3",
        _JIANG,
        "MobileNetV3 with SimAM, an attention without parameters, and dilated shortcuts.",
    ),
    "mobilenetv3_cpsca": Variant(
        "MobileNetV3-CPSCA",
        "mobilenetv3",
        _LIANG,
        "A narrow MobileNetV3 with coordinate attention, which weighs rows and columns.",
    ),
    "a_mobilenet": Variant(
        "A-MobileNet",
        "mobilenetv1",
        _NAN,
        "MobileNetV1 with CBAM, which weighs channels first and places second.",
    ),
    "efficientnet_b0_attention": Variant(
        "EfficientNet-B0-attention",
        "efficientnet",
        _KAUSAR,
        "EfficientNet-B0 with one gate for every value of its last feature map.",
    ),
    "mobilenetv3_no_middle_attention": Variant(
        "MobileNetV3, no middle attention",
        "mobilenetv3",
        _LIANG,
        "MobileNetV3-CPSCA without the attention of its two middle layers: what the others are measured against.",
    ),
    "mobilenetv3_ca": Variant(
        "MobileNetV3-CA",
        "mobilenetv3",
        _LIANG,
        "MobileNetV3-CPSCA with plain coordinate attention, which sums rows and columns up by their mean.",
    ),
    "mobilenetv3_maxca": Variant(
        "MobileNetV3-MAXCA",
        "mobilenetv3",
        _LIANG,
        "MobileNetV3-CPSCA with coordinate attention that sums rows and columns up by their maximum.",
    ),
    "mobilenetv3_large": Variant(
        "MobileNetV3-Large",
        "mobilenetv3",
        _MOBILENETV3,
        "The network as published, with squeeze and excitation: the network that SimAM's and CPSCA's change.",
    ),
    "mobilenetv3_small": Variant(
        "MobileNetV3-Small",
        "mobilenetv3",
        _MOBILENETV3,
        "The small network as published, with squeeze and excitation.",
    ),
    "mobilenetv3_first_conv": Variant(
        "MobileNetV3, dilated first convolution",
        "mobilenetv3",
        _JIANG,
        "MobileNetV3-Large whose first convolution is dilated: it sees a wider neighbourhood.",
    ),
    "mobilenetv3_shortcut": Variant(
        "MobileNetV3, dilated shortcuts",
        "mobilenetv3",
        _JIANG,
        "MobileNetV3-Large with a dilated convolution on the shortcuts of all blocks that keep the size.",
    ),
    "mobilenetv3_first_conv_shortcut": Variant(
        "MobileNetV3, dilated first convolution and shortcuts",
        "mobilenetv3",
        _JIANG,
        "MobileNetV3-Large with the first convolution and the shortcuts dilated.",
    ),
    "mobilenetv3_first_conv_shortcut_maxpool": Variant(
        "MobileNetV3, dilated with max-pooling",
        "mobilenetv3",
        _JIANG,
        "The same with max-pooling on the shortcuts: MobileNetV3-SimAM before SimAM and group norm.",
    ),
    "mobilenetv3_narrow": Variant(
        "MobileNetV3, narrow",
        "mobilenetv3",
        _LIANG,
        "MobileNetV3-Large with a narrower end: a step towards MobileNetV3-CPSCA.",
    ),
    "mobilenetv3_narrow_hswish": Variant(
        "MobileNetV3, narrow with h-swish",
        "mobilenetv3",
        _LIANG,
        "The narrow MobileNetV3 with h-swish everywhere: a further step towards MobileNetV3-CPSCA.",
    ),
    "mobilenetv1": Variant(
        "MobileNetV1",
        "mobilenetv1",
        _MOBILENETV1,
        "The network as published, without attention: the network that A-MobileNet changes.",
    ),
    "efficientnet_b0": Variant(
        "EfficientNet-B0",
        "efficientnet",
        _EFFICIENTNET,
        "The network as published, with squeeze and excitation: the network that EfficientNet-B0-attention changes.",
    ),
    "efficientnet_b0_cbam7x7": Variant(
        "EfficientNet-B0, 7 x 7 spatial gate",
        "efficientnet",
        _KAUSAR,
        "EfficientNet-B0 with one gate a place: paper 004 as its words suggest, not as its counts say.",
    ),
    "mobilenetv2": Variant(
        "MobileNetV2",
        "mobilenetv2",
        _MOBILENETV2,
        "The network as published, without attention: a baseline of two papers.",
    ),
    "resnet18": Variant(
        "ResNet-18",
        "classic",
        _RESNET,
        "The network as published, without attention: a larger baseline.",
    ),
    "resnet50": Variant(
        "ResNet-50",
        "classic",
        _RESNET,
        "The network as published, without attention: a baseline seven times as large as A-MobileNet.",
    ),
    "vgg16": Variant(
        "VGG-16",
        "classic",
        _VGG,
        "The network as published, without attention or normalisation: the largest baseline.",
    ),
    "fer_cnn": Variant(
        "Plain CNN",
        "classic",
        _KAUSAR,
        "Eight convolutions and two dense layers: stands for the CNN that paper 004 compares with.",
    ),
}
#: Networks that only teach: they can be trained, loaded and looked into by name, but no list shows them.
TEACHERS = {
    "dlib_resnet": Variant(
        "dlib's ResNet",
        "dlib",
        "King 2017, High quality face recognition with deep metric learning",
        "The face recogniser of dlib without its last block: a teacher that knows faces.",
    ),
    "efficientnet_lite2": Variant(
        "EfficientNet-Lite2",
        "efficientnet",
        _EFFICIENTNET,
        "EfficientNet without gates, wider and deeper than B0: a teacher that knows things.",
    ),
}
#: The four networks of the papers, in their order.
PAPER_NETWORKS = ("mobilenetv3_simam", "mobilenetv3_cpsca", "a_mobilenet", "efficientnet_b0_attention")


class UnknownNetworkError(ValueError):
    """No network of that name; the message suggests the nearest."""


def list_networks() -> list[str]:
    """Names of every registered variant, the four papers' networks first; not those that only teach."""
    return list(VARIANTS)


def find_variant(name: str) -> Variant:
    """What is known of a network without building it. UnknownNetworkError, suggesting the nearest, for another name."""
    known = VARIANTS | TEACHERS
    if name not in known:
        raise UnknownNetworkError(
            f"There is no network '{name}'.{nearest(name, known)} 'ferscope networks' lists them."
        )
    return known[name]


def create_network(name: str, num_classes: int = 8, **options: Any) -> Network:
    """Build a variant with fresh weights, in training mode.

    The network maps images (N, 3, H, W), float, any side from 48 to 512, to logits (N, ``num_classes``). ``options``
    are the family's own (see its builder), e.g. ``dropout``.

    Raises:
        UnknownNetworkError: no variant has that name.
        ValueError: fewer than two classes, or an option that the builder does not know or cannot build with.
    """
    variant = find_variant(name)
    if num_classes < 2:
        raise ValueError(f"A classifier needs at least two classes, not {num_classes}.")
    from fer_models.attention import name_gates

    build = import_module(f"fer_models.networks.{variant.family}").VARIANTS[name]
    try:
        network = build(num_classes=num_classes, **options)
    except (TypeError, ValueError, LookupError, ArithmeticError, RuntimeError) as error:  # PyTorch's, of bad shapes
        raise ValueError(f"Network '{name}' cannot be built with {options}: {error}") from error
    name_gates(network)
    return network
