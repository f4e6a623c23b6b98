"""Made-up predictions and results for the page "Evaluation": their confusions are known, nothing is trained."""

from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from fer_models.card import Score
from fer_models.data.faces import FACES_IN_A_MEAN
from fer_models.evaluation import Predictions, save_predictions
from fer_models.labels import FER2013, FERPLUS
from fer_models.reproduction import find_table
from fer_models.reproduction.result import Result, score_split, write_result
from fer_models.reproduction.runs import Form, runs
from fer_models.training.events import EpochRecord
from tests.support.pages import opened
from tests.webapp.conftest import save

NAMES = FERPLUS.labels
FACES = 40  # of each label
LABELS = np.repeat(np.arange(len(NAMES)), FACES)
SADNESS, NEUTRAL, FEAR, SURPRISE = (NAMES.index(name) for name in ("sadness", "neutral", "fear", "surprise"))


def answers(sad_as_neutral: int, fear_as_surprise: int = 0) -> np.ndarray:
    """Every face is recognised, but so many of sadness are read as neutral, and of fear as surprise."""
    found = LABELS.copy()
    found[np.flatnonzero(LABELS == SADNESS)[:sad_as_neutral]] = NEUTRAL
    found[np.flatnonzero(LABELS == FEAR)[:fear_as_surprise]] = SURPRISE
    return found


SIMAM, CPSCA, A_MOBILENET = answers(35), answers(12, 6), answers(10, 5)
NOTE = "single view; the epoch was chosen on this part"
TRAINING_ROWS = 48  # of the made-up data set; the rows that were answered follow
FIRST_TEST_ROWS = TRAINING_ROWS + np.arange(len(LABELS))
PAGE = """
from webapp import state
from webapp.views.evaluation.page import page

with state.kept("Evaluation"):
    page()
"""


def confusion(found: np.ndarray) -> np.ndarray:
    counts = np.zeros((len(NAMES), len(NAMES)), int)
    np.add.at(counts, (LABELS, found), 1)
    return counts


def probabilities(found: np.ndarray) -> np.ndarray:
    """(N, K): the answer has 0.60 to 0.95, falling from face to face, and the others share the rest."""
    answered = np.linspace(0.95, 0.6, len(found))
    table = np.repeat((1 - answered)[:, None] / (len(NAMES) - 1), len(NAMES), axis=1)
    table[np.arange(len(found)), found] = answered
    return table.astype(np.float32)


def write_checkpoint(
    folder: Path,
    network: str,
    found: np.ndarray | None,
    *,
    rows: np.ndarray | None = None,
    split: str = "PublicTest",
    note: str = "",
    names: tuple[str, ...] = NAMES,
) -> None:
    """An untrained checkpoint NETWORK.ferplus that is said to have answered so; not scored if ``found`` is None."""
    right = found is not None and float((found == LABELS).mean())
    scores = ()
    if found is not None:
        scores = (
            Score(
                split=split,
                label_rule="ferplus-majority",
                count=len(found),
                seeds=3,
                accuracy=right,
                interval=(max(right - 0.04, 0), min(right + 0.04, 1)),
                macro_f1=right,
                recall={},
                note=note,
            ),
        )
    weights = save(folder, network, scores=scores, labels=names)
    if found is None:
        return
    counts = confusion(found)
    means = {
        (int(true), int(predicted)): np.full((48, 48), 10 * true + predicted, np.uint8)
        for true, predicted in np.argwhere(counts >= FACES_IN_A_MEAN)
    }
    predictions = Predictions(
        checkpoint=f"{network}.ferplus",
        names=names,
        split=split,
        label_rule="ferplus-majority",
        rows=np.arange(len(found)) if rows is None else rows,
        labels=LABELS,
        probabilities=probabilities(found),
        cells=means,
    )
    save_predictions(predictions, weights)


def write_results(
    folder: Path, table: str, form: Form = "short", rules: tuple[str, ...] = ("ferplus-majority",)
) -> None:
    """Results of all of a table's runs on data sets with these label rules; each run is better than the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    studies = [study for study in find_table(table).studies if study.label_rule in rules]
    for number, study in enumerate(studies):
        names = (FER2013 if study.label_rule == "fer2013" else FERPLUS).labels
        labels = np.repeat(np.arange(len(names)), 50)
        wrong = np.arange(len(labels)) % 50 >= 20 + 3 * number
        part = score_split(labels, np.where(wrong, (labels + 1) % len(names), labels), names)
        for run in runs(study, form):
            epochs = run.recipe.stages[-1].epochs
            history = tuple(
                EpochRecord(
                    epoch=n, side=64, loss=2 / n, accuracy=part.accuracy * n / epochs, macro_f1=0.3, seconds=9.0 * n
                )
                for n in range(1, epochs + 1)
            )
            result = Result(
                key=run.key,
                recipe=run.recipe,
                dataset=study.dataset,
                labels=names,
                training_rows=900,
                leaked_rows_left_out=7,
                epoch=epochs - 1,
                chosen_on="a held-out tenth of the training rows",
                chosen_count=100,
                history=history,
                scores={"PublicTest": part},
                seconds=history[-1].seconds,
                device="cpu",
                versions={},
            )
            write_result(result, folder / f"{run.key}.json")


def open_page(**choices: str) -> AppTest:
    """A visitor's page after these choices, as from a link, run once."""
    return opened(AppTest.from_string(PAGE, default_timeout=120), choices)
