"""The process of a job on another machine, on this one."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import fer_models.jobs as jobs
from fer_models.jobs.job import RUN
from fer_models.jobs.lock import taken
from fer_models.jobs.remote import STOPPED, write_spec
from tests.fer_models.jobs.conftest import wait_for


def entry(folder: Path, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "fer_models.jobs.entry", str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def written(folder: Path, spec: jobs.Spec) -> Path:
    """The folder of a job that is to be done elsewhere."""
    job = jobs.status(jobs.submit(spec, backend="local"))
    write_spec(job, folder / job.id)
    return folder / job.id


def test_alone_it_tells_epochs_and_takes_no_lock(folder, spec):
    place = written(folder, spec)
    process = entry(place, "alone")
    told, _ = process.communicate()
    records = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert process.returncode == 0 and [record["epoch"] for record in records] == [1, 2, 2]
    assert list((place / RUN).glob("*.safetensors")) and not (place / "lock").exists()


def test_it_waits_for_the_process_before_and_can_be_stopped_meanwhile(folder, spec):
    place = written(folder, spec)
    with taken(place / "lock"):
        process = entry(place)
        wait_for(lambda: "SigCgt" in (status := Path(f"/proc/{process.pid}/status").read_text()) and catches(status))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == STOPPED
    assert not (place / RUN).exists()


def catches(status: str) -> bool:
    """Whether a process has a handler for SIGTERM, by its /proc/PID/status."""
    (mask,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")]
    return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)
