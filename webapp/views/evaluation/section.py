"""What the sections of the page "Evaluation" have in common."""

from collections.abc import Callable
from typing import TypeAlias

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

#: A place on the page, and what draws there once all that is quick is on the page.
Later: TypeAlias = tuple[DeltaGenerator, Callable[[], None]]


def section(title: str, text: str) -> tuple[DeltaGenerator, DeltaGenerator]:
    """A rule, then a heading and words; returns the place below them and the one at their right."""
    st.divider()
    words, content = st.columns([5, 13], gap="medium")
    words.header(title, anchor=False)
    words.markdown(text)
    return words, content
