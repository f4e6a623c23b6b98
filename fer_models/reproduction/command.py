"""What `ferscope reproduce` does: train what is missing, then print the paper's numbers beside ours."""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_models.data import DataError, data_folder
from fer_models.reproduction.catalogue import find_run, find_table, list_tables
from fer_models.reproduction.datasets import find_data
from fer_models.reproduction.execute import RESULT, THIS_MACHINE, complete, is_of_these_data
from fer_models.reproduction.filled import Found, fill, table_state
from fer_models.reproduction.grid import Place, recorded_run, run_grid
from fer_models.reproduction.printing import table_text
from fer_models.reproduction.result import OFFICIAL_PARTS, STORED, Result, read_result, write_result
from fer_models.reproduction.runs import FORMS, Form, Run, runs
from fer_models.reproduction.table import Table
from fer_models.training.machine import Machine, check_device
from fer_models.training.progress import is_step
from fer_models.training.start.layouts import SOURCES, TIMM
from fer_models.training.start.published import check_start_weights

Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What the command line says.

    ``form``: 'short' or 'full'; ``part``: 'PublicTest' or 'PrivateTest'; ``data``: folders in which data sets are
    looked for; ``out``: folder of runs; ``again``: what comes with FERScope does not count as done; ``train``: do what
    is not done; ``store``: put results among those that come with FERScope; ``machine``: where to train.
    """

    form: Form = "short"
    part: str = "PublicTest"
    data: tuple[Path, ...] = ()
    out: Path = Path("runs") / "reproduce"
    jobs: int = 1
    again: bool = False
    train: bool = True
    store: bool = False
    machine: Machine = THIS_MACHINE

    @property
    def found(self) -> Found:
        return Found(self.out, self.data, None if self.again else STORED)


def make_settings(
    *, form: str, part: str, data: Sequence[str] | None, machine: Machine = THIS_MACHINE, **others: Any
) -> Settings:
    """Settings from what the command line says, checked; without ``data`` FERSCOPE_DATA is looked in, where it is set.

    Raises ValueError: no such form, part, folder, device or file of ImageNet weights.
    """
    if form not in FORMS:
        raise ValueError(f"A form is one of {', '.join(FORMS)}, not '{form}'.")
    if part not in OFFICIAL_PARTS:
        raise ValueError(f"A split to score on is one of {', '.join(OFFICIAL_PARTS)}, not '{part}'.")
    if machine.device is not None:
        check_device(machine.device)
    if machine.start_weights is not None:
        check_start_weights(machine.start_weights)
    given = data or ([folder] if (folder := os.environ.get("FERSCOPE_DATA")) else [])
    return Settings(form=form, part=part, data=tuple(map(data_folder, given)), machine=machine, **others)


def list_ids() -> list[str]:
    return [table.id for table in list_tables()]


def list_text(settings: Settings) -> str:
    """One line a table: its id, which is also the argument, its title and its state."""
    return "\n".join(f"{table.id}  {table.title}  [{table_state(table, settings.found)}]" for table in list_tables())


def do_run(key: str, settings: Settings, say: Say) -> None:
    """One run by its key: of a table, or one that the folder of runs holds.

    Raises ValueError: no such run; a file of ImageNet weights for a run that starts from none; else as ``complete``.
    """
    run = recorded_run(key, settings.out) or find_run(key)
    _check_imagenet([run], settings.machine)
    data = find_data(run.recipe.label_rule, settings.data)

    def epochs_only(line: str) -> None:
        if not is_step(line):
            say(f"{key}: {line}")

    result = complete(run, settings.out, data, settings.part, machine=settings.machine, say=epochs_only)
    score = result.on(settings.part)
    if score is not None:
        scored = f"{score.count:,} faces of {result.part_name(settings.part)}"
        say(f"{key}: {scored}: accuracy {score.accuracy:.4f}, macro-F1 {score.macro_f1:.4f}")


def reproduce(tables: Sequence[str], settings: Settings, say: Say, warn: Say) -> bool:
    """Train what the tables need and data are at hand for, then say each table; ``tables`` are ids.

    ``warn`` is told what could not be done, and why. Returns whether every table has something of ours in it and every
    run that was begun succeeded. Raises ValueError for an unknown table, and for a file of ImageNet weights where
    runs start from none or from several.
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
            result = found.result(run, settings.part)
            if result is not None and not result.of_a_sample:
                continue
            rule = study.label_rule
            if rule not in places | missing:
                try:
                    places[rule] = find_data(rule, settings.data)
                except DataError as error:
                    missing[rule] = str(error)
            if rule in places and not (result and is_of_these_data(result, places[rule])):
                wanted[run.key] = run
    _check_imagenet(wanted.values(), settings.machine)
    if wanted:
        say(f"Runs to do: {len(wanted)}, {min(settings.jobs, len(wanted))} at a time, in {settings.out}.")
    place = Place(settings.out, places, settings.part, settings.machine)
    return run_grid(list(wanted.values()), place, settings.jobs, say), missing


def _check_imagenet(wanted: Collection[Run], machine: Machine) -> None:
    """ValueError when a file of ImageNet weights is given and runs start from none, or from several sources."""
    if not wanted or machine.start_weights is None:
        return
    starts = {SOURCES[TIMM][run.recipe.network].repository for run in wanted if run.recipe.start == TIMM}
    if not starts:
        raise ValueError(
            "None of these runs starts from ImageNet weights, as no short form does; leave --start-weights out."
        )
    if len(starts) > 1:
        raise ValueError(
            f"These runs start from {' and '.join(sorted(starts))}, and --start-weights names one file: give tables of "
            "one paper at a time, or leave --start-weights out and have the weights in the Hub's cache."
        )


def _store(tables: Sequence[Table], settings: Settings, say: Say) -> None:
    """Put finished runs of tables among the results that come with FERScope; OSError where that may not be.

    A stored result keeps its scores on parts that the run is not scored on, if both are of the same training.
    """
    keys = [run.key for table in tables for study in table.studies for run in runs(study, settings.form)]
    STORED.mkdir(exist_ok=True)
    count = 0
    for key in dict.fromkeys(keys):
        if not (file := settings.out / key / RESULT).is_file():
            continue
        own, target = read_result(file), STORED / f"{key}.json"
        if own.of_a_sample:
            say(f"{key} is not stored: it was trained on {own.training_rows:,} rows, a sample of its data set.")
            continue
        merged = _merged(own, read_result(target)) if target.exists() else own
        if merged is None:
            say(f"{key} is not stored: what is there is of another training and scored on more parts.")
            continue
        write_result(merged, target)
        count += 1
    say(f"{count} results stored in {STORED}.")


def _merged(own: Result, stored: Result) -> Result | None:
    """``own`` with the scores that only ``stored`` has; None when these are of other weights."""
    if stored.scores.keys() <= own.scores.keys():
        return own
    if stored.history != own.history:
        return None
    return own.model_copy(update={"scores": {**stored.scores, **own.scores}})
