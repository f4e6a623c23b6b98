"""The database of jobs."""

import sqlite3
from contextlib import closing

import pytest

from fer_models.jobs.job import JobError
from fer_models.jobs.lock import is_held, take, taken
from fer_models.jobs.store import Store


def test_jobs_come_in_order_and_only_to_their_owner(store: Store):
    ids = [store.add({"checkpoint": str(number)}, owner="ann" if number % 2 else "bob") for number in range(6)]
    assert [job.id for job in store.list()] == ids
    assert [job.spec["checkpoint"] for job in store.list(owner="ann")] == ["1", "3", "5"]
    assert store.get(ids[1], "ann").state == "queued"
    with pytest.raises(JobError):
        store.get(ids[0], "ann")
    assert len(set(ids)) == 6 and all(len(job) == 32 for job in ids)


def test_of_two_changes_that_exclude_each_other_one_is_refused(store: Store):
    job = store.add({})
    assert store.claim(job, 0) and not store.claim(job, 0)
    assert store.change(job, "cancelled", came_from=("queued", "running"))
    assert not store.change(job, "done", came_from=("running",))
    assert not store.begin(job, 1)
    store.requeue(job)
    assert store.get(job).state == "cancelled"


def test_an_epoch_is_kept_once_and_clears_the_count_of_deaths(store: Store):
    job = store.add({})
    store.claim(job, 0)
    store.requeue(job)
    assert store.get(job).deaths == 1
    store.record(job, [{"epoch": 1, "loss": 2.0}])
    assert store.get(job).deaths == 0
    store.claim(job, 0)
    store.requeue(job)
    store.record(job, [{"epoch": 1, "loss": 9.0}])
    assert store.get(job).deaths == 1  # nothing new
    store.record(job, [{"epoch": 1, "loss": 9.0}, {"epoch": 2, "loss": 1.0}])
    assert store.metrics(job) == [{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}]
    store.change(job, "done", came_from=("queued",))
    assert store.mark_deleted(job)
    with store._changing() as base:
        base.execute("UPDATE jobs SET deleted = deleted - 61")
    assert store.remove_deleted() == [job] and store.metrics(job) == []


def test_a_database_of_the_first_version_goes_on(tmp_path):
    Store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as base, base:
        for column in ("upload", "keep", "deleted"):
            base.execute(f"ALTER TABLE jobs DROP COLUMN {column}")
        base.execute("PRAGMA user_version = 0")
        base.execute("INSERT INTO jobs (id, owner, spec, created) VALUES ('old', '', '{}', 1)")
    (job,) = Store(tmp_path).list()
    assert (job.id, job.upload, job.keep) == ("old", False, False)


def test_readers_and_a_writer_do_not_wait_for_each_other(store: Store):
    job = store.add({})
    with closing(sqlite3.connect(store.folder / "jobs.sqlite")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE jobs SET reason = 'half'")
        assert Store.get(store, job).reason == ""
        writer.rollback()


def test_a_lock_is_held_by_one(tmp_path):
    file = tmp_path / "lock"
    assert not is_held(file)
    with taken(file) as held:
        assert held is not None and is_held(file) and take(file) is None
    assert not is_held(file)
