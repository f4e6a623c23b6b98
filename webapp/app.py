"""The site's entry, which ``streamlit run`` starts: navigation. The theme is in .streamlit/config.toml beside it."""

import sys
from importlib import import_module
from pathlib import Path

import streamlit as st

from webapp import state


def show(view: str) -> None:
    """Draw a page. Its modules come with its first visitor, so that nobody waits for those of another page."""
    if view in sys.modules:
        sys.modules[view].page()
        return
    with st.spinner("This page is being loaded"):
        module = import_module(view)
    module.page()


def show_recognise() -> None:
    show("webapp.views.recognise")


def show_evaluation() -> None:
    show("webapp.views.evaluation.page")


def to_start() -> None:
    """Streamlit serves the start page at / alone: its name leads there, every choice in the address kept."""
    st.switch_page(start, query_params=st.query_params.to_dict())


start = st.Page(show_recognise, title="Recognise", default=True)
pages = [start, st.Page(show_evaluation, title="Evaluation", url_path="evaluation")]
hidden = st.Page(to_start, title="Recognise", url_path="recognise", visibility="hidden")
chosen = st.navigation([*pages, hidden], position="hidden")
icon = str(Path(__file__).with_name("icon.svg"))
st.set_page_config(page_title=f"{chosen.title} · FERScope", page_icon=icon, layout="wide")
# Links of our own: Streamlit's navigation folds away behind an arrow on a phone, and forgets what was chosen.
links = st.container(horizontal=True, key="pages", vertical_alignment="center")
links.markdown("**FERScope**", width="content")
with state.kept(chosen.title):
    for page in pages:
        links.page_link(page, query_params=state.address())
    chosen.run()
