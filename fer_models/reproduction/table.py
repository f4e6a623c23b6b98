"""What a table of a paper is made of: cells as printed, and where our number for each of them comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fer_models.data import data_set_of
from fer_models.reproduction.result import Result
from fer_models.text import interval_text
from fer_models.training.recipe import LabelRule, Loss


@dataclass(frozen=True)
class Cell:
    """One cell: ``text`` as a person reads it; ``value`` and 95 % ``interval`` for charts, shares as 0 to 1.

    Where there is no number, ``text`` says why.
    """

    text: str
    value: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def interval_text(self) -> str:
        """'73.7 to 76.6', in per cent, or nothing."""
        return interval_text(self.interval).removesuffix(" %") if self.interval else ""

    @property
    def full_text(self) -> str:
        """'75.2 % (73.7 to 76.6)'."""
        return f"{self.text} ({self.interval_text})" if self.interval else self.text


NOTHING = Cell("–")  # the paper prints nothing there, or there is nothing to compute
NOT_READABLE = Cell("not readable")  # it stands in a figure that the paper's text does not hold
QUOTED = Cell("quoted, not run")  # another paper's number, which this paper only repeats


def percent(printed: str) -> Cell:
    """A printed percentage, for example '95.80 ± 0.20', as it stands."""
    return Cell(f"{printed} %", float(printed.split()[0]) / 100)


def number(printed: str) -> Cell:
    """A printed number as it stands."""
    return Cell(printed, float(printed))


@dataclass(frozen=True)
class Study:
    """A training that a table needs, before its form and its seed are chosen.

    ``paper`` is the network of the paper whose recipe it follows; ``loss`` replaces the recipe's; ``from_scratch``
    where a table holds networks without ImageNet weights, because starts are never mixed in one column; ``epochs``
    where the paper trained longer or shorter for this table than its recipe says.
    """

    paper: str
    network: str
    label_rule: LabelRule
    loss: Loss | None = None
    from_scratch: bool = False
    epochs: int | None = None

    @property
    def dataset(self) -> str:
        """What the data set is called."""
        return data_set_of(self.label_rule).title


#: From the results of a study's seeds, and the split of the data they shall be scored on, to a cell.
Measure = Callable[[Sequence[Result], str], Cell]


@dataclass(frozen=True)
class Trained:
    """A cell of ours that a trained network fills."""

    study: Study
    measure: Measure


@dataclass(frozen=True)
class Computed:
    """A cell of ours that needs no training."""

    compute: Callable[[], Cell]


Source = Trained | Computed | Cell


@dataclass(frozen=True)
class Row:
    """A row: its label, the paper's cells, and where ours come from; one of each a column."""

    label: str
    paper: tuple[Cell, ...]
    ours: tuple[Source, ...]


@dataclass(frozen=True)
class PrintedConfusion:
    """A confusion matrix of a paper, and the study whose own is set beside it.

    ``labels`` is the order of both; ``paper[true][predicted]`` are shares of each row, or None where the matrix is in a
    figure that cannot be read.
    """

    title: str
    study: Study
    labels: tuple[str, ...]
    order: str
    paper: tuple[tuple[float, ...], ...] | None


@dataclass(frozen=True)
class Table:
    """A table or figure of a paper.

    ``setting`` says under what conditions the paper got its numbers, ``footnotes`` what of them does not fit together.
    """

    id: str
    paper: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    setting: str
    footnotes: tuple[str, ...]
    confusions: tuple[PrintedConfusion, ...] = ()

    @property
    def authors(self) -> str:
        """Of its paper, which is named by its number first: 'Nan et al. 2022'."""
        return self.paper.partition(", ")[2]

    @property
    def studies(self) -> tuple[Study, ...]:
        """Every training it needs, each once, in the order of its rows."""
        needed = [source.study for row in self.rows for source in row.ours if isinstance(source, Trained)]
        return tuple(dict.fromkeys([*needed, *(confusion.study for confusion in self.confusions)]))

    @property
    def computed(self) -> bool:
        """Whether some of its cells need no training."""
        return any(isinstance(source, Computed) for row in self.rows for source in row.ours)
