"""What a job may take, whose it is, and how long what was handed over stays."""

import re
import shutil
import threading
from pathlib import Path

import pytest

import fer_models.jobs as jobs
from fer_models.jobs.limits import Limits
from fer_models.jobs.uploads import find_pictures, tidy
from tests.fer_models.jobs.conftest import wait_for

DOCUMENT = Path(__file__).parents[3] / "docs" / "jobs.md"


def end(store, job: str, state: str = "done") -> None:
    assert store.change(job, state, came_from=("queued",))


def later(store, seconds: float) -> None:
    """As if that long had gone by."""
    with store._changing() as base:
        base.execute("UPDATE jobs SET created = created - ?, deleted = deleted - ?", (seconds, seconds))


def test_the_document_names_every_setting_with_its_default():
    told = dict(re.findall(r"^\| `FERSCOPE_JOBS_(\w+)` \| ([\d.]+) \|", DOCUMENT.read_text(), re.MULTILINE))
    assert {name: float(told[name.upper()]) for name in Limits.model_fields} == dict(Limits())
    assert len(told) == len(Limits.model_fields)


@pytest.mark.parametrize(
    ("setting", "value", "changed", "said"),
    [
        ("EPOCHS", "5", {"epochs": 6}, "5 epochs"),
        ("MINUTES", "5", {"minutes": 6.0}, "5 minutes"),
        ("PICTURES", "10", {}, "10 here"),
        ("MEGABYTES", "0.001", {}, "0.001 MB"),
        ("DISK", "0.000001", {}, "GB"),
        ("QUEUE", "nine", {}, "queue"),
        ("EPOCHS", "0", {}, "epochs"),
        ("GPUS", "1", {"gpus": 2}, "1 gpus"),
    ],
)
def test_what_is_beyond_a_limit_leaves_nothing(folder, spec, monkeypatch, setting, value, changed, said):
    monkeypatch.setenv(f"FERSCOPE_JOBS_{setting}", value)
    with pytest.raises(ValueError, match=said):
        jobs.submit(spec.model_copy(update=changed), upload=True)
    assert not folder.exists()


def test_a_cluster_gives_a_job_so_many_workers(folder, spec, monkeypatch):
    monkeypatch.setenv("FERSCOPE_RAY_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setenv("FERSCOPE_JOBS_WORKERS", "2")
    with pytest.raises(jobs.LimitError, match="2 workers"):
        jobs.submit(spec.model_copy(update={"workers": 3}), backend="ray")
    assert not folder.exists()


def test_the_limit_of_minutes_holds_where_none_are_asked_for(folder, spec, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS_MINUTES", "7")
    assert jobs.status(jobs.submit(spec)).spec["minutes"] == 7


def test_an_owner_has_so_many_jobs_and_the_queue_so_many_of_all(folder, spec, store, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS_ACTIVE", "2")
    monkeypatch.setenv("FERSCOPE_JOBS_QUEUE", "3")
    assert jobs.remaining("ann").active == 2
    first = jobs.submit(spec, "ann")
    jobs.submit(spec, "ann")
    assert (jobs.remaining("ann").active, jobs.remaining("bob").active, jobs.remaining("bob").queue) == (0, 2, 1)
    with pytest.raises(jobs.LimitError, match="2 jobs wait or run"):
        jobs.submit(spec, "ann")
    last = jobs.submit(spec, "bob")
    assert (jobs.waiting_before(first), jobs.waiting_before(last)) == (0, 2)
    with pytest.raises(jobs.LimitError, match="queue is full"):
        jobs.submit(spec, "bob")
    jobs.cancel(first, "ann")
    jobs.submit(spec, "ann")


def test_a_flood_of_launches_of_one_owner_are_refused_before_anything_is_read(folder, spec, store, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS_LAUNCHES", "2")
    for _ in range(2):
        jobs.cancel(jobs.submit(spec, "ann"))
    gone = spec.model_copy(update={"data": folder / "nowhere", "checkpoint": "nothing"})
    for _ in range(10_000):
        with pytest.raises(jobs.LimitError, match="a minute"):
            jobs.submit(gone, "ann")
    assert jobs.remaining("ann").launches == 0 and len(store.list()) == 2
    jobs.submit(spec, "bob")
    later(store, 61)
    jobs.submit(spec, "ann")


def test_jobs_of_one_owner_have_different_names(folder, spec, store):
    names = [jobs.status(jobs.submit(spec, "ann")).spec["name"] for _ in range(3)]
    assert names == [f"mobilenetv3_small.own{end}" for end in ("", "-2", "-3")]
    mine = spec.model_copy(update={"name": "mine"})
    end(store, jobs.submit(mine, "ann"))
    with pytest.raises(ValueError, match="'mine'"):
        jobs.submit(mine, "ann")
    jobs.submit(mine, "bob")


def test_of_many_submissions_at_once_no_two_get_one_name(folder, spec, store):
    said, mine = [], spec.model_copy(update={"name": "mine"})

    def submit() -> None:
        try:
            said.append(jobs.submit(mine))
        except ValueError as error:
            said.append(error)

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (job,) = [one for one in said if isinstance(one, str)]
    assert [one.id for one in store.list()] == [job]
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [job]


def test_a_deleted_job_can_be_had_back_for_a_minute(folder, spec, store):
    job = jobs.submit(spec, "ann")
    end(store, job)
    jobs.delete(job, "ann")
    with pytest.raises(jobs.JobError, match="no job"):
        jobs.status(job)
    assert jobs.list_jobs() == [] and (folder / job).is_dir()
    with pytest.raises(jobs.JobError, match="no job"):
        jobs.restore(job, "bob")
    jobs.restore(job, "ann")
    assert jobs.status(job, "ann").state == "done"
    jobs.delete(job)
    later(store, 61)
    with pytest.raises(jobs.JobError, match="last minute"):
        jobs.restore(job)
    assert jobs.list_jobs() == [] and not (folder / job).exists()


def test_pictures_that_are_handed_over_go_when_the_job_is_done(folder, spec, store, tmp_path):
    handed = tmp_path / "handed"
    shutil.copytree(spec.data, handed)
    upload = spec.model_copy(update={"data": handed})
    done, kept, failed = (jobs.submit(upload, upload=True, keep=keep) for keep in (False, True, False))
    shutil.rmtree(handed)
    assert Path(jobs.status(done).spec["data"]).parent == folder / done
    assert jobs.pictures_until(jobs.status(done)) == jobs.status(done).created + 24 * 3600
    end(store, done)
    end(store, kept)
    end(store, failed, "failed")
    tidy(store)
    assert find_pictures(folder / done) is None
    assert find_pictures(folder / kept) and find_pictures(folder / failed)  # one that failed may go on
    later(store, 24 * 3600)
    tidy(store)
    assert find_pictures(folder / kept) is None and find_pictures(folder / failed) is None
    with pytest.raises(jobs.JobError, match="pictures of this job are deleted"):
        jobs.resume(failed)


def test_pictures_of_ones_own_folder_are_nobodys_to_delete(folder, spec, store):
    job = jobs.submit(spec)
    end(store, job)
    later(store, 1e6)
    tidy(store)
    assert jobs.pictures_until(jobs.status(job)) is None and any(spec.data.iterdir())


def test_a_job_with_a_handed_over_zip_is_done_and_leaves_no_picture(folder, spec, supervisor, tmp_path):
    file = Path(shutil.make_archive(str(tmp_path / "mine"), "zip", spec.data))
    job = jobs.submit(spec.model_copy(update={"data": file}), upload=True)
    file.unlink()
    supervisor()
    wait_for(lambda: jobs.status(job).state in ("done", "failed"))
    assert jobs.status(job).state == "done", jobs.logs(job)
    wait_for(lambda: find_pictures(folder / job) is None)
    assert jobs.result(job).is_file()
