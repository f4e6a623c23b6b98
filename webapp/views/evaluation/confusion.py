"""Which expressions a checkpoint mixes up: its confusion matrix, alone or against another."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from fer_models.checkpoints import CheckpointError
from fer_models.evaluation import compare
from webapp import keys, state, wording
from webapp.components.matrix import choose_in_matrix
from webapp.components.words import folded_numbers, notice, told
from webapp.figures import matrix
from webapp.figures.matrix import Matrix
from webapp.views.evaluation.cell import Cell, chosen_cell, show_cell, take_cell
from webapp.views.evaluation.data import Evaluated, PaperMatrix, evaluated, paper_matrices, scored_on
from webapp.wording import plain

COUNTS, NOTHING = "counts", "nothing"
ROW_SHARE = "Share of the row: of all faces that people called so."


@dataclass(frozen=True, eq=False)
class Choice:
    """What the matrix shows: counts or shares, and against what."""

    counts: bool
    other: Evaluated | None = None
    paper: PaperMatrix | None = None


def show(found: Evaluated, names: list[str]) -> None:
    """The matrix, and the chosen cell at its right."""
    st.divider()
    st.header("Which expressions does it mix up?", anchor=False)
    choice = _choose(found, names)
    left, right = st.columns([17, 10], gap="large")
    cell = chosen_cell(found.predictions.names)
    with left:
        _show_matrix(found, choice, cell)
    with right:
        show_cell(found, cell)


def _choose(found: Evaluated, names: list[str]) -> Choice:
    name, split = found.card.name, found.split
    scored = scored_on(split)
    others = {other: wording.network_name(other) for other in names if other != name and other in scored}
    papers = {printed.table: printed for printed in paper_matrices(found)}
    row = st.container(horizontal=True, vertical_alignment="bottom")
    against = state.choose(
        keys.COMPARE,
        row.selectbox,
        "Compared with",
        {NOTHING: "Nothing"} | others | {table: f"The paper's own, {table}" for table in papers},
        width=300,
        help="Another checkpoint: the difference of the two matrices. The paper's own matrix: both side by side.",
    )
    cells = state.choose(
        keys.CELLS,
        row.segmented_control,
        "Each cell shows",
        {"shares": "Shares", COUNTS: "Counts"},
        required=True,
        disabled=against in papers,
        help="Shares of the row, so that rare expressions can be read, or numbers of faces. Papers print shares only.",
    )
    if against in others:
        try:
            return Choice(cells == COUNTS, other=evaluated(against, split))
        except CheckpointError as error:
            notice("These two cannot be compared.", told(error))
    return Choice(cells == COUNTS and against not in papers, paper=papers.get(against))


def _show_matrix(found: Evaluated, choice: Choice, cell: Cell) -> None:
    counts, labels = np.array(found.report.confusion), found.predictions.names
    name = wording.network_name(found.card.name)
    if choice.other is not None:
        _show_difference(found, choice.other, choice.counts, cell)
    elif choice.paper is not None:
        _show_beside(matrix.recall_matrix(labels, counts), name, choice.paper, cell)
    elif choice.counts:
        _draw(matrix.count_matrix(labels, counts), name, cell, "Number of faces.")
    else:
        _draw(matrix.recall_matrix(labels, counts), name, cell, ROW_SHARE)


def _show_difference(found: Evaluated, other: Evaluated, counts: bool, cell: Cell) -> None:
    a, b = wording.network_name(found.card.name), wording.network_name(other.card.name)
    try:
        comparison = compare(found.predictions, other.predictions)
    except ValueError as error:
        notice("These two cannot be compared.", told(error))
        return
    st.markdown(plain(wording.comparison_sentences(comparison)))
    subtract, unit = matrix.share_difference, "Points of the row more (red) or less (blue)"
    if counts:
        subtract, unit = matrix.count_difference, "Faces more (red) or fewer (blue)"
    difference = subtract(found.predictions.names, np.array(found.report.confusion), np.array(other.report.confusion))
    _draw(
        difference,
        f"{a} minus {b}",
        cell,
        f"{unit} with {a} than with {b}. On the diagonal red is good, elsewhere blue is.",
    )


def _show_beside(ours: Matrix, name: str, paper: PaperMatrix, cell: Cell) -> None:
    printed = matrix.share_matrix(ours.labels, paper.shares)
    with st.container(horizontal=True, key="matrices"):
        for title, drawn, whose, key in (
            ("This checkpoint", ours, name, "matrix"),
            (f"The paper's, {paper.table}", printed, f"the paper, {paper.table}", "paper_matrix"),
        ):
            with st.container():
                st.subheader(title, anchor=False)
                _draw_buttons(drawn, whose, cell, key)
    st.caption(plain(paper.setting))
    _explain(ours, ROW_SHARE)
    folded_numbers(*matrix.matrix_lines(printed), title="The paper's numbers as a table")


def _draw(drawn: Matrix, name: str, cell: Cell, unit: str) -> None:
    _draw_buttons(drawn, name, cell, "matrix")
    _explain(drawn, unit)


def _draw_buttons(drawn: Matrix, name: str, cell: Cell, key: str) -> None:
    """The matrix whose cells choose; a picture of it where the link hides one of the two choices of a cell."""
    if state.is_hidden(keys.TRUE) or state.is_hidden(keys.PREDICTED):
        st.html(matrix.matrix_picture(drawn, f"Confusion matrix of {name}"))
        return
    choose_in_matrix(matrix.matrix_buttons(drawn, name, cell), key, lambda *chosen: take_cell(drawn.labels, *chosen))


def _explain(drawn: Matrix, unit: str) -> None:
    """The colours, and the numbers as a table."""
    st.html(matrix.colour_bar(drawn, unit))
    folded_numbers(*matrix.matrix_lines(drawn))
