"""Networks: the four papers', their ablations and baselines, by name."""

from typing import TYPE_CHECKING

from fer_models.lazy import lazy_names

if TYPE_CHECKING:
    from fer_models.networks.base import Network, channels_last
    from fer_models.networks.cost import Cost, network_cost
    from fer_models.networks.registry import (
        PAPER_NETWORKS,
        UnknownNetworkError,
        Variant,
        create_network,
        find_variant,
        list_networks,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "Network": "fer_models.networks.base",
            "channels_last": "fer_models.networks.base",
            "Cost": "fer_models.networks.cost",
            "network_cost": "fer_models.networks.cost",
            "PAPER_NETWORKS": "fer_models.networks.registry",
            "UnknownNetworkError": "fer_models.networks.registry",
            "Variant": "fer_models.networks.registry",
            "create_network": "fer_models.networks.registry",
            "find_variant": "fer_models.networks.registry",
            "list_networks": "fer_models.networks.registry",
        },
    )

__all__ = [
    "PAPER_NETWORKS",
    "Cost",
    "Network",
    "UnknownNetworkError",
    "Variant",
    "channels_last",
    "create_network",
    "find_variant",
    "list_networks",
    "network_cost",
]
