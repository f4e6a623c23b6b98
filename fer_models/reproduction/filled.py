"""A table with our numbers in it: what the command line prints and the site draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_models.data import data_set_of
from fer_models.reproduction.conditions import conditions
from fer_models.reproduction.datasets import has_data
from fer_models.reproduction.result import RESULT, STORED, Result, read_result
from fer_models.reproduction.runs import FORMS, Form, Run, runs
from fer_models.reproduction.table import Cell, Computed, PrintedConfusion, Source, Study, Table, Trained


@dataclass(frozen=True)
class Found:
    """Where results are looked for: runs of one's own first, then what comes with FERScope; and the data at hand."""

    out: Path | None = None
    data: tuple[Path, ...] = ()
    stored: Path | None = STORED

    def result(self, run: Run, split: str | None = None) -> Result | None:
        """The first result of ``run`` that is there, was made by just this recipe and is scored on ``split``, if any.

        Without ``split`` it may be scored on whatever split. Raises ResultError.
        """
        files = [self.out / run.key / RESULT] if self.out else []
        files += [self.stored / f"{run.key}.json"] if self.stored else []
        for file in files:
            if not file.is_file() or (result := read_result(file)).recipe != run.recipe:
                continue
            if split is None or result.on(split) is not None:
                return result
        return None

    def results(self, study: Study, form: Form, split: str) -> list[Result]:
        """Results of a study's seeds that are scored on ``split``."""
        return [result for run in runs(study, form) if (result := self.result(run, split)) is not None]


SHIPPED = Found()
#: As many runs as a table's state names.
FEW = 3


@dataclass(frozen=True)
class FilledRow:
    """A row: the paper's cells and ours, one of each a column."""

    label: str
    paper: tuple[Cell, ...]
    ours: tuple[Cell, ...]


@dataclass(frozen=True)
class FilledConfusion:
    """The paper's confusion matrix and ours, both in the order of ``labels``, which ``order`` says in words.

    ``paper`` (K, K) are shares of each true label, None where it cannot be read; ``ours`` (K, K) are counts of faces,
    of all seeds together, None with the reason in ``missing``.
    """

    title: str
    labels: tuple[str, ...]
    order: str
    paper: np.ndarray | None
    ours: np.ndarray | None
    missing: str = ""


@dataclass(frozen=True)
class FilledTable:
    """A table with both columns filled; ``setting`` are the paper's conditions, ``conditions`` ours."""

    id: str
    paper: str
    title: str
    form: Form
    state: str
    columns: tuple[str, ...]
    rows: tuple[FilledRow, ...]
    confusions: tuple[FilledConfusion, ...]
    setting: str
    conditions: tuple[str, ...]
    footnotes: tuple[str, ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """What stands over our side of each column: 'ours', or the form of the runs where they were measured."""
        measured = [any(row.ours[column].interval for row in self.rows) for column in range(len(self.columns))]
        return tuple(f"ours, {self.form} form (95 %)" if there else "ours" for there in measured)

    @property
    def has_ours(self) -> bool:
        """Whether anything of ours is in it: a number that was computed, or the result of a run."""
        return any(cell.value is not None for row in self.rows for cell in row.ours)


def fill(table: Table, form: Form = "short", split: str = "PublicTest", found: Found = SHIPPED) -> FilledTable:
    """Fill a table with the results that are there; nothing is trained.

    Args:
        table: see ``find_table``.
        form: 'short' or 'full'; forms are never mixed in one table.
        split: what FER2013 and FERPlus are scored on, 'PublicTest' or 'PrivateTest'.
        found: where to look.

    Raises ResultError when a stored result is damaged.
    """
    by_study = {study: found.results(study, form, split) for study in table.studies}
    missing = {study: _missing(study, found) for study in table.studies}

    def ours(source: Source) -> Cell:
        if isinstance(source, Computed):
            return source.compute()
        if isinstance(source, Trained):
            results = by_study[source.study]
            return source.measure(results, split) if results else Cell(missing[source.study])
        return source

    return FilledTable(
        id=table.id,
        paper=table.paper,
        title=table.title,
        form=form,
        state=table_state(table, found),
        columns=table.columns,
        rows=tuple(FilledRow(row.label, row.paper, tuple(map(ours, row.ours))) for row in table.rows),
        confusions=tuple(
            _confusion(confusion, by_study[confusion.study], split, missing[confusion.study])
            for confusion in table.confusions
        ),
        setting=table.setting,
        conditions=conditions(table, form, split, by_study, missing),
        footnotes=table.footnotes,
    )


def table_state(table: Table, found: Found = SHIPPED) -> str:
    """What there is of a table: 'computed', 'short form: 2 of 2 runs stored', 'needs RAF-DB', 'not run'.

    One statement a data set where there are several; each tells both forms where there is something of both.
    """
    by_dataset: dict[str, list[Study]] = {}
    for study in table.studies:
        by_dataset.setdefault(study.dataset, []).append(study)
    states = {dataset: _state(studies, found) for dataset, studies in by_dataset.items()}
    said = list(states.values())
    if len(states) > 1:
        said = [state if state == f"needs {dataset}" else f"{dataset}: {state}" for dataset, state in states.items()]
        said.sort(key=lambda text: text.startswith("needs"))
    return "; ".join([*(["costs computed"] if table.computed and said else []), *said]) or "computed"


def _state(studies: Sequence[Study], found: Found) -> str:
    said = [_form_state(studies, form, found) for form in FORMS]
    return ", ".join(filter(None, said)) or _missing(studies[0], found)


def _form_state(studies: Sequence[Study], form: Form, found: Found) -> str:
    """How many runs of a form are stored, and which are not when they are few; nothing when none is."""
    wanted = [run for study in studies for run in runs(study, form)]
    left = [run for run in wanted if found.result(run) is None]
    if len(left) == len(wanted):
        return ""
    said = f"{form} form: {len(wanted) - len(left)} of {len(wanted)} runs stored"
    if not left:
        return said
    by_network = len({run.recipe.network for run in wanted}) == len(wanted)
    names = [run.recipe.network if by_network else run.key.rpartition("-")[0] for run in left]
    return f"{said} ({', '.join(names) if len(left) <= FEW else len(left)} not run)"


def _missing(study: Study, found: Found) -> str:
    if data_set_of(study.label_rule).needs_agreement and not has_data(study.label_rule, found.data):
        return f"needs {study.dataset}"
    return "not run"


def _confusion(confusion: PrintedConfusion, results: Sequence[Result], split: str, missing: str) -> FilledConfusion:
    ours = None
    if results:
        # From the order of the network's outputs to the one that the table states.
        order = [results[0].labels.index(label) for label in confusion.labels]
        scores = [score for result in results if (score := result.on(split)) is not None]
        counts = np.sum([score.confusion for score in scores], axis=0)
        ours = counts[np.ix_(order, order)]
    paper = None if confusion.paper is None else np.array(confusion.paper, dtype=float)
    return FilledConfusion(confusion.title, confusion.labels, confusion.order, paper, ours, "" if results else missing)
