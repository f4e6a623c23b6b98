"""The page "Evaluation": how good is each network, and where does it err?"""

import streamlit as st

import fer_models as fer
from fer_models.evaluation import list_predictions
from webapp import wording
from webapp.components.network_picker import choose_network
from webapp.figures import answer, scores, strips
from webapp.views.evaluation import calibration, confusion, cost, expressions, papers
from webapp.views.evaluation.score import choose_split, show_score

QUESTION = "How good is each network, and where does it err?"


def page() -> None:
    """Draw the page: the score, the matrix and every expression; what takes longer comes in last."""
    st.html(strips.stylesheet() + scores.stylesheet())
    st.html(answer.page_head(QUESTION))
    names = wording.in_papers_order(fer.list_checkpoints())
    if not names:
        st.html(answer.message("No network yet", wording.NO_CHECKPOINT))
        return
    name = choose_network(names)
    split = choose_split(name, [stored for scored, stored in list_predictions() if scored == name])
    found, rule = show_score(name, split)
    waiting = []
    if found is not None:
        confusion.show(found, names)
        expressions.show(found)
        waiting.append(calibration.begin(found))
    cost_of_all = cost.begin(name, split, rule)
    waiting += [papers.begin(), cost_of_all]
    with st.expander("How these numbers are made"):
        st.markdown(wording.EVALUATION_NOTES)
    for draw in waiting:
        draw()
