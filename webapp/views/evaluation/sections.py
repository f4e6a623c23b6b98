"""The page "Evaluation" below the matrix: expressions, calibration, cost, the papers' tables."""

from dataclasses import replace
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fer_models.data import data_set_of
from fer_models.evaluation.calibration import BINS
from fer_models.reproduction import Form, list_tables
from fer_models.reproduction.table import Table
from fer_models.text import interval_text, share_text
from webapp import state, wording
from webapp.figures import paper_tables, scores
from webapp.figures.charts import CONFIG, FEW, reliability_figure, training_figure
from webapp.figures.cost import CostPoint, cost_figure, cost_legend
from webapp.views.evaluation import tables
from webapp.views.evaluation.data import Evaluated


def every_expression(found: Evaluated) -> None:
    """Recall, precision and F1 of every expression."""
    content = _section(
        "Each expression by itself",
        "Accuracy is mostly that of the frequent expressions. Recall says how many of an expression's faces were "
        "found; precision, how far its name can be trusted when the network gives it.",
    )
    intervals = "The line through a bar is the 95 % interval of recall: the fewer the faces, the wider."
    content.html(scores.class_table(found.report.classes, intervals))


def calibration(found: Evaluated) -> None:
    """Whether the network is right as often as it says."""
    measured = found.report.calibration
    content = _section(
        "Can its probabilities be believed?",
        f"Faces are sorted into {BINS} bins by the probability of the answer. On the dashed line a network is right as "
        f"often as it says; below it, it is too sure of itself, above it, not sure enough. Points of fewer than {FEW} "
        "faces are small.",
        f'<p><span class="fs-number">{measured.ece:.3f}</span><br>expected calibration error: how far the curve lies '
        "from the line, on the mean over all faces</p>",
    )
    with content:
        st.plotly_chart(
            reliability_figure(measured),
            key="reliability",
            config=CONFIG,
            alt="Reliability curve: accuracy against the probability of the answer, and the faces in each bin",
        )
        lines = [
            (
                f"{part.low:.2f} to {part.high:.2f}",
                f"{part.count:,}",
                share_text(part.confidence),
                share_text(part.accuracy),
            )
            for part in measured.bins
            if part.confidence is not None and part.accuracy is not None
        ]
        heads = ("probability", "faces", "mean probability", "right")
        st.html(scores.folded(scores.numbers_table(heads, lines, "Bins without faces are left out.")))


def cost(chosen: str, split: str, rule: str) -> None:
    """Accuracy against multiply-adds and parameters of everything that has a score on the same faces."""
    content = _section(
        "What does accuracy cost?",
        f"Every checkpoint that has a score on {split} with these labels, and one run of each network of the papers' "
        "tables, with its paper's loss. Multiply-adds are for one picture of the size that was scored. A checkpoint's "
        "epoch may have been chosen on these faces, a run's never. Lines are 95 % intervals.",
    )
    try:
        points = tables.cost_points(split, rule)
    except ValueError as error:
        content.html(scores.notice("A stored result cannot be read", str(error)))
        return
    if not points:
        content.caption(f"Nothing is scored on {split} with the labels {rule} yet.")
        return
    named = [replace(point, name=_name(point)) for point in points]
    with content:
        st.html(cost_legend(named, wording.network_name(chosen)))
        for column, field, title in zip(
            st.columns(2), ("macs", "parameters"), ("Multiply-adds", "Parameters"), strict=True
        ):
            column.plotly_chart(
                cost_figure(named, field, title, wording.network_name(chosen)),
                key=f"cost_{field}",
                config=CONFIG,
                alt=f"Accuracy against {title.lower()} of {len(named)} networks",
            )
        heads = ("network", "kind", "pixels", "accuracy", "95 % interval", "multiply-adds", "parameters")
        lines = [
            (
                point.name,
                point.series,
                str(point.side),
                share_text(point.accuracy),
                interval_text(point.interval),
                f"{point.macs:,}",
                f"{point.parameters:,}",
            )
            for point in named
        ]
        st.html(scores.folded(scores.numbers_table(heads, lines, "")))


def _name(point: CostPoint) -> str:
    return wording.network_name(point.name) if point.checkpoint else wording.variant_name(point.name)


def papers_tables() -> None:
    """One of the papers' tables, chosen by id, with our numbers beside its own."""
    st.html(
        '<div class="fs-words fs-rule"><h2>The papers\' tables, and ours beside them</h2><p>What the four papers '
        "print, what came out when it was repeated here, and what in their numbers does not fit together. The runs "
        "behind these tables are others than the checkpoint above: in the short form, which two CPU cores can do, all "
        "networks of a table get the same few epochs.</p></div>"
    )
    changed = tables.results_stamp()
    try:
        states = tables.table_states(changed)
        table = _choose_table()
        form = _choose_form(tables.forms_there(table.id, changed))
        filled = tables.filled(table.id, form, changed)
        curves = tables.curves(table.id, form, changed)
    except ValueError as error:
        st.html(scores.notice("A stored result cannot be read", str(error)))
        return
    about = f"Paper {escape(table.paper.rstrip('.'))}. {_state_text(table, states[table.id])}"
    st.html(f'<div class="fs-words fs-wide"><h3>{escape(table.title)}</h3><p>{about}</p></div>')
    st.html(paper_tables.paper_table(filled))
    if filled.confusions:
        with st.expander("Confusion matrices", expanded=len(filled.confusions) == 1):
            st.html(paper_tables.confusion_pairs(filled.confusions, filled.form))
    if curves:
        with st.expander("Training curves"):
            _training(curves)


def how_made() -> None:
    """What the numbers of this page are."""
    with st.expander("How these numbers are made"):
        st.markdown(wording.EVALUATION_NOTES)


def _authors(table: Table) -> str:
    """'Nan et al. 2022'."""
    return table.paper.partition(",")[2].strip().rstrip(".") or table.paper


def _choose_table() -> Table:
    by_id = {table.id: table for table in list_tables()}
    options = {id: f"{id} · {_authors(table)}, {table.title}" for id, table in by_id.items()}
    return by_id[state.choose(state.TABLE, st.selectbox, "Table", options)]


def _choose_form(forms: list[Form]) -> Form:
    """Short or full form; a control only where both have been run."""
    if len(forms) < 2:
        return forms[0]
    by_name: dict[str, str] = {form: form.capitalize() for form in forms}
    chosen = state.choose(state.FORM, st.segmented_control, "Form", by_name, required=True)
    return next(form for form in forms if form == chosen)


def _state_text(table: Table, state: str) -> str:
    data_sets = dict.fromkeys(data_set_of(study.label_rule) for study in table.studies)
    parts = [f"State: {escape(state)}."]
    if "not run" in state:
        parts.append(f"“ferscope reproduce {table.id}” runs it.")
    needed = [row for row in data_sets if row.needs_agreement and f"needs {row.title}" in state]
    parts += [f"{row.title}: {escape(row.how_to_get)}" for row in needed]
    return " ".join(parts)


def _training(curves: list[tables.Curve]) -> None:
    st.plotly_chart(
        training_figure(curves),
        key="training",
        config=CONFIG,
        alt=f"Accuracy by epoch of {len(curves)} runs; the epoch that was kept is marked",
    )
    st.caption(f"Accuracy on {curves[0].chosen_on}, on which the epoch was chosen; the kept epoch has a larger mark.")
    lines = [
        (curve.label, str(record.epoch), f"{record.loss:.3f}", share_text(record.accuracy), share_text(record.macro_f1))
        for curve in curves
        for record in curve.history
    ]
    heads = ("run", "epoch", "training loss", "accuracy", "macro-F1")
    st.html(scores.folded(scores.numbers_table(heads, lines, "")))


def _section(title: str, text: str, more: str = "") -> DeltaGenerator:
    """A rule, then a heading and words at the left; returns the place at their right."""
    st.html('<div class="fs-rule"></div>')
    words, content = st.columns([5, 13], gap="medium")
    words.html(f'<div class="fs-words"><h2>{escape(title)}</h2><p>{escape(text)}</p>{more}</div>')
    return content
