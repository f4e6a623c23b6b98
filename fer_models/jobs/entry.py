"""The process of a job on another machine: ``python -m fer_models.jobs.entry FOLDER [alone]``.

It knows no database. Whoever sent it reads in the job's folder what it made, and why it failed. Its lock there keeps a
process away that was sent anew while this one was thought to be dead. ``alone``: the folder is this process's own and
nobody reads in it before the end, so that there is no lock, and epochs are told in the output.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_models.jobs.job import LAST_WORDS
from fer_models.jobs.lock import taken
from fer_models.jobs.remote import STOPPED, last_words, read_written_spec
from fer_models.jobs.spec import Spec, read_spec
from fer_models.jobs.work import be_ready, reason_of, stopping, train
from fer_models.training.events import Stopped

LOOK_EVERY_S = 0.5
Records = list[dict[str, Any]]


def work(folder: Path, alone: bool = False) -> int:
    """Do the job in ``folder``, or go on with it; returns the exit status."""
    be_ready()
    if alone:
        return _work(folder, tell=_print_last)
    while not stopping():
        with taken(folder / "lock") as lock:
            if lock is not None:
                return _work(folder)
        time.sleep(LOOK_EVERY_S)
    return STOPPED


def _print_last(records: Records) -> None:
    for record in records[-1:]:
        print(json.dumps(record), flush=True)


def _work(folder: Path, tell: Callable[[Records], None] = lambda records: None) -> int:
    (folder / LAST_WORDS).unlink(missing_ok=True)
    try:
        spec = read_spec(read_written_spec(folder))
        if spec.workers > 1:
            return _work_together(folder, spec)
        train(folder, spec, keep=tell)
    except Stopped:
        return STOPPED
    except Exception as error:
        traceback.print_exc()
        reason = reason_of(error)
        print(reason, flush=True)
        (folder / LAST_WORDS).write_text(reason, encoding="utf-8")
        return 1
    return 0


def _work_together(folder: Path, spec: Spec) -> int:
    from fer_models.jobs.ray_workers import train_together

    if train_together(folder, spec):
        return 0
    return 1 if last_words(folder) else STOPPED


if __name__ == "__main__":
    sys.exit(work(Path(sys.argv[1]), alone="alone" in sys.argv[2:]))
