"""Costs of networks, counted once: several tables print the same ones."""

from functools import cache

from fer_models.networks import Cost, network_cost


@cache
def cost(network: str, labels: int) -> Cost:
    """Parameters, and multiply-adds for one picture of 224 x 224, of a network for so many labels."""
    return network_cost(network, labels)
