"""What the page "Evaluation" reads of checkpoints: stored predictions, and reports made of them.

All of it belongs to checkpoints, nothing to a visitor, so sessions share what is computed. Everything is
kept by the time of change of its files: a checkpoint that is scored anew shows at the next choice.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from fer_models.card import Card, Score
from fer_models.checkpoints import CheckpointError, find_checkpoint, list_checkpoints, read_card
from fer_models.data import short_name
from fer_models.evaluation import Predictions, Report, list_predictions, load_predictions, make_report, score
from fer_models.evaluation.other_answers import Stored, list_other, load_other, other_file
from fer_models.evaluation.other_data import NOTE
from fer_models.evaluation.seen import what_it_saw
from fer_models.reproduction import list_tables

Stamp = tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A checkpoint's answers on a split, by the id under which it is chosen, and all that follows from them."""

    split: str
    card: Card
    predictions: Predictions
    score: Score
    report: Report


@dataclass(frozen=True, eq=False)
class PaperMatrix:
    """A confusion matrix that a paper prints: (K, K) shares of each row, and the conditions they were got under."""

    table: str
    paper: str
    setting: str
    shares: np.ndarray


def other_splits(name: str) -> dict[str, Stored]:
    """What is stored of a checkpoint on other data sets, by ids that no split of its own has."""
    try:
        return {f"{stored.name} ({stored.part})": stored for stored in list_other(name)}
    except CheckpointError:  # whoever reads it says so
        return {}


def scored_on(split: str) -> set[str]:
    """The checkpoints that have answers on a split, by its id."""
    own = {name for name, stored in list_predictions() if stored == split}
    return own | {name for name in list_checkpoints() if split in other_splits(name)}


def evaluated(name: str, split: str) -> Evaluated:
    """Report of a checkpoint's stored predictions. Raises CheckpointError when there are none or they are damaged."""
    weights, other = find_checkpoint(name), other_splits(name).get(split)
    file = other_file(weights, other.name, other.part) if other else weights.with_suffix(f".{split}.npz")
    return _evaluated(name, split, other, stamp(weights, weights.with_suffix(".json"), file))


@st.cache_resource(show_spinner=False, max_entries=64)
def _evaluated(name: str, split: str, other: Stored | None, changed: Stamp) -> Evaluated:
    card = read_card(name)
    if other is not None:
        found = load_other(name, other.name, other.part)
        live = score(
            found.labels, found.probabilities, found.names, split=found.split, label_rule=found.label_rule, note=NOTE
        )
        return Evaluated(split, card, found, live, make_report(found.labels, found.probabilities, found.names))
    found = load_predictions(name, split)
    live = score(found.labels, found.probabilities, found.names, split=split, label_rule=found.label_rule)
    # What the answers alone do not tell.
    stated = stated_score(card, split, found.label_rule)
    seeds, note = stated.seeds if stated else 1, what_it_saw(card, split, found.label_rule)
    live = live.model_copy(update={"seeds": seeds, "note": note})
    return Evaluated(split, card, found, live, make_report(found.labels, found.probabilities, found.names))


def stated_score(card: Card, split: str, label_rule: str | None = None) -> Score | None:
    """The score of a split that the card states, under its short name or in full."""
    return next((s for s in card.scores if short_name(s.split) == split and label_rule in (None, s.label_rule)), None)


def paper_matrices(found: Evaluated) -> list[PaperMatrix]:
    """Matrices that papers print of this very network on these very labels, in the order of the checkpoint's labels."""
    names, matrices = found.predictions.names, []
    for table in list_tables():
        for confusion in table.confusions:
            study = confusion.study
            ours = (study.network, study.label_rule) == (found.card.network, found.predictions.label_rule)
            if ours and confusion.paper is not None and sorted(confusion.labels) == sorted(names):
                order = [confusion.labels.index(name) for name in names]
                shares = np.array(confusion.paper, float)[np.ix_(order, order)]
                matrices.append(PaperMatrix(table.id, table.paper, table.setting, shares))
    return matrices


def stamp(*files: Path) -> Stamp:
    """Names and times of change of those files that are there."""
    return tuple((str(file), file.stat().st_mtime_ns) for file in files if file.exists())
