"""Taking away what a page shows: as a figure, as numbers, as one file that opens offline, or as a link."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from fer_models.export.arrays import csv_text, npz
from fer_models.export.figure import figure
from fer_models.export.report import report
from fer_models.export.sheet import Sheet

_copy_link = st.components.v2.component(
    "ferscope_copy_link",
    html='<button type="button" class="copy">Copy link</button><span class="told" role="status"></span>',
    css=Path(__file__).with_name("take_away.css").read_text(encoding="utf-8"),
    js=Path(__file__).with_name("take_away.js").read_text(encoding="utf-8"),
)


def take_away(make: Callable[[], Sheet], name: str, *, own_picture: bool = False) -> None:
    """Offer what ``make`` returns as files, and the page's address; once on a page.

    ``make`` is called when a file is asked for, in a thread of its own: it works on what the page has shown, and calls
    no Streamlit. ``name`` is what the files are called. ``own_picture``: a visitor's, which no link can hold.
    """
    stem = re.sub(r"[^a-z0-9.]+", "-", name.casefold()).strip("-.") or "ferscope"
    with st.expander("Take away"):
        with st.container(key="take_away", horizontal=True, gap="small"):
            for label, ending, media_type, write in _FILES:
                st.download_button(
                    label,
                    partial(_made, make, write),
                    f"{stem}.{ending}",
                    media_type,
                    key=f"take_away_{ending}",
                    on_click="ignore",
                )
            _copy_link(key="copy_link", height="content", width="content")
        kept = "Files carry network, checkpoint, layer, method, target, size and version."
        st.caption(f"{kept} Your own picture is in the files, not in the link." if own_picture else kept)


def _made(make: Callable[[], Sheet], write: Callable[[Sheet], bytes]) -> bytes:
    return write(make())


_FILES = (
    ("Figure (PNG)", "png", "image/png", figure),
    ("Figure (PDF)", "pdf", "application/pdf", partial(figure, file_format="pdf")),
    ("Values (CSV)", "csv", "text/csv", lambda sheet: csv_text(sheet).encode()),
    ("Arrays (npz)", "npz", "application/zip", npz),
    ("Report (HTML)", "html", "text/html", report),
)
