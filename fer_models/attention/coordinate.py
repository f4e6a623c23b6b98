"""Coordinate attention (Hou et al., CVPR 2021) and the two variants of paper 002: MAXCA and CPSCA."""

from typing import Literal

import torch
from torch import Tensor, nn

from fer_models.attention.gate import Gate

Pool = Literal["avg", "max", "complementary"]


class CoordinateAttention(Gate):
    """Two gates, one along the rows and one along the columns: y = x * sigmoid(F_h f_h) * sigmoid(F_w f_w).

    ``pool`` chooses what is seen of each row and column (paper 002, Fig. 4 and 5):

    - ``avg``: CA, the mean over the other axis;
    - ``max``: MAXCA, the maximum;
    - ``complementary``: CPSCA, u1 = [mean over W; max over H] and u2 = [max over W; mean over H] through one shared F1,
      added before the batch norm.

    The middle layer has max(8, C // 32) channels; all three 1x1 convolutions have a bias. The product of both gates is
    of rank 1 in each channel, so crosses are by construction.

    Shapes: (N, C, H, W) -> (N, C, H, W). Records two gates, in the order applied: ``ca_h`` (C, H), ``ca_w`` (C, W).
    Raises ValueError for another ``pool``.
    """

    def __init__(self, channels: int, pool: Pool = "avg", *, eps: float = 1e-3, momentum: float = 0.01):
        super().__init__()
        if pool not in ("avg", "max", "complementary"):
            raise ValueError(f"pool is 'avg', 'max' or 'complementary', not {pool!r}")
        self.pool = pool
        middle = max(8, channels // 32)
        self.reduce = nn.Conv2d(channels, middle, 1)  # F1
        self.norm = nn.BatchNorm2d(middle, eps=eps, momentum=momentum)
        self.act = nn.Hardswish()
        self.expand_h = nn.Conv2d(middle, channels, 1)  # F_h
        self.expand_w = nn.Conv2d(middle, channels, 1)  # F_w

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        f = self.act(self.norm(self._reduced(x)))  # (N, middle, H + W, 1)
        f_h, f_w = f.split([height, width], dim=2)
        gate_h = torch.sigmoid(self.expand_h(f_h))  # (N, C, H, 1)
        gate_w = torch.sigmoid(self.expand_w(f_w.transpose(2, 3)))  # (N, C, 1, W)
        return x * self.tap("ca_h", gate_h) * self.tap("ca_w", gate_w)

    def _reduced(self, x: Tensor) -> Tensor:
        if self.pool == "avg":
            return self.reduce(_stack(x.mean(3), x.mean(2)))
        if self.pool == "max":
            return self.reduce(_stack(x.amax(3), x.amax(2)))
        return self.reduce(_stack(x.mean(3), x.amax(2))) + self.reduce(_stack(x.amax(3), x.mean(2)))

    def extra_repr(self) -> str:
        return f"pool={self.pool!r}"


def _stack(rows: Tensor, columns: Tensor) -> Tensor:
    """(N, C, H) and (N, C, W) -> (N, C, H + W, 1)."""
    return torch.cat([rows, columns], dim=2).unsqueeze(3)
