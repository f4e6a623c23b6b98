"""The process of one job: ``python -m fer_models.jobs.process FOLDER ID DESCRIPTOR``.

It inherits its lock from whoever started it, as an open descriptor, and so holds it from its first moment to its last.
"""

import errno
import json
import os
import signal
import sqlite3
import sys
import time
import traceback
from pathlib import Path

from fer_models.jobs.comparison import write_comparison
from fer_models.jobs.lock import write_leader
from fer_models.jobs.log import log
from fer_models.jobs.spec import Spec, read_spec
from fer_models.jobs.store import LAST_WORDS, RUN, Store
from fer_models.jobs.uploads import tidy
from fer_models.training.events import EpochDone, Event, Stopped, event_text, passes
from fer_models.training.loop import METRICS
from fer_models.training.machine import Machine
from fer_models.training.optimisation import without_compiler
from fer_models.training.run import run_training

NICENESS = 10  # a visitor's answer goes before a job
BEAT_EVERY_S = 2.0


def work(store: Store, job: str) -> None:
    """Do the job, or go on with it, and put down how it ended; nothing where it was cancelled meanwhile."""
    if not store.begin(job, os.getpid()):
        return
    signal.signal(signal.SIGTERM, _stop)
    without_compiler()
    os.nice(NICENESS)
    try:
        train(store, job, read_spec(store.get(job).spec))
    except Stopped:
        return
    except Exception as error:
        traceback.print_exc()
        reason = reason_of(error)
        print(reason, flush=True)
        try:
            store.change(job, "failed", came_from=("running",), reason=reason)
        except sqlite3.Error:  # without memory SQLite maps no file; the supervisor finds this
            (store.job_folder(job) / LAST_WORDS).write_text(reason, encoding="utf-8")
        log("failed", job, kind=type(error).__name__)
    else:
        store.change(job, "done", came_from=("running",))
        log("done", job)
        tidy(store)


def reason_of(error: Exception) -> str:
    """Why a job failed, in a sentence."""
    text = str(error) or type(error).__name__
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "The disk is full; what was saved before is whole."
    # PyTorch says RuntimeError on a CPU, and OutOfMemoryError on a GPU.
    words = any(said in text for said in ("not enough memory", "can't allocate memory", "out of memory"))
    if isinstance(error, MemoryError) or number == errno.ENOMEM or words:
        return f"The memory did not suffice: {text}"
    return text


def train(store: Store, job: str, spec: Spec) -> Path:
    """Train as ``ferscope train`` does; each epoch goes into the store. Returns the checkpoint's weights."""
    folder, beaten = store.job_folder(job) / RUN, time.monotonic()

    def keep() -> None:
        # All epochs so far: a kill may have come between an epoch's save and its line in the store.
        if (file := folder / METRICS).exists():
            store.record(job, [json.loads(line) for line in file.read_text().splitlines()])

    def watch(event: Event) -> None:
        nonlocal beaten
        if passes(event):
            if _stopping:
                raise Stopped
            if time.monotonic() - beaten > BEAT_EVERY_S:
                store.beat(job)
                beaten = time.monotonic()
            return
        print(event_text(event), flush=True)
        if isinstance(event, EpochDone):
            keep()

    # Every bit of what does not learn stays the checkpoint's.
    weights = run_training(spec.recipe, str(spec.data), folder, Machine(), spec.name, form="fp32", watch=watch)
    keep()
    write_comparison(store.job_folder(job), spec, weights)
    return weights


_stopping: list[int] = []  # signals that ask to save and end


def _stop(number: int, frame: object) -> None:
    _stopping.append(number)


if __name__ == "__main__":
    lock = int(sys.argv[3])
    os.set_inheritable(lock, False)
    write_leader(lock, os.getpid())  # its starter may have been killed before it could
    work(Store(Path(sys.argv[1])), sys.argv[2])
