"""What the page "Evaluation" reads of the papers' tables: our numbers in them, their runs, and what networks cost.

Kept, for all sessions, until a stored result changes.
"""

import streamlit as st

from fer_models.card import Card, Score
from fer_models.checkpoints import CheckpointError, list_checkpoints, read_card
from fer_models.networks import UnknownNetworkError, network_cost
from fer_models.reproduction import SHIPPED, FilledTable, Form, filled_table, find_table, list_tables, table_state
from fer_models.reproduction.measures import accuracy
from fer_models.reproduction.runs import FORMS
from fer_models.reproduction.table import Study, Trained
from fer_models.training.recipe import Loss
from webapp.figures.charts import Curve
from webapp.figures.cost import CostPoint
from webapp.views.evaluation.data import Stamp, evaluated, stamp, start_of, stated_score
from webapp.wording import in_papers_order

#: What FER2013 and FERPlus are scored on; PrivateTest is for the last word.
PART = "PublicTest"


def cost_points(split: str, label_rule: str) -> list[CostPoint]:
    """Every checkpoint and every run of a table's network that has a score on the same faces with the same labels.

    Raises ValueError when a stored result is damaged.
    """
    points = []
    for name in in_papers_order(list_checkpoints()):
        try:
            card = read_card(name)
            found = _score(name, card, split, label_rule)
            if found is not None:
                side = card.preprocessing.input_side
                points.append(
                    CostPoint(
                        name,
                        f"Checkpoints, {start_of(card)}",
                        side,
                        *_cost(card.network, len(card.labels), side),
                        found.accuracy,
                        found.interval,
                        checkpoint=True,
                    )
                )
        except (CheckpointError, UnknownNetworkError):
            continue  # the checkpoint says so itself when it is chosen
    return points + _run_points(split, label_rule, results_stamp())


def _score(name: str, card: Card, split: str, label_rule: str) -> Score | None:
    try:
        found = evaluated(name, split).score
    except CheckpointError:
        return stated_score(card, split, label_rule)
    return found if found.label_rule == label_rule else None


@st.cache_resource(show_spinner=False, max_entries=8)
def _run_points(split: str, label_rule: str, changed: Stamp) -> list[CostPoint]:
    """One point a network and form: the run with the paper's own loss. Other losses are in their tables."""
    studies: dict[tuple[str, str], Study] = {}
    for table in list_tables():
        for study in table.studies:
            if study.label_rule == label_rule and study.loss in (None, Loss()):
                studies.setdefault((study.paper, study.network), study)
    points = []
    for study in studies.values():
        for form in FORMS:
            results = SHIPPED.results(study, form, split)
            measured = accuracy(results, split) if results else None
            if measured is None or measured.value is None or measured.interval is None:
                continue
            start = "from scratch" if results[0].recipe.start is None else "from ImageNet weights"
            side = results[0].recipe.preprocessing.input_side
            points.append(
                CostPoint(
                    study.network,
                    f"{form.capitalize()} runs for the papers' tables, {start}",
                    side,
                    *_cost(study.network, len(results[0].labels), side),
                    accuracy=measured.value,
                    interval=measured.interval,
                    checkpoint=False,
                )
            )
    return points


@st.cache_resource(show_spinner=False)
def _cost(network: str, classes: int, side: int) -> tuple[int, int]:
    cost = network_cost(network, classes, side)
    return cost.parameters, cost.macs


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
    there = [form for form in FORMS if any(SHIPPED.results(study, form, PART) for study in studies)]
    return there or [FORMS[0]]


@st.cache_resource(show_spinner=False, max_entries=64)
def filled(table: str, form: Form, changed: Stamp) -> FilledTable:
    """A table with our numbers in it. Raises ValueError when a stored result is damaged."""
    return filled_table(table, form, PART, SHIPPED)


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
        results = SHIPPED.results(study, form, PART)
        for result in results:
            seed = f", seed {result.recipe.seed}" if len(results) > 1 else ""
            found.append(Curve(name + seed, result.history, result.epoch, result.chosen_on))
    return found
