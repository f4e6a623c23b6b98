"""What a run tells while it goes: typed events, for a terminal, a tracker or a page to show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from fer_models.training.recipe import Recipe

METRICS = "metrics.jsonl"  # in the folder of a run: a record of each epoch so far


@dataclass(frozen=True)
class EpochRecord:
    """One epoch (from 1): input side, mean training loss, scores on the validation faces, seconds of training so far.

    ``training_accuracy`` is counted in training itself: on augmented pictures, under weights that move and with units
    dropped; None where the loss trains no head. Such are the lines of ``metrics.jsonl`` and the history of a stored
    result, of which older ones hold neither it nor ``validation_loss``.
    """

    epoch: Annotated[int, Field(ge=1)]
    side: int
    loss: float
    accuracy: Annotated[float, Field(ge=0, le=1)]
    macro_f1: Annotated[float, Field(ge=0, le=1)]
    seconds: float
    validation_loss: float | None = None
    training_accuracy: float | None = None


@dataclass(frozen=True)
class Note:
    """Something that is said once."""

    text: str


@dataclass(frozen=True)
class Reading:
    """So many of the data set's picture files are read; the next event supersedes this one."""

    done: int
    total: int


@dataclass(frozen=True)
class StepDone:
    """A step is over; the next event supersedes this one. ``epoch`` and ``step``, within the epoch, count from 1.

    ``loss`` is the mean of the epoch so far, ``accuracy`` that after the last epoch; None where there is none yet.
    """

    network: str
    epoch: int
    epochs: int
    side: int
    step: int
    steps: int
    loss: float | None
    accuracy: float | None
    seconds_left: float


@dataclass(frozen=True)
class EpochDone:
    """An epoch is over, scored and saved; no ``seconds_left`` after the last."""

    network: str
    epochs: int
    record: EpochRecord
    seconds_left: float


class Stopped(Exception):
    """To be raised by a watch after a step or while data are read: the run is saved there, and ends."""


Event = Note | Reading | StepDone | EpochDone
Watch = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Watch without looking."""


def passes(event: Event) -> bool:
    """Whether the next event supersedes this one: where lines stay, it is left out."""
    return isinstance(event, Reading | StepDone)


def event_text(event: Event) -> str:
    """'NETWORK  epoch 2/5  112 px  ...  7 min left', or what a note says."""
    if isinstance(event, Note):
        return event.text
    if isinstance(event, Reading):
        return f"reading pictures  {event.done:,}/{event.total:,}"
    if isinstance(event, EpochDone):
        record = event.record
        epoch, side = record.epoch, record.side
        said = [f"loss {record.loss:.3f}", _accuracy(record.accuracy), f"macro-F1 {record.macro_f1:.4f}"]
    else:
        epoch, side = event.epoch, event.side
        said = [f"step {event.step}/{event.steps}"]
        said += [] if event.loss is None else [f"loss {event.loss:.3f}"]
        said += [] if event.accuracy is None else [_accuracy(event.accuracy)]
    left = f"{_duration(event.seconds_left)} left" if event.seconds_left else "done"
    return "  ".join([event.network, f"epoch {epoch}/{event.epochs}", f"{side} px", *said, left])


def _accuracy(share: float) -> str:
    return f"validation accuracy {share:.4f}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{max(minutes, 1)} min"


def seconds_left(recipe: Recipe, step: int, steps_per_epoch: int, seconds: float) -> float:
    """How long a run takes from here, after ``step`` steps that took ``seconds``.

    Work grows with the area of the input: it is counted in pixels, not in steps.
    """
    areas = [recipe.side_of(epoch) ** 2 for epoch in range(recipe.epochs)]
    whole, part = divmod(step, steps_per_epoch)
    done: float = sum(areas[:whole])
    if part:
        done += areas[whole] * part / steps_per_epoch
    return seconds * (sum(areas) - done) / max(done, 1)
