"""The runs behind the papers' tables: do those that are missing, and keep their results with FERScope."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_models.data import DataError
from fer_models.reproduction.catalogue import find_run
from fer_models.reproduction.datasets import find_data
from fer_models.reproduction.execute import complete, is_of_these_data
from fer_models.reproduction.filled import Found
from fer_models.reproduction.grid import Place, recorded_run, run_grid
from fer_models.reproduction.result import RESULT, STORED, Result, read_result, write_result
from fer_models.reproduction.runs import Form, Run, runs
from fer_models.reproduction.table import Table
from fer_models.training.events import Note, Watch, ignore
from fer_models.training.machine import THIS_MACHINE, Machine
from fer_models.training.start.imagenet import LAYOUTS
from fer_models.training.start.published import IMAGENET


@dataclass(frozen=True)
class Settings:
    """How tables are reproduced.

    ``form``: 'short' or 'full'; ``split``: 'PublicTest' or 'PrivateTest'; ``data``: folders in which data sets are
    looked for; ``out``: folder of runs; ``jobs``: runs at a time; ``again``: what comes with FERScope does not count as
    done; ``machine``: where to train.
    """

    form: Form = "short"
    split: str = "PublicTest"
    data: tuple[Path, ...] = ()
    out: Path = Path("runs") / "reproduce"
    jobs: int = 1
    again: bool = False
    machine: Machine = THIS_MACHINE

    @property
    def found(self) -> Found:
        return Found(self.out, self.data, None if self.again else STORED)


def reproduce_run(key: str, settings: Settings, watch: Watch = ignore) -> Result:
    """Do one run by its key: of a table, or one that the folder of runs holds.

    Raises ValueError: no such run; a file of ImageNet weights for a run that starts from none; else as ``complete``.
    """
    run = recorded_run(key, settings.out) or find_run(key)
    _check_imagenet([run], settings.machine)
    data = find_data(run.recipe.label_rule, settings.data)
    return complete(run, settings.out, data, settings.split, machine=settings.machine, watch=watch)


def reproduce_tables(
    tables: Sequence[Table], settings: Settings, watch: Watch = ignore
) -> tuple[dict[str, str], dict[str, str]]:
    """Do the runs that tables need, are not done and have their data at hand.

    Returns what went wrong, by key, and why data are missing, by label rule. Raises ValueError for a file of ImageNet
    weights where runs start from none or from several.
    """
    found, wanted, places, missing = settings.found, dict[str, Run](), dict[str, Path](), dict[str, str]()
    for study in dict.fromkeys(study for table in tables for study in table.studies):
        for run in runs(study, settings.form):
            result = found.result(run, settings.split)
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
        watch(Note(f"Runs to do: {len(wanted)}, {min(settings.jobs, len(wanted))} at a time, in {settings.out}."))
    place = Place(settings.out, places, settings.split, settings.machine)
    return run_grid(list(wanted.values()), place, settings.jobs, watch), missing


def _check_imagenet(wanted: Collection[Run], machine: Machine) -> None:
    """ValueError when a file of ImageNet weights is given and runs start from none, or from several such."""
    if not wanted or machine.start_weights is None:
        return
    starts = {LAYOUTS[run.recipe.network].weights for run in wanted if run.recipe.start == IMAGENET}
    if not starts:
        raise ValueError(
            "None of these runs starts from ImageNet weights, as no short form does; leave `start_weights` out."
        )
    if len(starts) > 1:
        raise ValueError(
            f"These runs start from {' and '.join(sorted(starts))}, and `start_weights` names one file: give tables of "
            "one paper at a time, or leave `start_weights` out and have the weights in the Hub's cache."
        )


def store_results(tables: Sequence[Table], settings: Settings, watch: Watch = ignore) -> None:
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
            watch(Note(f"{key} is not stored: it was trained on {own.training_rows:,} rows, a sample of its data set."))
            continue
        merged = _merged(own, read_result(target)) if target.exists() else own
        if merged is None:
            watch(Note(f"{key} is not stored: what is there is of another training and scored on more parts."))
            continue
        write_result(merged, target)
        count += 1
    watch(Note(f"{count} results stored in {STORED}."))


def _merged(own: Result, stored: Result) -> Result | None:
    """``own`` with the scores that only ``stored`` has; None when these are of other weights."""
    if stored.scores.keys() <= own.scores.keys():
        return own
    if stored.history != own.history:
        return None
    return own.model_copy(update={"scores": {**stored.scores, **own.scores}})
