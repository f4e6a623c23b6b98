"""Every variant by name, and how to build one. PyTorch is loaded with the first network that is built."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fer_models.text import nearest

if TYPE_CHECKING:
    from fer_models.networks.base import Network

#: The four networks of the papers, in their order, then their ablations and baselines.
PAPER_NETWORKS = ("mobilenetv3_simam", "mobilenetv3_cpsca", "a_mobilenet", "efficientnet_b0_attention")
#: The module of each variant, in whose VARIANTS its builder stands.
_FAMILIES = {
    "mobilenetv3_simam": "mobilenetv3",
    "mobilenetv3_cpsca": "mobilenetv3",
    "mobilenetv3_no_middle_attention": "mobilenetv3",
    "mobilenetv3_ca": "mobilenetv3",
    "mobilenetv3_maxca": "mobilenetv3",
    "mobilenetv3_large": "mobilenetv3",
    "mobilenetv3_small": "mobilenetv3",
    "mobilenetv3_first_conv": "mobilenetv3",
    "mobilenetv3_shortcut": "mobilenetv3",
    "mobilenetv3_first_conv_shortcut": "mobilenetv3",
    "mobilenetv3_first_conv_shortcut_maxpool": "mobilenetv3",
    "mobilenetv3_narrow": "mobilenetv3",
    "mobilenetv3_narrow_hswish": "mobilenetv3",
    "a_mobilenet": "mobilenetv1",
    "mobilenetv1": "mobilenetv1",
    "efficientnet_b0_attention": "efficientnet",
    "efficientnet_b0": "efficientnet",
    "efficientnet_b0_cbam7x7": "efficientnet",
    "mobilenetv2": "mobilenetv2",
    "resnet18": "classic",
    "resnet50": "classic",
    "vgg16": "classic",
    "fer_cnn": "classic",
}


class UnknownNetworkError(ValueError):
    """No network of that name; the message suggests the nearest."""


def list_networks() -> list[str]:
    """Names of every registered variant, the four papers' networks first."""
    return [*PAPER_NETWORKS, *(name for name in _FAMILIES if name not in PAPER_NETWORKS)]


def create_network(name: str, num_classes: int = 8, **options: Any) -> Network:
    """Build a variant with fresh weights, in training mode.

    The network maps images (N, 3, H, W), float, any side from 48 to 512, to logits (N, ``num_classes``). ``options``
    are the family's own (see its builder), e.g. ``dropout``.

    Raises:
        UnknownNetworkError: no variant has that name.
        ValueError: fewer than two classes, or an option that the builder does not know or cannot build with.
    """
    if name not in _FAMILIES:
        raise UnknownNetworkError(
            f"There is no network '{name}'.{nearest(name, _FAMILIES)} 'ferscope networks' lists them."
        )
    if num_classes < 2:
        raise ValueError(f"A classifier needs at least two classes, not {num_classes}.")
    from fer_models.attention import name_gates

    build = import_module(f"fer_models.networks.{_FAMILIES[name]}").VARIANTS[name]
    try:
        network = build(num_classes=num_classes, **options)
    except (TypeError, ValueError, LookupError, ArithmeticError, RuntimeError) as error:  # PyTorch's, of bad shapes
        raise ValueError(f"Network '{name}' cannot be built with {options}: {error}") from error
    name_gates(network)
    return network
