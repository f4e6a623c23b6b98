"""One job: its states, what is known of it, and what lies in its folder."""

import json
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fer_models.training.events import METRICS

JOBS_VARIABLE = "FERSCOPE_JOBS"
MOST_DEATHS = 5  # without a word and without a new epoch between them
LAST_WORDS = "reason.txt"  # in a job's folder: why it failed, where its process could not write into the database
RUN = "run"  # in a job's folder: state, best weights, metrics, checkpoint

State = Literal["queued", "running", "unreachable", "done", "failed", "cancelled"]
ACTIVE: tuple[State, ...] = ("queued", "running", "unreachable")
OVER: tuple[State, ...] = ("done", "failed", "cancelled")
Backend = Literal["local", "ray", "hf"]


class JobError(ValueError):
    """There is no such job, or it is not in a state for what is asked."""


@dataclass(frozen=True)
class Job:
    """One job. Times are seconds since 1970, to be shown and never to decide by: a clock may jump.

    ``pid`` is that of its process while it runs; ``slot`` the number of its GPU (0 on the CPU); ``deaths`` counts
    how often its process ended without a word since its last epoch; ``reason`` says why it failed. ``upload``: its
    pictures were handed over and lie in its folder, to be deleted when it is done unless ``keep`` says otherwise.
    ``backend`` says where it is done, ``remote`` by what name it is known there; empty while it is not there.
    """

    id: str
    owner: str
    spec: dict[str, Any]
    state: State
    reason: str
    pid: int | None
    slot: int | None
    deaths: int
    created: float
    started: float | None
    ended: float | None
    heartbeat: float | None
    upload: bool
    keep: bool
    backend: Backend
    remote: str


def jobs_folder() -> Path:
    """FERSCOPE_JOBS, else ``ferscope/jobs`` in the user's folder for data; it need not exist."""
    if named := os.environ.get(JOBS_VARIABLE):
        return Path(named).absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "ferscope" / "jobs"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "ferscope" / "jobs"


def new_id() -> str:
    """The id of a job, which nobody can guess."""
    return secrets.token_hex(16)


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The records of all epochs so far in a job's folder: a kill may come between a save and what is told of it."""
    file = folder / RUN / METRICS
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
