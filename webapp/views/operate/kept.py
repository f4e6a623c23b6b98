"""Gates that stay replaced while another one is operated on."""

from collections.abc import Mapping

import streamlit as st

from webapp import keys, state
from webapp.figures.operate import WAYS
from webapp.views.operate.theatre import Theatre, way_words

HELP = "The gate stays replaced, each in its own way, while you operate on another one."


def kept_replacements(theatre: Theatre) -> dict[str, str]:
    """Which single gates of this network a link or a visitor keeps replaced, by row, and in which way."""
    pairs = state.chosen_text(keys.KEPT, r"[\w.:]+~\w+(,[\w.:]+~\w+)*").split(",")
    asked = dict(pair.split("~") for pair in pairs if pair)
    rows = {id: row for id, row in theatre.rows.items() if row.single}
    return {id: way for id, way in asked.items() if id in rows and way in theatre.ways(rows[id])}


def show_kept(theatre: Theatre, id: str, way: str) -> None:
    """A button that keeps what was pressed, and one for each gate that is kept, which puts it back."""
    kept, row = dict(theatre.kept), theatre.rows[id]
    with st.container(horizontal=True, key="kept", vertical_alignment="center"):
        if row.single and way in WAYS and kept.get(id) != way:
            words = f"Keep {row.title}: {way_words(way).lower()}"
            st.button(words, key="keep", help=HELP, on_click=_keep, args=(kept | {id: way},))
        for each, its_way in kept.items():
            words = f"Put back {theatre.rows[each].title}: {way_words(its_way).lower()}"
            others = {other: kept[other] for other in kept if other != each}
            st.button(words, key=f"put back {each}", on_click=_keep, args=(others,))


def kept_words(theatre: Theatre) -> str:
    """' · with Block 4 · CBAM channels: identity'; empty where nothing is kept."""
    told = [f"{theatre.rows[id].title}: {way_words(way).lower()}" for id, way in theatre.kept.items()]
    return f" · with {', '.join(told)}" if told else ""


def _keep(kept: Mapping[str, str]) -> None:
    state.take(keys.KEPT, ",".join(f"{id}~{way}" for id, way in kept.items()))
