"""What is refused before anything starts, and what a job's process says of failures."""

import errno
import shutil
import zipfile
from pathlib import Path

import pytest

import fer_models.jobs as jobs
from fer_models.jobs import process
from fer_models.jobs.store import Store
from fer_models.jobs.work import train
from tests.support.fer2013_files import write_files
from tests.support.image_files import encode
from tests.support.made_up_data import draw, write_class_folders


def zipped(file: Path, extra: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for label, name in enumerate(("happy", "sad")):
            for number in range(3):
                archive.writestr(f"{name}/{number}.png", encode(draw(label, number), "PNG"))
        for name, content in extra.items():
            archive.writestr(name, content)
    return file


@pytest.mark.parametrize(
    ("extra", "said"),
    [({"../happy/9.png": b"x"}, "leads out"), ({"happy/bomb.png": bytes(5_000_000)}, "unpack")],
)
def test_a_zip_that_is_not_honest_is_refused_and_nothing_is_left(folder, spec, tmp_path, extra, said):
    with pytest.raises(ValueError, match=said):
        jobs.submit(spec.model_copy(update={"data": zipped(tmp_path / "a.zip", extra)}))
    assert not folder.exists()


def test_an_honest_zip_is_taken(folder, spec, tmp_path):
    junk = {"__MACOSX/happy/._0.png": b"x", ".DS_Store": b"x"}
    job = jobs.submit(spec.model_copy(update={"data": zipped(tmp_path / "a.zip", junk)}))
    assert jobs.status(job).state == "queued"


def test_too_few_classes_or_pictures_are_refused(folder, spec, tmp_path):
    one = write_class_folders(tmp_path / "one", ("happy",))
    with pytest.raises(ValueError, match="two class folders"):
        jobs.submit(spec.model_copy(update={"data": one}))
    few = write_class_folders(tmp_path / "few", ("happy", "sad"), count=2)
    (few / "sad" / "0.png").unlink()
    with pytest.raises(ValueError, match="one picture of sadness"):
        jobs.submit(spec.model_copy(update={"data": few}))


def test_several_workers_need_a_ray_cluster(folder, spec):
    with pytest.raises(ValueError, match="Ray cluster"):
        jobs.submit(spec.model_copy(update={"workers": 2}), backend="local")
    assert not folder.exists()
    with pytest.raises(ValueError, match="workers"):
        jobs.read_spec(spec.model_dump() | {"workers": 0})


def test_folders_are_read_as_they_were_told(folder, spec, tmp_path):
    named = spec.model_copy(
        update={"data": write_class_folders(tmp_path / "odd", ("hapy", "down")), "labels": {"x": "fear"}}
    )
    with pytest.raises(ValueError, match="no class folder 'x'"):
        jobs.submit(named)
    told = named.model_copy(update={"labels": {"hapy": "happiness", "down": "sadness"}})
    assert told.recipe.labels == told.labels and jobs.status(jobs.submit(told)).state == "queued"


def test_a_configured_data_set_is_learnt_from(folder, spec, tmp_path, monkeypatch):
    told = spec.model_dump(exclude={"data"}) | {"label_rule": "ferplus-majority", "epochs": 1}
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    with pytest.raises(ValueError, match="FERSCOPE_DATA"):
        jobs.read_spec(told)
    monkeypatch.setenv("FERSCOPE_DATA", str(write_files(tmp_path / "fer2013")))
    job, store = jobs.submit(jobs.read_spec(told)), Store(folder)
    (tmp_path / "fer2013" / "fer2013new.csv").rename(tmp_path / "kept.csv")
    with pytest.raises(ValueError, match="is missing"):
        jobs.submit(jobs.read_spec(told))
    (tmp_path / "kept.csv").rename(tmp_path / "fer2013" / "fer2013new.csv")
    with pytest.raises(ValueError, match="class folders of one's own"):
        jobs.submit(jobs.read_spec(told | {"labels": {"x": "fear"}}))
    train(store.job_folder(job), jobs.read_spec(jobs.status(job).spec))
    store.change(job, "done", came_from=("queued",))
    found = jobs.comparison(job)
    assert found.part == "PublicTest" and sum(map(sum, found.after)) == 16
    assert not jobs.status(job).upload


@pytest.mark.parametrize("name", ["../mine", "a/b", "..", ".hidden", "a_mobilenet.ferplus", "imagenet"])
def test_names_that_are_taken_or_lead_elsewhere_are_refused(folder, spec, name):
    with pytest.raises(ValueError):
        jobs.submit(spec.model_copy(update={"name": name}))
    assert not folder.exists()


def test_labels_are_kept_only_where_the_checkpoint_knows_them(folder, spec, tmp_path):
    odd = write_class_folders(tmp_path / "odd", ("happy", "bored"), count=4)
    keeping = spec.model_copy(update={"data": odd, "keep_labels": True})
    with pytest.raises(ValueError, match="does not know bored"):
        jobs.submit(keeping)
    jobs.submit(keeping.model_copy(update={"labels": {"bored": "neutral"}}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"epochs": -1}, "epochs"), ({"train": "some"}, "train"), ({"speed": 1}, "speed"), ({"minutes": -1}, "minutes")],
)
def test_wrong_and_unknown_values_are_named(spec, changed, said):
    with pytest.raises(ValueError, match=said):
        jobs.read_spec({**spec.model_dump(mode="json"), **changed})


def test_pickled_weights_are_refused(folder, spec, tmp_path):
    shutil.copy(spec.checkpoint, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="safetensors"):
        jobs.submit(spec.model_copy(update={"checkpoint": str(tmp_path / "weights.pt")}))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (MemoryError(), "memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GB"), "memory"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"), "did not suffice"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "did not suffice"),
        (KeyError("odd"), "odd"),
    ],
)
def test_a_job_that_fails_says_why(folder, spec, monkeypatch, error, said):
    def fail(*_args, **_options):
        raise error

    job, store = jobs.submit(spec), Store(folder)
    store.claim(job, 0)
    monkeypatch.setattr(process, "train", fail)
    monkeypatch.setattr(process.os, "nice", lambda _: 0)
    monkeypatch.setattr(process, "be_ready", lambda: None)
    process.work(store, job)
    assert jobs.status(job).state == "failed" and said in jobs.status(job).reason
    jobs.resume(job)
    assert jobs.status(job).state == "queued"


def test_what_a_state_forbids_is_said(folder, spec):
    job = jobs.submit(spec)
    for forbidden in (jobs.resume, jobs.result, jobs.delete):
        with pytest.raises(jobs.JobError, match="queued"):
            forbidden(job)
    jobs.cancel(job)
    with pytest.raises(jobs.JobError, match="cancelled"):
        jobs.cancel(job)
    jobs.delete(job)
    assert jobs.list_jobs() == []


def test_another_owners_job_is_as_if_it_were_not(folder, spec):
    job = jobs.submit(spec, owner="ann")
    calls = (jobs.status, jobs.metrics, jobs.logs, jobs.cancel, jobs.resume, jobs.result, jobs.delete)
    for forbidden in (*calls, jobs.restore, jobs.waiting_before):
        with pytest.raises(jobs.JobError, match="no job"):
            forbidden(job, "bob")
    assert jobs.status(job, "ann").state == "queued"
