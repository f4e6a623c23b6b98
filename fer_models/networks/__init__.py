"""Networks: the four papers', their ablations and baselines, by name."""

from fer_models.networks.base import Network, channels_last
from fer_models.networks.registry import (
    PAPER_NETWORKS,
    Cost,
    UnknownNetworkError,
    create_network,
    list_networks,
    network_cost,
)

__all__ = [
    "PAPER_NETWORKS",
    "Cost",
    "Network",
    "UnknownNetworkError",
    "channels_last",
    "create_network",
    "list_networks",
    "network_cost",
]
