"""A folder of jobs of its own, a tiny checkpoint, tiny pictures, and a supervisor that ends with the test."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import fer_models.jobs as jobs
from fer_models.jobs.store import Store
from tests.conftest import make_checkpoint
from tests.support.made_up_data import write_class_folders


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of a small network at its smallest side."""
    return make_checkpoint("mobilenetv3_small", tmp_path_factory.mktemp("tiny"), "tiny.test", side=48)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_class_folders(tmp_path_factory.mktemp("pictures"), ("happy", "sad"), count=24)


@pytest.fixture
def spec(tiny: Path, pictures: Path) -> jobs.Spec:
    return jobs.Spec(checkpoint=str(tiny), data=pictures, epochs=2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """FERSCOPE_JOBS; nobody is started by a submission."""
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setattr(jobs.supervisor, "start", lambda folder: None)
    return tmp_path / "jobs"


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder)


@pytest.fixture
def supervisor(folder: Path) -> Iterator[Callable[[], subprocess.Popen]]:
    """Starts a supervisor in a process of its own; jobs that still run at the end are cancelled."""
    started = []

    def start() -> subprocess.Popen:
        command = [sys.executable, "-m", "fer_models.jobs", str(folder)]
        started.append(subprocess.Popen(command, env={**os.environ, "SITE_SECRET": "hidden"}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
    for job in jobs.list_jobs():
        if job.state in ("queued", "running"):
            jobs.cancel(job.id)


def wait_for(what: Callable[[], object], seconds: float = 60) -> None:
    """Look until ``what`` is true; fails loudly where it never is."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            said = [(job, jobs.logs(job.id)[-2000:]) for job in jobs.list_jobs()]
            pytest.fail(f"it never came about: {said}")
        time.sleep(0.02)
