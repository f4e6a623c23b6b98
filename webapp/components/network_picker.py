"""The choice that all pages share: the network."""

import streamlit as st

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from webapp import state, wording


def choose_network(checkpoints: list[str]) -> str:
    """One of the checkpoints (at least one, in the order in which they are shown), by its network's name."""
    options = {name: wording.network_name(name) for name in checkpoints}
    return state.choose(state.NETWORK, st.pills, "Network", options, default=DEFAULT_CHECKPOINT, required=True)
