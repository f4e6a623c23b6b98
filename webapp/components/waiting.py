"""A page that waits for the server to come to something."""

from collections.abc import Callable

import streamlit as st


def wait_until(ready: Callable[[], bool]) -> None:
    """Run the page again as soon as ``ready`` says so."""

    @st.fragment(run_every=1)
    def look() -> None:
        if ready():
            st.rerun()

    look()
