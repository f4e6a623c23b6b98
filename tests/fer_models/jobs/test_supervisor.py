"""Decisions of the supervisor, without processes of jobs."""

import os
import signal
import sqlite3
from collections.abc import Callable

import pytest

from fer_models.jobs.job import LAST_WORDS
from fer_models.jobs.lock import is_held, read_leader, taken
from fer_models.jobs.store import Store
from fer_models.jobs.supervisor import MOST_DEATHS, Supervisor, start, supervise
from tests.fer_models.jobs.conftest import wait_for

SPEC = {"checkpoint": "tiny", "minutes": 60}


def test_a_job_that_dies_without_an_epoch_again_and_again_fails(store: Store):
    job = store.add(SPEC)
    for death in range(1, MOST_DEATHS + 1):
        store.claim(job, 0)
        supervisor = Supervisor(store)
        supervisor.look_after_all()
        assert store.get(job).state == ("queued" if death < MOST_DEATHS else "failed")
    assert "memory" in store.get(job).reason


def test_a_job_whose_lock_is_held_is_left_alone(store: Store):
    job = store.add(SPEC)
    store.claim(job, 0)
    with taken(store.job_folder(job) / "lock"):
        Supervisor(store).look_after_all()
        assert store.get(job).state == "running"
    Supervisor(store).look_after_all()
    assert store.get(job).state == "queued"


def test_each_gpu_has_a_slot_and_a_job_sees_its_own(store: Store, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    monkeypatch.setenv("HF_TOKEN", "secret")
    supervisor = Supervisor(store)
    assert [supervisor.environment(slot)["CUDA_VISIBLE_DEVICES"] for slot in (0, 1)] == ["2", "5"]
    assert "HF_TOKEN" not in supervisor.environment(0)


def test_a_supervisor_is_started_once_and_outlives_its_starter(store: Store):
    start(store.folder)
    lock = store.folder / "supervisor.lock"
    wait_for(lambda: is_held(lock) and read_leader(lock))
    pid = read_leader(lock)
    assert os.getsid(pid) == pid != os.getsid(0)
    assert supervise(store.folder) is False
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_held(lock))


def test_a_supervisor_ends_when_nothing_is_to_do(store: Store):
    assert supervise(store.folder, idle_s=0) is True


def test_a_supervisor_outlives_a_database_that_cannot_be_read_for_a_while(store: Store, monkeypatch):
    class Launched(Exception):
        pass

    def launch(self, job, slot):
        raise Launched

    def full(*_args, **_options):
        failures.append(1)
        if len(failures) < 3:
            raise sqlite3.OperationalError("database or disk is full")
        return real(*_args, **_options)

    store.add(SPEC)
    failures: list[int] = []
    real: Callable = store.list
    monkeypatch.setattr(store, "list", full)
    monkeypatch.setattr(Supervisor, "launch", launch)
    with pytest.raises(Launched):
        Supervisor(store).run(None)


def test_what_a_process_could_not_write_into_the_database_is_found(store: Store):
    job = store.add(SPEC)
    store.claim(job, 0)
    (store.job_folder(job) / LAST_WORDS).write_text("The memory did not suffice.")
    Supervisor(store).look_after_all()
    assert (store.get(job).state, store.get(job).reason) == ("failed", "The memory did not suffice.")
    store.change(job, "queued", came_from=("failed",))
    store.claim(job, 0)
    Supervisor(store).look_after_all()  # said once
    assert store.get(job).state == "queued"
