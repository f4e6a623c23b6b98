"""Made-up results of runs of the papers' tables."""

from pathlib import Path

import numpy as np

from fer_models.labels import FER2013, FERPLUS, RAF_DB
from fer_models.reproduction import Result, find_table
from fer_models.reproduction.result import score_split, write_result
from fer_models.reproduction.runs import Run
from fer_models.reproduction.table import Study
from fer_models.training.events import EpochRecord

LABELS = {"ferplus-majority": FERPLUS, "fer2013": FER2013, "raf-db": RAF_DB}
FACES = 400


def made_up(
    run: Run, skill: float = 0.7, split: str = "PublicTest", faces: int = FACES
) -> tuple[Result, np.ndarray, np.ndarray]:
    """A result with answers of which about ``skill`` are right; with the labels and answers behind it."""
    names = LABELS[run.recipe.label_rule].labels
    rng = np.random.default_rng(len(run.key) + run.recipe.seed)
    labels = rng.integers(0, len(names), faces)
    answers = np.where(rng.random(faces) < skill, labels, rng.integers(0, len(names), faces))
    history = tuple(
        EpochRecord(
            epoch=epoch, side=64, loss=2 / epoch, accuracy=epoch / 20, macro_f1=epoch / 25, seconds=60.0 * epoch
        )
        for epoch in range(1, 9)
    )
    result = Result(
        key=run.key,
        recipe=run.recipe,
        dataset="made up",
        labels=names,
        training_rows=22_000,
        leaked_rows_left_out=614,
        epoch=7,
        chosen_on="a held-out tenth of the training rows",
        chosen_count=2_000,
        history=history,
        scores={split: score_split(labels, answers, names)},
        seconds=480.0,
        device="cpu",
        versions={"torch": "2.13.0"},
    )
    return result, labels, answers


def store(result: Result, folder: Path) -> None:
    write_result(result, folder / f"{result.key}.json")


def study_of(table: str, network: str, rule: str = "ferplus-majority") -> Study:
    return next(s for s in find_table(table).studies if (s.network, s.label_rule) == (network, rule))
