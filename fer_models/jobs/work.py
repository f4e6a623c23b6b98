"""What the process of a job does, wherever it runs: train, tell of each epoch, compare, and say why it failed."""

import errno
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_models.jobs.comparison import write_comparison
from fer_models.jobs.job import RUN, read_metrics
from fer_models.jobs.spec import Spec
from fer_models.training.events import EpochDone, Event, Stopped, event_text, passes
from fer_models.training.machine import THIS_MACHINE, Machine
from fer_models.training.optimisation import without_compiler
from fer_models.training.run import run_training

BEAT_EVERY_S = 2.0


def be_ready() -> None:
    """For the whole process: SIGTERM asks to save and end from now on."""
    signal.signal(signal.SIGTERM, _stop)
    without_compiler()


def train(
    folder: Path,
    spec: Spec,
    keep: Callable[[list[dict[str, Any]]], None] = lambda records: None,
    beat: Callable[[], None] = lambda: None,
    machine: Machine = THIS_MACHINE,
) -> Path:
    """Train as ``ferscope train`` does, in a job's folder; returns the checkpoint's weights.

    ``keep`` is told the records of all epochs so far after each of them, ``beat`` is called every two seconds.
    """
    beaten = time.monotonic()

    def watch(event: Event) -> None:
        nonlocal beaten
        if passes(event):
            if stopping():
                raise Stopped
            if time.monotonic() - beaten > BEAT_EVERY_S:
                beat()
                beaten = time.monotonic()
            return
        print(event_text(event), flush=True)
        if isinstance(event, EpochDone):
            keep(read_metrics(folder))

    # Every bit of what does not learn stays the checkpoint's.
    weights = run_training(spec.recipe, str(spec.data), folder / RUN, machine, spec.name, form="fp32", watch=watch)
    keep(read_metrics(folder))
    if machine.workers.first:
        write_comparison(folder, spec, weights)
    return weights


# By what PyTorch, OpenCV, Python's threads and the loader of libraries say that memory ran out.
_MEMORY = (
    *("not enough memory", "cannot allocate memory", "can't allocate memory", "out of memory", "insufficient memory"),
    *("can't start new thread", "failed to map segment"),
)
# SQLite says "disk I/O error" of all of these; a quota is a failed write to it.
_MEMORY_OF_SQLITE = ("SQLITE_NOMEM", "SQLITE_IOERR_NOMEM", "SQLITE_IOERR_SHMMAP", "SQLITE_IOERR_MMAP")
_DISK_OF_SQLITE = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")


def reason_of(error: Exception) -> str:
    """Why a job failed, in a sentence."""
    text = str(error) or type(error).__name__
    number = error.errno if isinstance(error, OSError) else None
    name = getattr(error, "sqlite_errorname", "")
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or name in _DISK_OF_SQLITE:
        return "The disk is full; what was saved before is whole."
    said = any(words in text.lower() for words in _MEMORY)
    if isinstance(error, MemoryError) or number == errno.ENOMEM or name in _MEMORY_OF_SQLITE or said:
        return f"The memory did not suffice: {text}"
    return text


def stopping() -> bool:
    """Whether this process was asked to save and end."""
    return bool(_stopping)


def ask_to_stop() -> None:
    """Let this process save and end."""
    _stopping.append(signal.SIGTERM)


_stopping: list[int] = []  # signals that ask to save and end; no Event, whose lock a second signal would wait for


def _stop(number: int, frame: object) -> None:
    ask_to_stop()
