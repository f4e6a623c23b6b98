"""Real processes, killed: no epoch is lost or doubled, and no job ever has two processes."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

import fer_models.jobs as jobs
from fer_models.checkpoints import load_checkpoint
from tests.fer_models.jobs.conftest import wait_for


def epochs(job: str) -> list[int]:
    return [record["epoch"] for record in jobs.metrics(job)]


def is_over(job: str) -> bool:
    return jobs.status(job).state not in ("queued", "running")


def running_pid(job: str) -> int | None:
    return jobs.status(job).pid


def processes_of(job: str) -> list[int]:
    """Those that live and have the job on their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if job in file.read_text() and " Z " not in (file.parent / "stat").read_text():
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


def test_a_job_ends_with_a_checkpoint_and_sees_no_secrets(spec, supervisor):
    job = jobs.submit(spec.model_copy(update={"name": "mine"}))
    supervisor()
    wait_for(lambda: running_pid(job))
    environment = Path(f"/proc/{running_pid(job)}/environ").read_text()
    assert "SITE_SECRET" not in environment and "OMP_NUM_THREADS" in environment
    assert os.getpgid(running_pid(job)) == running_pid(job)
    wait_for(lambda: is_over(job))
    assert jobs.status(job).state == "done", jobs.logs(job)
    assert epochs(job) == [1, 2]
    _, card = load_checkpoint(jobs.result(job))
    assert (card.name, card.labels, card.recipe["trained"]) == ("mine", ("happiness", "sadness"), "head")


def test_jobs_and_supervisors_that_are_killed_lose_and_double_no_epoch(spec, supervisor):
    chance = random.Random(5)
    job = jobs.submit(spec.model_copy(update={"train": "last", "epochs": 6}))
    watcher = supervisor()
    for killed in range(5):
        wait_for(lambda: running_pid(job))
        wait_for(lambda n=killed: len(epochs(job)) > n or is_over(job))
        time.sleep(chance.uniform(0, 0.2))  # a random moment
        assert len(processes_of(job)) <= 1
        if pid := running_pid(job):
            os.killpg(pid, signal.SIGKILL)
            wait_for(lambda p=pid: running_pid(job) != p)
        if killed == 2:
            watcher.kill()
            watcher.wait()
            watcher = supervisor()
    wait_for(lambda: is_over(job))
    assert jobs.status(job).state == "done", jobs.logs(job)
    assert epochs(job) == list(range(1, 7))


def test_a_running_job_is_adopted_whatever_the_clock_says(spec, store, supervisor):
    job = jobs.submit(spec.model_copy(update={"train": "last", "epochs": 400}))
    other = jobs.submit(spec.model_copy(update={"epochs": 1}))
    first = supervisor()
    wait_for(lambda: epochs(job))
    pid = running_pid(job)
    first.kill()
    first.wait()
    with store._changing() as base:  # as if the clock had jumped an hour, twice
        base.execute("UPDATE jobs SET heartbeat = heartbeat - 3600, started = started + 3600")
    seen = len(epochs(job))
    second, third = supervisor(), supervisor()
    wait_for(lambda: len(epochs(job)) >= seen + 2)
    wait_for(lambda: second.poll() is not None or third.poll() is not None)  # two supervisors, one queue
    assert (second.poll() is None) != (third.poll() is None)
    assert running_pid(job) == pid and processes_of(job) == [pid]
    assert jobs.status(other).state == "queued"  # one at a time
    jobs.cancel(job)  # raises where the process does not end in time
    assert not processes_of(job)
    kept = epochs(job)
    assert jobs.status(job).state == "cancelled" and kept == list(range(1, len(kept) + 1))
    wait_for(lambda: is_over(other))
    assert jobs.status(other).state == "done", jobs.logs(other)


def test_a_cancelled_job_goes_on_from_its_last_save(spec, supervisor):
    job = jobs.submit(spec.model_copy(update={"train": "last", "epochs": 8}))
    supervisor()
    wait_for(lambda: epochs(job))
    jobs.cancel(job)
    before = jobs.metrics(job)
    assert before and len(before) < 8
    jobs.resume(job)
    wait_for(lambda: is_over(job))
    assert jobs.status(job).state == "done", jobs.logs(job)
    assert epochs(job) == list(range(1, 9)) and jobs.metrics(job)[: len(before)] == before
    jobs.delete(job)
    with pytest.raises(jobs.JobError, match="no job"):
        jobs.status(job)


def test_a_job_that_hangs_is_stopped_at_its_limit_and_the_next_one_starts(spec, supervisor):
    job = jobs.submit(spec.model_copy(update={"minutes": 0.001, "epochs": 1000, "train": "all"}))
    other = jobs.submit(spec.model_copy(update={"epochs": 1}))
    supervisor()
    wait_for(lambda: is_over(job))
    assert jobs.status(job).state == "failed" and "limit" in jobs.status(job).reason
    wait_for(lambda: is_over(other))
    assert jobs.status(other).state == "done", jobs.logs(other)
