"""The pointwise gate, recovered from paper 004's parameter count (docs/papers.md, 4.1): a 1x1 convolution, C -> C."""

import torch
from torch import Tensor, nn

from fer_models.attention.gate import Gate


class PointwiseGate(Gate):
    """A gate for every channel at every position: A = sigmoid(conv1x1(x)), with bias; y = x * A.

    Shapes: (N, C, H, W) -> (N, C, H, W). Records one gate: ``pointwise`` (C, H, W).
    """

    kinds = ("pointwise",)

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def steps(self, x: Tensor) -> dict[str, Tensor]:
        """``scores`` and ``pointwise`` (N, C, H, W)."""
        scores = self.conv(x)
        return {"scores": scores, "pointwise": torch.sigmoid(scores)}
