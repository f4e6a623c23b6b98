"""What the page "Evaluation" reads of what networks cost, and of how well they answer for it."""

import logging

import streamlit as st

from fer_models.card import Card, Score
from fer_models.checkpoints import CheckpointError, list_checkpoints, read_card
from fer_models.networks import UnknownNetworkError
from fer_models.reproduction import list_tables
from fer_models.reproduction.costs import cost
from fer_models.reproduction.measures import accuracy
from fer_models.reproduction.runs import FORMS
from fer_models.reproduction.table import Study
from fer_models.training.recipe import Loss
from fer_models.training.start.published import start_of, start_text
from webapp.figures.points import CostPoint
from webapp.views.evaluation import tables
from webapp.views.evaluation.data import Stamp, evaluated, stated_score
from webapp.wording import in_papers_order

logger = logging.getLogger(__name__)


def checkpoint_points(split: str, label_rule: str) -> list[CostPoint]:
    """Every checkpoint that has a score on these faces with these labels."""
    points = []
    for name in in_papers_order(list_checkpoints()):
        try:
            card = read_card(name)
            found = _score(name, card, split, label_rule)
            if found is not None:
                side = card.preprocessing.input_side
                costs = cost(card.network, len(card.labels), side)
                points.append(
                    CostPoint(
                        name,
                        f"Checkpoints, {start_of(card)}",
                        side,
                        costs.parameters,
                        costs.macs,
                        found.accuracy,
                        found.interval,
                        checkpoint=True,
                    )
                )
        except (CheckpointError, UnknownNetworkError):
            continue  # the checkpoint says so itself when it is chosen
    return points


def count() -> None:
    """Count the costs of all checkpoints, which takes seconds the first time: before the first visitor asks."""
    for name in list_checkpoints():
        try:
            card = read_card(name)
            cost(card.network, len(card.labels), card.preprocessing.input_side)
        except Exception:  # one that cannot be counted does not keep the others waiting
            logger.exception("The costs of %s are not counted.", name)


def run_points(split: str, label_rule: str) -> list[CostPoint]:
    """Every run of a table's network with such a score. Raises ValueError when a stored result is damaged."""
    return _run_points(split, label_rule, tables.results_stamp())


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
            results = tables.SHIPPED.results(study, form, split)
            measured = accuracy(results, split) if results else None
            if measured is None or measured.value is None or measured.interval is None:
                continue
            start = start_text(results[0].recipe.start)
            side = results[0].recipe.preprocessing.input_side
            costs = cost(study.network, len(results[0].labels), side)
            points.append(
                CostPoint(
                    study.network,
                    f"{form.capitalize()} runs for the papers' tables, {start}",
                    side,
                    costs.parameters,
                    costs.macs,
                    accuracy=measured.value,
                    interval=measured.interval,
                    checkpoint=False,
                )
            )
    return points
