"""CBAM (Woo et al., ECCV 2018), as paper 003 uses it, and its 7x7 spatial gate alone."""

import torch
from torch import Tensor, nn

from fer_models.attention.gate import Gate


class SpatialGate(Gate):
    """One mask for all channels: Ms = sigmoid(conv kxk([mean_C; max_C])), no bias (paper 003, eq. 3).

    Shapes: (N, C, H, W) -> (N, C, H, W). Records one gate: ``spatial`` (H, W).
    """

    kinds = ("spatial",)

    def __init__(self, kernel_size: int = 7):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def steps(self, x: Tensor) -> dict[str, Tensor]:
        """``mean``, ``maximum`` (both over channels), ``scores`` and ``spatial``, each (N, 1, H, W)."""
        mean, maximum = x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)
        scores = self.conv(torch.cat([mean, maximum], dim=1))
        return {"mean": mean, "maximum": maximum, "scores": scores, "spatial": torch.sigmoid(scores)}


class ChannelGate(Gate):
    """One weight per channel: Mc = sigmoid(W1 relu(W0 mean_HW) + W1 relu(W0 max_HW)) (paper 003, eq. 2).

    W0 and W1 are shared by both poolings and have no bias.

    Shapes: (N, C, H, W) -> (N, C, H, W). Records one gate: ``channel`` (C,).
    """

    kinds = ("channel",)

    def __init__(self, channels: int, reduction: int = 16):
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // reduction, 1, bias=False)  # W0
        self.act = nn.ReLU()
        self.expand = nn.Conv2d(channels // reduction, channels, 1, bias=False)  # W1

    def steps(self, x: Tensor) -> dict[str, Tensor]:
        """``mean`` and ``maximum`` (both over places), what W0 and W1 make of each, and ``channel``: (N, C, 1, 1)."""
        mean, maximum = x.mean(dim=(2, 3), keepdim=True), x.amax(dim=(2, 3), keepdim=True)
        mean_scores, maximum_scores = self._shared(mean), self._shared(maximum)
        gate = torch.sigmoid(mean_scores + maximum_scores)
        return {
            "mean": mean,
            "maximum": maximum,
            "mean_scores": mean_scores,
            "maximum_scores": maximum_scores,
            "channel": gate,
        }

    def _shared(self, pooled: Tensor) -> Tensor:
        return self.expand(self.act(self.reduce(pooled)))


class CBAM(nn.Module):
    """Channel gate, then spatial gate: F' = Mc * F, F'' = Ms * F' (paper 003, eq. 1; r = 16).

    A cascade: it records ``channel`` (C,) as layer ``....channel`` and then ``spatial`` (H, W) as ``....spatial``.
    Raises ValueError when ``reduction`` leaves no middle channel.
    """

    def __init__(self, channels: int, reduction: int = 16, kernel_size: int = 7):
        super().__init__()
        if channels // reduction < 1:
            raise ValueError(f"CBAM with reduction {reduction} needs at least {reduction} channels, not {channels}")
        self.channel = ChannelGate(channels, reduction)
        self.spatial = SpatialGate(kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.spatial(self.channel(x))
