"""Costs of networks, counted once: several tables print the same ones, and a page draws them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer_models.networks import Cost


@cache
def cost(network: str, labels: int, side: int = 224) -> Cost:
    """Parameters, and multiply-adds for one picture of so many pixels a side, of a network for so many labels."""
    from fer_models.networks import network_cost  # PyTorch comes with the first network, not with the list of tables

    return network_cost(network, labels, side)
