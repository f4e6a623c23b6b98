"""The site's entry, which ``streamlit run`` starts: navigation. The theme is in .streamlit/config.toml beside it."""

from pathlib import Path

import streamlit as st

from webapp.views import evaluation, recognise

st.set_page_config(page_title="FERScope", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
st.navigation(
    [
        st.Page(recognise.page, title="Recognise", url_path="recognise", default=True),
        st.Page(evaluation.page, title="Evaluation", url_path="evaluation"),
    ],
    position="top",
).run()
