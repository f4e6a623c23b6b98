"""What the page "Evaluation" reads of the papers' tables: our numbers in them, and their runs.

Kept, for all sessions, until a stored result changes.
"""

import streamlit as st

from fer_models.reproduction import SHIPPED, FilledTable, Form, filled_table, find_table, list_tables, table_state
from fer_models.reproduction.runs import FORMS
from fer_models.reproduction.table import Study, Trained
from webapp.figures.points import Curve
from webapp.views.evaluation.data import Stamp, stamp

#: What FER2013 and FERPlus are scored on; PrivateTest is for the last word.
SPLIT = "PublicTest"


def results_stamp() -> Stamp:
    """Changes when a result of a table's run comes, goes or is made anew."""
    folder = SHIPPED.stored
    return stamp(*sorted(folder.glob("*.json"))) if folder and folder.is_dir() else ()


@st.cache_resource(show_spinner=False, max_entries=1)
def table_states(changed: Stamp) -> dict[str, str]:
    """What there is of each table, by id. Raises ValueError when a stored result is damaged."""
    return {table.id: table_state(table, SHIPPED) for table in list_tables()}


@st.cache_resource(show_spinner=False, max_entries=64)
def forms_there(table: str, changed: Stamp) -> list[Form]:
    """Forms in which something of a table has been run; the short one where there is none."""
    studies = find_table(table).studies
    there = [form for form in FORMS if any(SHIPPED.results(study, form, SPLIT) for study in studies)]
    return there or [FORMS[0]]


@st.cache_resource(show_spinner=False, max_entries=64)
def filled(table: str, form: Form, changed: Stamp) -> FilledTable:
    """A table with our numbers in it. Raises ValueError when a stored result is damaged."""
    return filled_table(table, form, SPLIT, SHIPPED)


@st.cache_resource(show_spinner=False, max_entries=64)
def curves(table: str, form: Form, changed: Stamp) -> list[Curve]:
    """The training of each run of a table, under the name of its row, or its network's where it fills several."""
    rows: dict[Study, set[str]] = {}
    for row in find_table(table).rows:
        for source in row.ours:
            if isinstance(source, Trained):
                rows.setdefault(source.study, set()).add(row.label)
    names = {study: labels.pop() if len(labels) == 1 else study.network for study, labels in rows.items()}
    several = len({study.dataset for study in names}) > 1
    found = []
    for study, label in names.items():
        name = f"{label}, {study.dataset}" if several and study.dataset not in label else label
        results = SHIPPED.results(study, form, SPLIT)
        for result in results:
            seed = f", seed {result.recipe.seed}" if len(results) > 1 else ""
            found.append(Curve(name + seed, result.history, result.epoch, result.chosen_on))
    return found
