"""Fine-tuning jobs, here and elsewhere: submit, status, logs, metrics, cancel, resume, result, delete, restore.

Each function works on the folder FERSCOPE_JOBS. With ``owner`` a job is found only if it is this owner's, else it is as
if it were not; None is whoever owns the machine. JobError says that there is no such job, or that its state forbids
what is asked.
"""

from pathlib import Path
from typing import Any

from fer_models.jobs import supervisor
from fer_models.jobs.comparison import Comparison, read_comparison
from fer_models.jobs.elsewhere import end_soon
from fer_models.jobs.job import ACTIVE, OVER, RUN, Job, JobError, jobs_folder
from fer_models.jobs.limits import LimitError, Limits, Remaining, read_limits
from fer_models.jobs.spec import PRESETS, Spec, read_spec
from fer_models.jobs.store import UNDO_S, Store
from fer_models.jobs.submission import remaining, submit
from fer_models.jobs.uploads import find_pictures, pictures_until, tidy

__all__ = [
    "UNDO_S",
    "Comparison",
    "Job",
    "JobError",
    "LimitError",
    "Limits",
    "Remaining",
    "Spec",
    "PRESETS",
    "cancel",
    "comparison",
    "delete",
    "list_jobs",
    "logs",
    "metrics",
    "pictures_until",
    "read_limits",
    "read_spec",
    "remaining",
    "restore",
    "result",
    "resume",
    "status",
    "submit",
    "waiting_before",
]


def list_jobs(owner: str | None = None) -> list[Job]:
    """All jobs, in the order in which they came."""
    store = _store()
    tidy(store)
    return store.list(owner=owner)


def status(job: str, owner: str | None = None) -> Job:
    """What is known of a job."""
    return _store().get(job, owner)


def waiting_before(job: str, owner: str | None = None) -> int:
    """How many queued jobs, of all owners, are begun before this one."""
    store = _store()
    return store.waiting_before(store.get(job, owner).id)


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
    if not store.change(job, "cancelled", came_from=ACTIVE):
        raise JobError(f"The job is {store.get(job).state}; it cannot be cancelled.")
    if store.get(job).backend != "local":
        supervisor.start(store.folder)  # it goes on asking
        _end_elsewhere(store, job)
    elif not supervisor.end(store, job):
        raise JobError("The job is cancelled, but its process does not end; it waits for a device or a disk.")


def resume(job: str, owner: str | None = None) -> None:
    """Let a cancelled or failed job go on from its last save. JobError where its pictures are deleted by now."""
    store = _store()
    if (found := store.get(job, owner)).upload and find_pictures(store.job_folder(job)) is None:
        raise JobError("The pictures of this job are deleted; submit another one with them.")
    if found.state in OVER:
        _end_elsewhere(store, job)
    if not store.change(job, "queued", came_from=("cancelled", "failed")):
        raise JobError(f"The job is {store.get(job).state}; it cannot be resumed.")
    supervisor.start(store.folder)


def result(job: str, owner: str | None = None) -> Path:
    """The weights of the checkpoint that a job ended with, its card beside them."""
    weights = sorted((_folder(job, owner) / RUN).glob("*.safetensors"))
    found = [file for file in weights if file.with_suffix(".json").exists()]
    if status(job).state != "done" or not found:
        raise JobError(f"The job is {status(job).state}; it has no checkpoint.")
    return found[0]


def comparison(job: str, owner: str | None = None) -> Comparison:
    """Answers of the start and of the result to the pictures held out. JobError where the job is not done."""
    found = read_comparison(_folder(job, owner))
    if found is None:
        raise JobError(f"The job is {status(job).state}; there is nothing to compare.")
    return found


def delete(job: str, owner: str | None = None) -> None:
    """Remove a job that is over, and all that it has made. For a minute ``restore`` has it back."""
    store = _store()
    state = store.get(job, owner).state
    if not store.mark_deleted(job):
        raise JobError(f"The job is {state}; cancel it first.")
    tidy(store)


def restore(job: str, owner: str | None = None) -> None:
    """Have a job back that was deleted less than a minute ago."""
    if not _store().restore(job, owner):
        raise JobError(f"There is no job '{job[:40]}' that was deleted within the last minute.")


def _end_elsewhere(store: Store, job: str) -> None:
    """JobError where another machine still does the job."""
    found = store.get(job)
    if found.remote and (why := end_soon(store, found)):
        raise JobError(f"The job is {found.state}, but may not have ended where it is done. {why}")


def _store() -> Store:
    return Store(jobs_folder())


def _folder(job: str, owner: str | None) -> Path:
    store = _store()
    return store.job_folder(store.get(job, owner).id)
