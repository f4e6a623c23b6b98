"""The page "Evaluation": how good is each network, and where does it err?"""

import streamlit as st

import fer_models as fer
from webapp import warm_up, wording
from webapp.components.network_picker import choose_network
from webapp.components.page_parts import page_heading
from webapp.components.waiting import wait_until
from webapp.figures import answer, scores, strips
from webapp.views.evaluation import calibration, confusion, cost, expressions, papers
from webapp.views.evaluation.score import choose_split, show_score
from webapp.views.evaluation.section import Later

QUESTION = "How good is each network, and where does it err?"


def page() -> None:
    """Draw the page: the score, the matrix and every expression; what takes longer comes in last."""
    st.html(strips.stylesheet() + scores.stylesheet())
    page_heading(QUESTION)
    names = wording.in_papers_order(fer.list_checkpoints())
    if not names:
        st.html(answer.message("No network yet", wording.NO_CHECKPOINT))
        return
    name = choose_network(names)
    split = choose_split(name)
    found, rule = show_score(name, split)
    charts: list[Later] = []
    if found is not None:
        confusion.show(found, names)
        expressions.show(found)
        charts.append(calibration.begin(found))
    costs, tables = cost.begin(name, split, found.score.split if found else split, rule), papers.begin()
    with st.expander("How these numbers are made"):
        st.markdown(wording.EVALUATION_NOTES)
    if warm_up.pending():  # what networks cost is counted with PyTorch
        for place, _ in (costs, tables):
            place.caption("Networks are being loaded.")
        wait_until(lambda: not warm_up.pending())
    else:
        charts += [tables, costs]
    for place, draw in charts:
        with place:
            draw()
