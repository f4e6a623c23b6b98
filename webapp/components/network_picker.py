"""The choice that all pages share: the network. It is in the address, and the links between pages carry it."""

import streamlit as st

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from webapp import wording

_PARAMETER = "network"  # never changed, because links have it


def choose_network(checkpoints: list[str]) -> str:
    """One of the checkpoints (at least one, in the order in which they are shown), by its network's name."""
    return st.pills(
        "Network",
        checkpoints,
        default=DEFAULT_CHECKPOINT if DEFAULT_CHECKPOINT in checkpoints else checkpoints[0],
        required=True,
        format_func=wording.network_name,
        key=_PARAMETER,
        bind="query-params",
    )


def carried() -> dict[str, str]:
    """What a link to another page hands on."""
    return {name: value for name, value in st.query_params.items() if name == _PARAMETER}
