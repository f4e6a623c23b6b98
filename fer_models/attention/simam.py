"""SimAM (Yang et al., ICML 2021), as paper 001 uses it: a parameter-free gate from an energy per neuron."""

import torch
from torch import Tensor

from fer_models.attention.gate import Gate


class SimAM(Gate):
    """Gate sigmoid(1/e*) with 1/e* = d / (4 (v + lambda)) + 0.5, per channel (paper 001, eqs 2-7, corrected).

    d is a position's squared distance from its channel's mean and v the channel's variance with M - 1 in the
    denominator (M = H W), as in the authors' code. It has no parameters, is blind to the sign of a deviation and to the
    class, and never falls below sigmoid(0.5) = 0.622.

    Shapes: (N, C, H, W) -> (N, C, H, W). Records one gate: ``simam`` (C, H, W).
    """

    kinds = ("simam",)

    def __init__(self, e_lambda: float = 1e-4):
        super().__init__()
        self.e_lambda = e_lambda

    def steps(self, x: Tensor) -> dict[str, Tensor]:
        """``mean`` and ``v`` (N, C, 1, 1), ``d``, ``inverse_energy`` and ``simam`` (N, C, H, W)."""
        mean = x.mean(dim=(2, 3), keepdim=True)
        d = (x - mean).square()
        # A 1x1 map has no spread at all: M - 1 would be 0, the distance is 0 too, and the gate is its floor.
        others = max(x.shape[2] * x.shape[3] - 1, 1)
        v = d.sum(dim=(2, 3), keepdim=True) / others
        inverse_energy = d / (4 * (v + self.e_lambda)) + 0.5
        gate = torch.sigmoid(inverse_energy)
        return {"mean": mean, "d": d, "v": v, "inverse_energy": inverse_energy, "simam": gate}

    def extra_repr(self) -> str:
        return f"e_lambda={self.e_lambda}"
