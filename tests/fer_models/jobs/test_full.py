"""Disks and memories that are full, as the system itself says: limits are put on a job's process while it runs."""

import resource
from pathlib import Path

import pytest

import fer_models.jobs as jobs
from fer_models.jobs.job import RUN
from tests.fer_models.jobs.conftest import wait_for

prlimit = getattr(resource, "prlimit", None)
pytestmark = pytest.mark.skipif(prlimit is None, reason="the limits of another process are set on Linux only")


def memory_of(pid: int) -> int:
    """Bytes of address space that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


@pytest.mark.parametrize(("limit", "said"), [("RLIMIT_FSIZE", "disk is full"), ("RLIMIT_AS", "memory did not suffice")])
def test_what_is_full_fails_the_job_and_nothing_before_it_is_lost(spec, folder, supervisor, limit, said):
    job = jobs.submit(spec.model_copy(update={"train": "last", "epochs": 1000}))
    supervisor()
    saved = folder / job / RUN / "state.safetensors"
    wait_for(lambda: jobs.metrics(job) and saved.exists())
    pid = jobs.status(job).pid
    bytes_left = memory_of(pid) if limit == "RLIMIT_AS" else 1_000_000  # no more than it has; less than a save
    prlimit(pid, getattr(resource, limit), (bytes_left, bytes_left))
    wait_for(lambda: jobs.status(job).state != "running")
    assert jobs.status(job).state == "failed" and said in jobs.status(job).reason, jobs.logs(job)
    before = jobs.metrics(job)
    assert [record["epoch"] for record in before] == list(range(1, len(before) + 1))
    assert [file.name for file in saved.parent.iterdir() if file.name.startswith(".")] == []
    other = jobs.submit(spec.model_copy(update={"epochs": 1}))
    wait_for(lambda: jobs.status(other).state not in ("queued", "running"))
    assert jobs.status(other).state == "done", jobs.logs(other)
    jobs.resume(job)
    wait_for(lambda: len(jobs.metrics(job)) > len(before))
    assert jobs.metrics(job)[: len(before)] == before
    assert Path(jobs.result(other)).is_file()
