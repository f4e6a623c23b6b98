"""What pages say through Streamlit's own elements: notices, and the numbers behind a picture, folded away."""

import logging
from collections.abc import Iterable, Sequence

import streamlit as st

from webapp.figures.scores import numbers_table
from webapp.figures.strips import scrolling
from webapp.wording import plain


def told(error: Exception) -> str:
    """What a visitor reads of a failure: its own words. What lies behind it, paths too, goes to the server's log."""
    logging.getLogger(__name__).warning("A page told a visitor: %s", error, exc_info=error)
    return str(error)


def notice(title: str, text: str) -> None:
    """Why something is not there and what to do, where it would be."""
    st.info(f"**{plain(title)}**  \n{plain(text)}")


def folded_numbers(
    heads: Sequence[str],
    lines: Iterable[Sequence[str]],
    caption: str = "",
    title: str = "The numbers as a table",
) -> None:
    """The numbers that a picture is drawn from, as a table."""
    with st.expander(title, type="compact"):
        st.html(scrolling(numbers_table(heads, lines, caption), title))
