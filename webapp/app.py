"""The site's entry, which ``streamlit run`` starts: navigation. The theme is in .streamlit/config.toml beside it."""

from pathlib import Path

import streamlit as st

from webapp import state
from webapp.live.site import is_built, live_folder
from webapp.own_networks import look_for_own_networks
from webapp.visitor import link_before_login


# A page's modules come with its first visitor, so that nobody waits for those of another page.
def show_recognise() -> None:
    from webapp.views.recognise.page import page

    page(compare, trust)


def show_compare() -> None:
    from webapp.views.compare.page import page

    page()


def show_trust() -> None:
    from webapp.views.trust.page import page

    page()


def show_operate() -> None:
    from webapp.views.operate.page import page

    page()


def show_evaluation() -> None:
    from webapp.views.evaluation.page import page

    page()


def show_fine_tune() -> None:
    from webapp.views.fine_tune.page import page

    page(start)


def to_start() -> None:
    """Streamlit serves the start page at / alone: its name leads there, every choice in the address kept."""
    st.switch_page(start, query_params=st.query_params.to_dict())


start = st.Page(show_recognise, title="Recognise", default=True)
compare = st.Page(show_compare, title="Compare", url_path="compare")
trust = st.Page(show_trust, title="Trust", url_path="trust")
fine_tune = st.Page(show_fine_tune, title="Fine-tune", url_path="fine-tune")
# What one may want to do, and the pages for it.
groups = {
    "See": [start, compare],
    "Understand": [
        st.Page(show_operate, title="Operate", url_path="operate"),
        trust,
    ],
    "Measure": [st.Page(show_evaluation, title="Evaluation", url_path="evaluation")],
    "Make": [fine_tune],
}
pages = [page for group in groups.values() for page in group]
hidden = st.Page(to_start, title="Recognise", url_path="recognise", visibility="hidden")
chosen = st.navigation([*pages, hidden], position="hidden")
icon = str(Path(__file__).with_name("icon.svg"))
st.set_page_config(page_title=f"{chosen.title} · FERScope", page_icon=icon, layout="wide")
# Links of our own: Streamlit's navigation folds away behind an arrow on a phone, and forgets what was chosen.
links = st.container(horizontal=True, key="pages", vertical_alignment="center")
links.markdown("**FERScope**", width="content")

# Streamlit comes back from a login without the link, and to the start.
if (link := link_before_login()) is not None:
    st.switch_page(fine_tune, query_params=link)
look_for_own_networks()
with state.kept(chosen.title):
    choices = state.address()
    places = []
    for name, group in groups.items():
        with links.container(horizontal=True, width="content", vertical_alignment="center", key=f"pages_{name}"):
            st.caption(name, width="content")
            # Never emptied first: whoever has come to one by keyboard would lose their place.
            places += [st.page_link(page, query_params=choices) for page in group]
            if name == "See" and is_built(live_folder()):
                st.html('<a class="fs-elsewhere" href="live/">Live</a>', width="content")
    chosen.run()
    # The page has found out what of a link could not be had.
    if state.address() != choices:
        for place, page in zip(places, pages, strict=True):
            place.page_link(page, query_params=state.address())
