"""Kill workers and jobs with -9 at random moments, again and again: no epoch may be lost or doubled.

    .venv/bin/python benchmarks/chaos.py --kills 100

Short jobs run one after another. At each random moment either the worker or the job's process is killed; a killed
worker is started anew. It is looked at all the time whether any job has two processes.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from finetuning import write_pictures

import fer_models.jobs as jobs

EPOCHS = 8


def processes_of(job: str) -> list[int]:
    """Those that live and have the job on their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if job in file.read_text() and " Z " not in (file.parent / "stat").read_text():
                found.append(int(file.parent.name))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--checkpoint", default="a_mobilenet.ferplus")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    chance, killed, finished = random.Random(chosen.seed), {"worker": 0, "job": 0}, 0
    with tempfile.TemporaryDirectory() as place:
        os.environ["FERSCOPE_JOBS"] = folder = f"{place}/jobs"
        data = Path(place) / "pictures"
        write_pictures(data, 40)
        command = [sys.executable, "-m", "fer_models.jobs", folder]
        spec = jobs.read_spec({"checkpoint": chosen.checkpoint, "data": data, "train": "last", "epochs": EPOCHS})
        worker = subprocess.Popen(command)
        job = jobs.submit(spec)
        while sum(killed.values()) < chosen.kills:
            until, seen = time.monotonic() + chance.uniform(0, 4), len(jobs.metrics(job))
            while time.monotonic() < until or len(jobs.metrics(job)) == seen:  # five deaths within an epoch end a job
                assert len(processes_of(job)) <= 1, f"two processes of {job}"
                state, epochs = jobs.status(job).state, [record["epoch"] for record in jobs.metrics(job)]
                assert epochs == list(range(1, len(epochs) + 1)), epochs
                if state not in ("queued", "running"):
                    assert (state, len(epochs)) == ("done", EPOCHS), jobs.logs(job)
                    finished, job, seen = finished + 1, jobs.submit(spec), 0
                time.sleep(0.01)
            if chance.random() < 0.5:
                worker.kill()
                worker.wait()
                worker = subprocess.Popen(command)
                killed["worker"] += 1
            elif pid := jobs.status(job).pid:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                killed["job"] += 1
        jobs.cancel(job)
        worker.kill()
        worker.wait()
    print(f"{killed['worker']} workers and {killed['job']} jobs killed, {finished} jobs finished")
    print("no epoch was lost or doubled")


if __name__ == "__main__":
    main()
