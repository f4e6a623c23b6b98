"""The choice that all pages share: the network. The papers' own are cards, the others lie folded below them."""

from functools import lru_cache
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fer_models.checkpoints import DEFAULT_CHECKPOINT, CheckpointError, find_checkpoint, read_card
from fer_models.networks.registry import PAPER_NETWORKS
from webapp import keys, state, wording
from webapp.components.in_sight import keep_in_sight
from webapp.wording import plain

#: In the order of the papers.
PAPERS = tuple(f"{network}.ferplus" for network in PAPER_NETWORKS)


def choose_network(checkpoints: list[str], tools: DeltaGenerator | None = None) -> str:
    """One of the checkpoints (at least one, in the order in which they are shown).

    ``tools``: the row in which those stand that have no card; then the cards are in one row as well, with less on them.
    """
    names = {name: wording.network_name(name) for name in checkpoints}
    usual = DEFAULT_CHECKPOINT if DEFAULT_CHECKPOINT in names else checkpoints[0]
    cards = [name for name in PAPERS if name in names] or checkpoints[: len(PAPERS)]
    chosen = state.chosen(keys.NETWORK, names, usual)
    # A variant stands with the cards while it is chosen.
    shown = cards if chosen in cards else [*cards, chosen]
    state.choose(
        keys.NETWORK,
        st.radio,
        "Network",
        {name: names[name] for name in shown},
        default=usual,
        captions=[_line_of(name).rpartition("  \n")[2] if tools else _line_of(name) for name in shown],
        width="stretch",
        label_visibility="collapsed" if tools else "visible",
    )
    if tools:
        keep_in_sight(keys.NETWORK.name, shown.index(chosen))
    variants = [name for name in checkpoints if name not in shown]
    if variants and not state.is_hidden(keys.NETWORK):
        with (tools or st).popover(f"Variants: {len(variants)} more networks"):
            for name in variants:
                st.button(
                    plain(names[name]), help=_line_of(name), on_click=state.take, args=(keys.NETWORK, name, usual)
                )
    return chosen


def _line_of(checkpoint: str) -> str:
    try:
        weights = find_checkpoint(checkpoint)
        return _line(checkpoint, weights, weights.stat().st_mtime_ns, weights.with_suffix(".json").stat().st_mtime_ns)
    except (CheckpointError, OSError):
        return "Cannot be read."


@lru_cache(maxsize=64)
def _line(checkpoint: str, weights: Path, *changed: int) -> str:
    """What the network is, how good and how large; kept until one of its files has ``changed``."""
    card = read_card(checkpoint)
    score = wording.short_score(card)
    return f"{plain(wording.network_summary(card))}  \n{score} · {weights.stat().st_size / 1e6:.1f} MB"
