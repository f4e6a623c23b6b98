"""Squeeze-and-excitation (Hu et al., CVPR 2018)."""

from collections.abc import Callable

from torch import Tensor, nn

from fer_models.attention.gate import Gate


def make_divisible(value: float, divisor: int = 8) -> int:
    """The nearest multiple of ``divisor`` that is not below 0.9 ``value`` (MobileNet's rounding; 18 -> 24)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * value else rounded + divisor


class SqueezeExcite(Gate):
    """One weight per channel: gate(W2 act(W1 mean_HW(x) + b1) + b2), both layers with bias.

    Args:
        channels: C of the input.
        squeeze_channels: width of the middle layer; make_divisible(C / 4), as in MobileNetV3, unless given
            (EfficientNet: a quarter of the *block's* input).
        act_layer: activation after the first layer (ReLU in MobileNetV3, SiLU in EfficientNet).
        gate_layer: what maps to 0..1 (hard sigmoid in MobileNetV3, sigmoid in EfficientNet).

    Shapes: (N, C, H, W) -> (N, C, H, W). Records one gate: ``se`` (C,).
    """

    kinds = ("se",)

    def __init__(
        self,
        channels: int,
        squeeze_channels: int | None = None,
        act_layer: Callable[[], nn.Module] = nn.ReLU,
        gate_layer: Callable[[], nn.Module] = nn.Hardsigmoid,
    ):
        super().__init__()
        squeeze_channels = squeeze_channels or make_divisible(channels / 4)
        self.reduce = nn.Conv2d(channels, squeeze_channels, 1)
        self.act = act_layer()
        self.expand = nn.Conv2d(squeeze_channels, channels, 1)
        self.gate = gate_layer()

    def steps(self, x: Tensor) -> dict[str, Tensor]:
        """``squeezed`` (N, C, 1, 1), ``hidden`` (N, squeeze_channels, 1, 1), ``scores`` and ``se`` (N, C, 1, 1)."""
        squeezed = x.mean(dim=(2, 3), keepdim=True)
        hidden = self.act(self.reduce(squeezed))
        scores = self.expand(hidden)
        return {"squeezed": squeezed, "hidden": hidden, "scores": scores, "se": self.gate(scores)}
