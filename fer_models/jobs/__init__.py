"""Fine-tuning jobs on this machine: submit, status, logs, metrics, cancel, resume, result, delete.

Each function works on the folder FERSCOPE_JOBS. With ``owner`` a job is found only if it is this owner's. JobError
says that there is no such job, or that its state forbids what is asked.
"""

import shutil
from pathlib import Path
from typing import Any

from fer_models.jobs.spec import Spec, check_spec, read_spec
from fer_models.jobs.store import RUN, Job, JobError, Store, jobs_folder
from fer_models.jobs.supervisor import end, start

__all__ = [
    "Job",
    "JobError",
    "Spec",
    "cancel",
    "delete",
    "list_jobs",
    "logs",
    "metrics",
    "read_spec",
    "result",
    "resume",
    "status",
    "submit",
]


def submit(spec: Spec, owner: str = "") -> str:
    """Check a job, put it into the queue and see that a supervisor works; returns its id.

    Raises ValueError where it is not right; then nothing is left behind.
    """
    spec = spec.model_copy(update={"data": spec.data.absolute()})
    check_spec(spec)
    store = _store()
    job = store.add(spec.model_dump(mode="json"), owner)
    start(store.folder)
    return job


def list_jobs(owner: str | None = None) -> list[Job]:
    """All jobs, in the order in which they came."""
    return _store().list(owner=owner)


def status(job: str, owner: str | None = None) -> Job:
    """What is known of a job."""
    return _store().get(job, owner)


def metrics(job: str, owner: str | None = None) -> list[dict[str, Any]]:
    """One record an epoch, in order: ``epoch``, ``loss``, ``accuracy``, ... as EpochRecord says."""
    return _store().metrics(_store().get(job, owner).id)


def logs(job: str, owner: str | None = None) -> str:
    """What the job has written, the reason of a failure at its end."""
    file = _folder(job, owner) / "log.txt"
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def cancel(job: str, owner: str | None = None) -> None:
    """End a job that waits or runs, within 5 seconds; its last save stays. JobError where it is over, or goes on."""
    store = _store()
    store.get(job, owner)
    if not store.change(job, "cancelled", came_from=("queued", "running")):
        raise JobError(f"The job is {store.get(job).state}; it cannot be cancelled.")
    if not end(store, job):
        raise JobError("The job is cancelled, but its process does not end; it waits for a device or a disk.")


def resume(job: str, owner: str | None = None) -> None:
    """Let a cancelled or failed job go on from its last save."""
    store = _store()
    store.get(job, owner)
    if not store.change(job, "queued", came_from=("cancelled", "failed")):
        raise JobError(f"The job is {store.get(job).state}; it cannot be resumed.")
    start(store.folder)


def result(job: str, owner: str | None = None) -> Path:
    """The weights of the checkpoint that a job ended with, its card beside them."""
    weights = sorted((_folder(job, owner) / RUN).glob("*.safetensors"))
    found = [file for file in weights if file.with_suffix(".json").exists()]
    if status(job).state != "done" or not found:
        raise JobError(f"The job is {status(job).state}; it has no checkpoint.")
    return found[0]


def delete(job: str, owner: str | None = None) -> None:
    """Remove a job that is over, and all that it has made."""
    folder = _folder(job, owner)
    if (state := status(job).state) in ("queued", "running"):
        raise JobError(f"The job is {state}; cancel it first.")
    shutil.rmtree(folder, ignore_errors=True)
    _store().remove(job)


def _store() -> Store:
    return Store(jobs_folder())


def _folder(job: str, owner: str | None) -> Path:
    store = _store()
    return store.job_folder(store.get(job, owner).id)
