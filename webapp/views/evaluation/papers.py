"""The papers' tables, and ours beside them."""

from functools import partial

import streamlit as st

from fer_models.data import data_set_of
from fer_models.reproduction import Form, list_tables
from fer_models.reproduction.table import Table
from fer_models.text import share_text
from webapp import keys, state
from webapp.components.words import folded_numbers, notice, told
from webapp.figures import paper_tables
from webapp.figures.points import Curve
from webapp.views.evaluation import tables
from webapp.views.evaluation.section import Later
from webapp.wording import plain


def begin() -> Later:
    """The heading and the choice of a table; the table comes later."""
    st.divider()
    st.header("The papers' tables, and ours beside them", anchor=False)
    st.markdown(
        "What the four papers print, what came out when it was repeated here, and what in their numbers does not fit "
        "together. These runs are not the checkpoints above."
    )
    table = _choose_table()
    return st.container(), partial(_draw, table)


def _draw(table: Table) -> None:
    changed = tables.results_stamp()
    try:
        form = _choose_form(tables.forms_there(table.id, changed))
        stands = tables.table_states(changed)[table.id]
        filled = tables.filled(table.id, form, changed)
        curves = tables.curves(table.id, form, changed)
    except ValueError as error:
        notice("A stored result cannot be read.", told(error))
        return
    st.subheader(table.title, anchor=False)
    st.markdown(plain(f"Paper {table.paper.rstrip('.')}. {_state_text(table, stands)}"))
    st.html(paper_tables.paper_table(filled))
    if filled.confusions:
        with st.expander("Confusion matrices", expanded=len(filled.confusions) == 1):
            st.html(paper_tables.confusion_pairs(filled.confusions, filled.form))
    if curves:
        _fold_training(curves)


def _choose_table() -> Table:
    by_id = {table.id: table for table in list_tables()}
    options = {id: f"{id} · {table.authors}, {table.title}" for id, table in by_id.items()}
    return by_id[state.choose(keys.TABLE, st.selectbox, "Table", options)]


def _choose_form(forms: list[Form]) -> Form:
    """Short or full form; a control only where both have been run."""
    if len(forms) < 2:
        return forms[0]
    options: dict[str, str] = {form: form.capitalize() for form in forms}
    chosen = state.choose(keys.FORM, st.segmented_control, "Form", options, required=True)
    return next(form for form in forms if form == chosen)


def _state_text(table: Table, stands: str) -> str:
    data_sets = dict.fromkeys(data_set_of(study.label_rule) for study in table.studies)
    parts = [f"State: {stands}."]
    if "not run" in stands:
        parts.append(f"“ferscope reproduce {table.id}” runs it.")
    needed = [row for row in data_sets if row.needs_agreement and f"needs {row.title}" in stands]
    parts += [f"{row.title}: {row.how_to_get}" for row in needed]
    return " ".join(parts)


def _fold_training(curves: list[Curve]) -> None:
    """The runs' training, drawn when somebody opens it."""
    fold = st.expander("Training curves", key="training_fold", on_change="rerun")
    if not fold.open:
        return
    from webapp.figures.charts import CONFIG, training_figure

    with fold:
        st.plotly_chart(
            training_figure(curves),
            key="training",
            config=CONFIG,
            alt=f"Accuracy by epoch of {len(curves)} runs; the epoch that was kept is marked",
        )
        st.caption(
            f"Accuracy on {curves[0].chosen_on}, on which the epoch was chosen; the kept epoch has a larger mark."
        )
        heads = ("run", "epoch", "training loss", "accuracy", "macro-F1")
        lines = [
            (
                curve.label,
                str(record.epoch),
                f"{record.loss:.3f}",
                share_text(record.accuracy),
                share_text(record.macro_f1),
            )
            for curve in curves
            for record in curve.history
        ]
        folded_numbers(heads, lines)
