"""The faces in a cell of a confusion matrix, where the data set is at hand.

They belong to the data set, nothing to a visitor, so sessions share what is read.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from fer_models.data import Faces
from fer_models.evaluation import Predictions
from fer_models.evaluation.split import Making, made_by, read_split
from webapp.views.evaluation.data import Evaluated, Stamp, stamp

#: Pictures of a cell that are shown at most.
MOST_FACES = 24


@dataclass(frozen=True, eq=False)
class CellFaces:
    """Faces of one cell, (N, s, s) uint8, with their rows and the probabilities of the answer and of the label."""

    faces: np.ndarray
    rows: np.ndarray
    answered: np.ndarray
    labelled: np.ndarray


def cell_indices(found: Predictions, true: int, predicted: int) -> np.ndarray:
    """Which of the predictions are in a cell, those that the network was most certain of first."""
    answers = found.probabilities.argmax(1)
    inside = np.flatnonzero((found.labels == true) & (answers == predicted))
    return inside[np.argsort(-found.probabilities[inside, predicted], kind="stable")]


def cell_faces(found: Evaluated, true: int, predicted: int) -> CellFaces | None:
    """The cell's pictures, at most MOST_FACES, from FERSCOPE_DATA; None where these faces are not to be had."""
    folder, answers = os.environ.get("FERSCOPE_DATA"), found.predictions
    if not folder or answers.other is not None:
        return None
    changed = stamp(Path(folder), *(Path(folder) / name for name in ("fer2013.csv", "fer2013new.csv")))
    faces = _pictures(folder, answers.label_rule, answers.split, made_by(found.card), changed)
    if faces is None or not (np.array_equal(faces.rows, answers.rows) and np.array_equal(faces.labels, answers.labels)):
        return None
    chosen = cell_indices(answers, true, predicted)[:MOST_FACES]
    probabilities = answers.probabilities[chosen]
    images, rows = np.array(faces.images[chosen]), answers.rows[chosen]
    return CellFaces(images, rows, probabilities[:, predicted], probabilities[:, true])


@st.cache_resource(show_spinner="Reading the data set, once", max_entries=4)
def _pictures(folder: str, label_rule: str, split: str, making: Making, changed: Stamp) -> Faces | None:
    """The faces of a split in FERSCOPE_DATA; None, and a line in the server's log, when they cannot be read."""
    try:
        return read_split(Path(folder), label_rule, split, making, skip_bad=True).faces
    except (ValueError, OSError) as error:
        logging.getLogger(__name__).warning("The pictures of FERSCOPE_DATA cannot be shown: %s", error)
        return None
