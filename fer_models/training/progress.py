"""What a run tells while it goes: typed events, for a terminal, a tracker or a page to show."""

from collections.abc import Callable
from dataclasses import dataclass

from fer_models.training.recipe import Recipe


@dataclass(frozen=True)
class EpochRecord:
    """One epoch (from 1): input side, mean training loss, scores on the validation faces, seconds of training so far.

    Such are the lines of ``metrics.jsonl``.
    """

    epoch: int
    side: int
    loss: float
    accuracy: float
    macro_f1: float
    validation_loss: float
    seconds: float


@dataclass(frozen=True)
class Note:
    """Something that is said once."""

    text: str


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


Event = Note | StepDone | EpochDone
Watch = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Watch without looking."""


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
