"""The site's entry, which ``streamlit run`` starts: navigation. The theme is in .streamlit/config.toml beside it."""

from pathlib import Path

import streamlit as st

from webapp.views import evaluation, recognise


def to_start() -> None:
    """Streamlit serves the start page at / alone: its name leads there, every choice in the address kept."""
    st.switch_page(start, query_params=st.query_params.to_dict())


st.set_page_config(page_title="FERScope", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
start = st.Page(recognise.page, title="Recognise", default=True)
st.navigation(
    [
        start,
        st.Page(evaluation.page, title="Evaluation", url_path="evaluation"),
        st.Page(to_start, title="Recognise", url_path="recognise", visibility="hidden"),
    ],
    position="top",
).run()
