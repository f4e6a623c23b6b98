"""What charts of the page "Evaluation" are drawn from."""

from dataclasses import dataclass

from fer_models.training.events import EpochRecord


@dataclass(frozen=True)
class CostPoint:
    """What one network costs, for a picture of the ``side`` it was scored at, and how well it answers.

    ``series`` says what kind of result it is and what its training began with, in words.
    """

    name: str
    series: str
    side: int
    parameters: int
    macs: int
    accuracy: float
    interval: tuple[float, float]
    checkpoint: bool


@dataclass(frozen=True)
class Curve:
    """A run's training: its row in the table, and one record an epoch; ``chosen`` is the epoch whose weights count."""

    label: str
    history: tuple[EpochRecord, ...]
    chosen: int
    chosen_on: str
