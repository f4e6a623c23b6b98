"""Jobs that are done on other machines: what a backend for them has to do, and what travels in a job's folder."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from fer_models.checkpoints import find_checkpoint, is_bundled
from fer_models.jobs.job import LAST_WORDS, Backend, Job, State

SPEC = "spec.json"  # in a job's folder: what to do, with paths from there
LOG = "log.txt"
STOPPED = 75  # exit status of a process that was asked to save and end
_START = "start"  # in a job's folder: the checkpoint it starts from, where other machines have not got it


class Unreachable(Exception):
    """The other machine does not answer, or not with sense; it may do so later."""


@dataclass(frozen=True)
class Sight:
    """What another machine says of a job. ``unknown``: it is not there, or waited in vain, and is to be sent anew.

    ``died``: it failed because its process was killed, so that it may go on.
    """

    state: State | Literal["unknown"]
    reason: str = ""
    died: bool = False


class Remote(Protocol):
    """A backend elsewhere. It knows a job by ``job.remote``; each call may raise Unreachable.

    ``every_s``: seconds between two looks at a job.
    """

    every_s: float

    def launch(self, job: Job, folder: Path) -> None:
        """Send a job there, to begin when there is room. ValueError where it is refused for good."""

    def look(self, job: Job, folder: Path) -> Sight:
        """What became of it. Its log, its epochs so far, and once it is over what it made are then in ``folder``."""

    def stop(self, job: Job) -> None:
        """Ask it to save and end. No error where it is not there."""


def remote(backend: Backend) -> Remote:
    """The backend called so, as it is set up in the environment. ValueError where it is not."""
    if backend == "ray":
        from fer_models.jobs.ray import Ray, ray_address

        return Ray(ray_address())
    if backend == "hf":
        from fer_models.jobs.hf import HuggingFace

        return HuggingFace()
    raise ValueError(f"'{backend}' is no other machine.")


def default_backend() -> Backend:
    """Where jobs are done unless told: on Ray where its address is set."""
    from fer_models.jobs.ray import ADDRESS_VARIABLE

    return "ray" if os.environ.get(ADDRESS_VARIABLE) else "local"


def take_start(checkpoint: str, folder: Path) -> str:
    """Copy a checkpoint that does not come with FERScope into a job's folder; returns what it is called now."""
    weights = find_checkpoint(checkpoint)
    if is_bundled(weights):
        return weights.stem
    (folder / _START).mkdir()
    for file in (weights, weights.with_suffix(".json")):
        shutil.copyfile(file, folder / _START / file.name)
    return str(folder / _START / weights.name)


def write_spec(job: Job, folder: Path) -> None:
    """Put down what to do: what lies in the folder by its path from there, for the folder may be elsewhere."""
    values = job.spec | {name: job.spec[name].removeprefix(f"{folder}/") for name in ("checkpoint", "data")}
    (folder / SPEC).write_text(json.dumps(values), encoding="utf-8")


def read_written_spec(folder: Path) -> dict[str, Any]:
    """What ``write_spec`` put down, with paths as they are on this machine."""
    values: dict[str, Any] = json.loads((folder / SPEC).read_text(encoding="utf-8"))
    inside = {name: str(folder / values[name]) for name in ("checkpoint", "data") if (folder / values[name]).exists()}
    return values | inside


def last_words(folder: Path) -> str:
    """Why a job failed, as its process put it down; empty where it did not."""
    file = folder / LAST_WORDS
    return file.read_text(encoding="utf-8") if file.exists() else ""
