"""What `ferscope reproduce` does: train what is missing, then print the paper's numbers beside ours."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_models.data import DataError, data_folder
from fer_models.reproduction.catalogue import find_run, find_table, list_tables
from fer_models.reproduction.datasets import find_data
from fer_models.reproduction.execute import RESULT, complete
from fer_models.reproduction.filled import Found, fill, table_state
from fer_models.reproduction.grid import Place, recorded_run, run_grid
from fer_models.reproduction.printing import table_text
from fer_models.reproduction.result import OFFICIAL_PARTS, STORED
from fer_models.reproduction.runs import FORMS, Form, Run, runs
from fer_models.reproduction.table import Table

Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What the command line says.

    ``form``: 'short' or 'full'; ``part``: 'PublicTest' or 'PrivateTest'; ``data``: folders in which data sets are
    looked for; ``out``: folder of runs; ``again``: what comes with FERScope does not count as done; ``train``: do what
    is not done; ``store``: copy results to those that come with FERScope.
    """

    form: Form = "short"
    part: str = "PublicTest"
    data: tuple[Path, ...] = ()
    out: Path = Path("runs") / "reproduce"
    jobs: int = 1
    again: bool = False
    train: bool = True
    store: bool = False

    @property
    def found(self) -> Found:
        return Found(self.out, self.data, None if self.again else STORED)


def make_settings(*, form: str, part: str, data: Sequence[str] | None, **others: Any) -> Settings:
    """Settings from what the command line says, checked; without ``data`` FERSCOPE_DATA is looked in, where it is set.

    Raises ValueError: no such form, part or folder.
    """
    if form not in FORMS:
        raise ValueError(f"A form is one of {', '.join(FORMS)}, not '{form}'.")
    if part not in OFFICIAL_PARTS:
        raise ValueError(f"A split to score on is one of {', '.join(OFFICIAL_PARTS)}, not '{part}'.")
    given = data or ([folder] if (folder := os.environ.get("FERSCOPE_DATA")) else [])
    return Settings(form=form, part=part, data=tuple(map(data_folder, given)), **others)


def list_ids() -> list[str]:
    return [table.id for table in list_tables()]


def list_text(settings: Settings) -> str:
    """One line a table: its id, which is also the argument, its title and its state."""
    return "\n".join(f"{table.id}  {table.title}  [{table_state(table, settings.found)}]" for table in list_tables())


def do_run(key: str, settings: Settings, say: Say) -> None:
    """One run by its key: of a table, or one that the folder of runs holds. Raises as ``complete`` does."""
    run = recorded_run(key, settings.out) or find_run(key)
    data = find_data(run.recipe.label_rule, settings.data)

    def epochs_only(line: str) -> None:
        if "  step " not in line:
            say(f"{key}: {line}")

    result = complete(run, settings.out, data, settings.part, say=epochs_only)
    score = result.on(settings.part)
    if score is not None:
        say(f"{key}: {score.count:,} faces of {result.part_name(settings.part)}: accuracy {score.accuracy:.4f}")


def reproduce(tables: Sequence[str], settings: Settings, say: Say, warn: Say) -> bool:
    """Train what the tables need and data are at hand for, then say each table; ``tables`` are ids.

    ``warn`` is told what could not be done, and why. Returns whether every table has something of ours in it and every
    run that was begun succeeded. Raises ValueError for an unknown table.
    """
    chosen = [find_table(table) for table in tables]
    missing: dict[str, str] = {}
    failed: dict[str, str] = {}
    if settings.train:
        failed, missing = _train(chosen, settings, say)
    if settings.store:
        _store(chosen, settings, say)
    empty = []
    for table in chosen:
        filled = fill(table, settings.form, settings.part, settings.found)
        say(f"\n{table_text(filled)}")
        empty += [] if filled.has_ours else [table.id]
    for reason in missing.values():
        warn(reason)
    for key, message in failed.items():
        warn(f"{key} failed: {message}")
    return not (empty or failed)


def _train(tables: Sequence[Table], settings: Settings, say: Say) -> tuple[dict[str, str], dict[str, str]]:
    """Do the runs that are not done; returns what went wrong, by key, and why data are missing, by label rule."""
    found, wanted, places, missing = settings.found, dict[str, Run](), dict[str, Path](), dict[str, str]()
    for study in dict.fromkeys(study for table in tables for study in table.studies):
        for run in runs(study, settings.form):
            result = found.result(run)
            if result is not None and result.on(settings.part) is not None:
                continue
            rule = study.label_rule
            if rule not in places | missing:
                try:
                    places[rule] = find_data(rule, settings.data)
                except DataError as error:
                    missing[rule] = str(error)
            if rule in places:
                wanted[run.key] = run
    if wanted:
        say(f"Runs to do: {len(wanted)}, {min(settings.jobs, len(wanted))} at a time, in {settings.out}.")
    place = Place(settings.out, places, settings.part)
    return run_grid(list(wanted.values()), place, settings.jobs, say), missing


def _store(tables: Sequence[Table], settings: Settings, say: Say) -> None:
    """Copy the finished runs of tables to the results that come with FERScope; OSError where that may not be."""
    keys = [run.key for table in tables for study in table.studies for run in runs(study, settings.form)]
    STORED.mkdir(exist_ok=True)
    count = 0
    for key in dict.fromkeys(keys):
        if (file := settings.out / key / RESULT).is_file():
            shutil.copyfile(file, STORED / f"{key}.json")
            count += 1
    say(f"{count} results stored in {STORED}.")
