"""What replacing a network's gates does over a whole test part, as it was measured and stored."""

import streamlit as st

import fer_models as fer
from fer_models.evaluation.stored import load_measured
from fer_models.evaluation.surgery import KIND, Surgery
from fer_models.text import listed, share_text
from webapp import wording
from webapp.components.words import notice, told
from webapp.figures import operate, strips
from webapp.figures.operate import FOUR, WAYS
from webapp.views.operate.theatre import Theatre
from webapp.wording import plain

_FOUR_NAMES = {WAYS[way][0] for way in FOUR}


def show_measured(theatre: Theatre) -> None:
    """What replacing gates does over a whole test part."""
    try:
        found = load_measured(theatre.checkpoint, KIND, Surgery)
    except fer.CheckpointError as error:
        notice("Not measured", told(error))
        return
    if found is None:
        notice("Not measured over a data set yet", f"'ferscope surgery {theatre.checkpoint}' measures it.")
        return
    text = measured_sentence(wording.network_name(theatre.checkpoint), found).replace(" %", f"{strips.NARROW}%")
    st.html(
        strips.section(f"Over {found.count:,} faces", text, "", operate.measured_chart(found, theatre.rows), level=2)
    )
    average = found.average.partition(";")[0]  # what else was averaged is not of gates
    made = (
        f"{found.split}, labelled by {found.label_rule}; average face of {average}. Another face: the middle one "
        f"of three. Made by: {found.command}"
    )
    st.caption(plain(made.replace(" %", f"{strips.NARROW}%")))


def measured_sentence(network: str, found: Surgery) -> str:
    """One sentence on all gates of a network, and one on the kind it misses least."""
    rows = {way: found.row("*", name) for way, (name, *_) in WAYS.items()}
    average, identity, number = (rows[way] for way in ("average", "identity", "number"))
    if average is None or identity is None or number is None:
        return ""
    said = (
        f"Untouched {network} is right about {share_text(found.accuracy)}. With the average face's gates everywhere "
        f"{share_text(average.accuracy)} remain, with identity {share_text(identity.accuracy)}, with one number "
        f"{share_text(number.accuracy)}."
    )
    idle = [
        kind
        for kind in dict.fromkeys(row.gate for row in found.rows if row.scope == "kind")
        if all(abs(row.difference) < 0.01 for row in found.rows if row.gate == kind and row.way in _FOUR_NAMES)
    ]
    names = listed([operate.kind_words(kind) for kind in idle])
    return said + (f" Whatever takes the place of its {names}, less than one point changes." if idle else "")
