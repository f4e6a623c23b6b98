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

    kinds = ("ca_h", "ca_w")

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

    def steps(self, x: Tensor) -> dict[str, Tensor]:
        """Each way of summing up: ``rows_mean``, ``rows_maximum`` (N, C, H), ``columns_mean``, ``columns_maximum``
        (N, C, W); the middle layer's ``f_h`` (N, middle, H, 1) and ``f_w`` (N, middle, W, 1); ``scores_h`` and ``ca_h``
        (N, C, H, 1), ``scores_w`` and ``ca_w`` (N, C, 1, W).
        """
        height, width = x.shape[2:]
        pooled = self._pooled(x)
        rows, columns, *crossed = pooled.values()
        reduced = self.reduce(_stack(rows, columns))
        if crossed:
            reduced = reduced + self.reduce(_stack(*crossed))
        f_h, f_w = self.act(self.norm(reduced)).split([height, width], dim=2)
        scores_h, scores_w = self.expand_h(f_h), self.expand_w(f_w.transpose(2, 3))
        return {
            **pooled,
            "f_h": f_h,
            "f_w": f_w,
            "scores_h": scores_h,
            "scores_w": scores_w,
            "ca_h": torch.sigmoid(scores_h),
            "ca_w": torch.sigmoid(scores_w),
        }

    def _pooled(self, x: Tensor) -> dict[str, Tensor]:
        """Rows and columns as ``pool`` sees them, one pair after the other."""
        if self.pool == "avg":
            return {"rows_mean": x.mean(3), "columns_mean": x.mean(2)}
        if self.pool == "max":
            return {"rows_maximum": x.amax(3), "columns_maximum": x.amax(2)}
        return {
            "rows_mean": x.mean(3),
            "columns_maximum": x.amax(2),
            "rows_maximum": x.amax(3),
            "columns_mean": x.mean(2),
        }

    def extra_repr(self) -> str:
        return f"pool={self.pool!r}"


def _stack(rows: Tensor, columns: Tensor) -> Tensor:
    """(N, C, H) and (N, C, W) -> (N, C, H + W, 1)."""
    return torch.cat([rows, columns], dim=2).unsqueeze(3)
