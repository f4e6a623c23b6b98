"""The page "Evaluation": how good is each network, and where does it err?"""

from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
import streamlit as st

import fer_models as fer
from fer_models.card import Card, Score
from fer_models.checkpoints import CheckpointError, read_card
from fer_models.data import short_name
from fer_models.evaluation import compare, list_predictions
from fer_models.text import interval_text, share_text
from webapp import state, wording
from webapp.components.network_picker import choose_network
from webapp.figures import answer, scores, strips
from webapp.figures.charts import CONFIG
from webapp.figures.matrix import (
    Matrix,
    colour_bar,
    count_difference,
    count_matrix,
    matrix_figure,
    matrix_table,
    row_shares,
    share_difference,
    share_matrix,
)
from webapp.views.evaluation import sections
from webapp.views.evaluation.cell import choose_cell, show_cell, take_clicked_cell
from webapp.views.evaluation.data import Evaluated, PaperMatrix, evaluated, paper_matrices, start_of, stated_score

QUESTION = "How good is each network, and where does it err?"
DEFAULT_SPLIT, DEFAULT_RULE = "PublicTest", "ferplus-majority"
COUNTS, NOTHING = "counts", "nothing"
NEEDS_DATA = "The command needs the data set: --data FOLDER."
ROW_SHARE = "Share of the row: of all faces that people called so."


@dataclass(frozen=True, eq=False)
class Choice:
    """What the matrix shows: counts or shares, and against what."""

    counts: bool
    other: Evaluated | None = None
    paper: PaperMatrix | None = None


def page() -> None:
    """Draw the page: checkpoint and score, the matrix with its controls at the right, everything else below."""
    st.html(strips.stylesheet() + scores.stylesheet())
    st.html(answer.page_head(QUESTION))
    names = wording.in_papers_order(fer.list_checkpoints())
    if not names:
        st.html(answer.message("No network yet", wording.NO_CHECKPOINT))
        return
    name = choose_network(names)
    split = _choose_split(name, [stored for scored, stored in list_predictions() if scored == name])
    found, rule = _load(name, split)
    if found is not None:
        _show_score(name, found.card, found.score, found.report.macro_f1_interval)
        st.html('<div class="fs-words fs-rule"><h2>Which expressions does it mix up?</h2></div>')
        matrix, panel = st.columns([17, 10], gap="large")
        with panel, st.container(border=True, key="controls"):
            choice = _choose_matrix(found, name, names, split)
            cell = choose_cell(found.predictions.names)
        with matrix:
            _show_matrix(found, choice, cell)
        with panel:
            show_cell(found, cell)
        sections.every_expression(found)
        sections.calibration(found)
    sections.cost(name, split, rule)
    sections.papers_tables()
    sections.how_made()


def _choose_split(name: str, stored: list[str]) -> str:
    """The part of the data set that was scored; a control only where there are several."""
    if not stored:
        return _stated_split(name)
    if len(stored) == 1:
        return stored[0]
    options = {split: split for split in stored}
    return state.choose(
        state.SPLIT,
        st.segmented_control,
        "Scored on",
        options,
        default=DEFAULT_SPLIT,
        required=True,
        width="stretch",
    )


def _stated_split(name: str) -> str:
    """The part that a checkpoint's card has a score on, or else the one that FER2013's are scored on."""
    try:
        stated = read_card(name).scores
    except CheckpointError:  # _load says what is wrong with it
        stated = ()
    return short_name(stated[0].split) if stated else DEFAULT_SPLIT


def _load(name: str, split: str) -> tuple[Evaluated | None, str]:
    """What is stored of a checkpoint, and its label rule; where nothing is, says what the card says and what to do."""
    try:
        found = evaluated(name, split)
        return found, found.predictions.label_rule
    except CheckpointError as error:
        reason = str(error)
    try:
        card = read_card(name)
    except CheckpointError:
        st.html(answer.message("This checkpoint cannot be read", reason))
        return None, DEFAULT_RULE
    stated = stated_score(card, split)
    if stated is None:
        st.html(answer.message("Not scored yet", f"{reason} {NEEDS_DATA}"))
        return None, card.label_rule or DEFAULT_RULE
    _show_score(name, card, stated)
    text = f"The score is its card's; where it errs, only its answers tell. {reason} {NEEDS_DATA}"
    st.html(scores.notice("Its answers to the single faces are not there", text))
    return None, stated.label_rule


def _choose_matrix(found: Evaluated, name: str, names: list[str], split: str) -> Choice:
    scored = {checkpoint for checkpoint, stored in list_predictions() if stored == split}
    others = {other: wording.network_name(other) for other in names if other != name and other in scored}
    papers = {matrix.table: matrix for matrix in paper_matrices(found)}
    against = state.choose(
        state.COMPARE,
        st.selectbox,
        "Compared with",
        {NOTHING: "Nothing"} | others | {table: f"The paper's own, {table}" for table in papers},
        help="Another checkpoint: the difference of the two matrices. The paper's own matrix: both side by side.",
    )
    cells = state.choose(
        state.CELLS,
        st.segmented_control,
        "Each cell shows",
        {"shares": "Shares", COUNTS: "Counts"},
        required=True,
        disabled=against in papers,
        width="stretch",
        help="Shares of the row, so that rare expressions can be read, or numbers of faces. Papers print shares only.",
    )
    if against in others:
        try:
            return Choice(cells == COUNTS, other=evaluated(against, split))
        except CheckpointError as error:
            st.html(scores.notice("These two cannot be compared", str(error)))
    return Choice(cells == COUNTS and against not in papers, paper=papers.get(against))


def _show_score(name: str, card: Card, score: Score, macro_interval: tuple[float, float] | None = None) -> None:
    macro = share_text(score.macro_f1) + (f" ({interval_text(macro_interval)})" if macro_interval else "")
    facts = [
        ("95 % interval", interval_text(score.interval)),
        ("Macro-F1 (95 % interval)" if macro_interval else "Macro-F1", macro),
        ("Scored on", score.split),
        ("Labels", wording.label_rule_text(score.label_rule)),
        ("Trained", f"{start_of(card)}, {score.seeds} seed{'s' if score.seeds > 1 else ''}"),
    ]
    note = f"{score.note[:1].upper()}{score.note[1:]}." if score.note else ""
    text = " ".join(filter(None, [note, score.missed]))
    st.html(scores.headline(wording.network_name(name), score.accuracy, score.count, facts, text))


def _show_matrix(found: Evaluated, choice: Choice, cell: tuple[int, int]) -> None:
    counts, labels = np.array(found.report.confusion), found.predictions.names
    name = wording.network_name(found.card.name)
    shares = share_matrix(labels, row_shares(counts), counts.sum(1))
    if choice.other is not None:
        _show_difference(found, choice.other, choice.counts, cell)
    elif choice.paper is not None:
        _show_beside(share_matrix(labels, choice.paper.shares), choice.paper, shares, name, cell)
    elif choice.counts:
        matrix = count_matrix(labels, counts)
        _draw(matrix, name, cell)
        _explain(matrix, name, "Number of faces.")
    else:
        _draw(shares, name, cell)
        _explain(shares, name, ROW_SHARE)


def _show_difference(found: Evaluated, other: Evaluated, counts: bool, cell: tuple[int, int]) -> None:
    a, b = wording.network_name(found.card.name), wording.network_name(other.card.name)
    try:
        comparison = compare(found.predictions, other.predictions)
    except ValueError as error:
        st.html(scores.notice("These two cannot be compared", str(error)))
        return
    ours, theirs = np.array(found.report.confusion), np.array(other.report.confusion)
    labels = found.predictions.names
    if counts:
        matrix, unit = count_difference(labels, ours - theirs, ours.sum(1)), "Faces more (red) or fewer (blue)"
    else:
        shares = row_shares(ours) - row_shares(theirs)
        matrix, unit = share_difference(labels, shares, ours.sum(1)), "Points of the row more (red) or less (blue)"
    st.html(f'<div class="fs-words"><p>{escape(wording.comparison_sentences(comparison))}</p></div>')
    _draw(matrix, f"{a} minus {b}", cell)
    _explain(
        matrix, f"{a} minus {b}", f"{unit} with {a} than with {b}. On the diagonal red is good, elsewhere blue is."
    )


def _show_beside(printed: Matrix, paper: PaperMatrix, shares: Matrix, name: str, cell: tuple[int, int]) -> None:
    ours, theirs = st.columns(2, gap="small")
    with ours:
        st.html('<div class="fs-words"><h3>This checkpoint</h3></div>')
        _draw(shares, name, cell)
    with theirs:
        st.html(f'<div class="fs-words"><h3>The paper\'s, {escape(paper.table)}</h3></div>')
        _draw(printed, f"paper {paper.paper}", cell, key="paper_matrix")
    st.caption(paper.setting)
    _explain(shares, name, ROW_SHARE)
    table = matrix_table(printed, f"Paper {paper.paper}, {paper.table}")
    st.html(scores.folded(table, "The paper's numbers as a table"))


def _draw(matrix: Matrix, name: str, cell: tuple[int, int], key: str = "matrix") -> None:
    """The chart; a click on a cell chooses it."""
    st.plotly_chart(
        matrix_figure(matrix, cell),
        key=key,
        on_select=partial(take_clicked_cell, key, matrix.labels),
        selection_mode="points",
        config=CONFIG,
        alt=f"Confusion matrix of {name}. Its numbers are in a table below; a cell can be chosen by its names as well.",
    )


def _explain(matrix: Matrix, name: str, unit: str) -> None:
    """The colours, and the numbers as a table."""
    st.html(f'<div class="fs-words">{colour_bar(matrix, unit)}</div>')
    table = matrix_table(matrix, f"{name}: rows are what people saw, columns what the network answered")
    st.html(scores.folded(table))
