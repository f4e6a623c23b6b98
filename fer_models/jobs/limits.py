"""What jobs may take of a machine, by settings FERSCOPE_JOBS_*, and what of it is left."""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer_models.text import first_mistake

_PREFIX = "FERSCOPE_JOBS_"


class LimitError(ValueError):
    """A job would go beyond a limit; the message says which, and what can be done."""


class Limits(BaseModel):
    """One field a limit. Its setting is called FERSCOPE_JOBS_ and the field's name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: int = Field(20, ge=1, description="jobs of one owner that wait or run")
    queue: int = Field(100, ge=1, description="jobs that wait, of all owners")
    launches: int = Field(30, ge=1, description="jobs that one owner may submit in a minute")
    epochs: int = Field(1000, ge=1, description="epochs of a job")
    pictures: int = Field(50_000, ge=4, description="pictures of a job")
    megabytes: float = Field(1000, gt=0, description="megabytes of the pictures of a job that are handed over")
    minutes: float = Field(24 * 60, gt=0, description="minutes after which a running job is stopped")
    workers: int = Field(8, ge=1, description="processes on a Ray cluster that train one job together")
    gpus: int = Field(8, ge=0, description="GPUs that a cluster gives each of them")
    disk: float = Field(20, gt=0, description="gigabytes of all jobs together; beyond them none is accepted")
    keep_hours: float = Field(24, gt=0, description="hours after which pictures that were handed over are deleted")


@dataclass(frozen=True)
class Counts:
    """What there is now: jobs of one owner that wait or run, all that wait, and the owner's of the last minute.

    ``names`` are those of the checkpoints of all the owner's jobs.
    """

    active: int
    queue: int
    launches: int
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Remaining:
    """What an owner may still submit, and how large it may be; ``disk`` in gigabytes."""

    active: int
    queue: int
    launches: int
    disk: float
    limits: Limits


def read_limits() -> Limits:
    """The limits as they are set; ValueError naming a setting that is not right."""
    names = {_PREFIX + name.upper(): name for name in Limits.model_fields}
    values = {name: os.environ[setting] for setting, name in names.items() if os.environ.get(setting)}
    try:
        return Limits.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"A setting {_PREFIX}* is not right: {first_mistake(error)}.") from error


def check_counts(limits: Limits, counts: Counts) -> None:
    """LimitError unless one job more is welcome."""
    if counts.launches >= limits.launches:
        raise LimitError(f"{limits.launches} jobs were submitted within a minute; wait a minute.")
    if counts.active >= limits.active:
        raise LimitError(f"{counts.active} jobs wait or run; at most {limits.active} may. Cancel one, or wait.")
    if counts.queue >= limits.queue:
        raise LimitError(f"The queue is full ({counts.queue} jobs); try again later.")


def check_disk(limits: Limits, folder: Path, more: int = 0) -> None:
    """LimitError where ``folder`` and ``more`` bytes together are beyond the limit."""
    if used_bytes(folder) + more > limits.disk * 1e9:
        raise LimitError(f"All jobs together may take {limits.disk:g} GB, and do; delete some first.")


def used_bytes(folder: Path) -> int:
    """Size of all files below ``folder``; one that vanishes meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total
