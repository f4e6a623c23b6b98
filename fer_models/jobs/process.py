"""The process of one job: ``python -m fer_models.jobs.process FOLDER ID DESCRIPTOR``.

It inherits its lock from whoever started it, as an open descriptor, and so holds it from its first moment to its last.
"""

import os
import sqlite3
import sys
import traceback
from pathlib import Path

from fer_models.jobs.job import LAST_WORDS
from fer_models.jobs.lock import write_leader
from fer_models.jobs.log import log
from fer_models.jobs.spec import read_spec
from fer_models.jobs.store import Store
from fer_models.jobs.uploads import tidy
from fer_models.jobs.work import be_ready, reason_of, train
from fer_models.training.events import Stopped

NICENESS = 10  # a visitor's answer goes before a job


def work(store: Store, job: str) -> None:
    """Do the job, or go on with it, and put down how it ended; nothing where it was cancelled meanwhile."""
    if not store.begin(job, os.getpid()):
        return
    be_ready()
    os.nice(NICENESS)
    try:
        train(
            store.job_folder(job),
            read_spec(store.get(job).spec),
            keep=lambda records: store.record(job, records),
            beat=lambda: store.beat(job),
        )
    except Stopped:
        return
    except Exception as error:
        traceback.print_exc()
        reason = reason_of(error)
        print(reason, flush=True)
        try:
            store.change(job, "failed", came_from=("running",), reason=reason)
        except (sqlite3.Error, MemoryError):  # without memory SQLite maps no file; the supervisor finds this
            (store.job_folder(job) / LAST_WORDS).write_text(reason, encoding="utf-8")
        log("failed", job, kind=type(error).__name__)
    else:
        store.change(job, "done", came_from=("running",))
        log("done", job)
        tidy(store)


if __name__ == "__main__":
    lock = int(sys.argv[3])
    os.set_inheritable(lock, False)
    write_leader(lock, os.getpid())  # its starter may have been killed before it could
    work(Store(Path(sys.argv[1])), sys.argv[2])
