"""From a spec to a job in the queue: what is not right or beyond a limit is refused, and leaves nothing behind."""

import itertools
import shutil
from pathlib import Path

from fer_models.checkpoints import list_checkpoints, read_card
from fer_models.jobs import supervisor
from fer_models.jobs.job import Backend, jobs_folder, new_id
from fer_models.jobs.limits import (
    Counts,
    LimitError,
    Limits,
    Remaining,
    check_counts,
    check_disk,
    read_limits,
    used_bytes,
)
from fer_models.jobs.remote import default_backend, remote, take_start
from fer_models.jobs.spec import Spec, check_spec
from fer_models.jobs.store import Store
from fer_models.jobs.uploads import take_over, tidy


def submit(
    spec: Spec, owner: str = "", *, upload: bool = False, keep: bool = False, backend: Backend | None = None
) -> str:
    """Check a job, put it into the queue and see that a supervisor works; returns its id.

    Args:
        spec: what to do. Without a name its checkpoint is called NETWORK.own, or NETWORK.own-2, ...
        owner: whose job it is; limits count by owner.
        upload: the pictures were handed over for this job: they are copied into its folder, and what lies at
            ``spec.data`` may be removed afterwards. They are deleted when the job is done, and at the latest some
            hours after it was submitted (``pictures_until``).
        keep: they are not deleted when the job is done.
        backend: where it is done: on this machine ("local"), on a Ray cluster ("ray") or on Hugging Face Jobs
            ("hf"), to which pictures and checkpoint go in the job's folder as those that are handed over do; a data
            set has to be at the same place on all machines. None: on Ray where FERSCOPE_RAY_ADDRESS is set, else here.

    Raises ValueError where it is not right, LimitError where it is beyond a limit.
    """
    limits, counts = read_limits(), _counts(owner)
    check_counts(limits, counts)  # first, since it costs nothing
    backend = backend or default_backend()
    if backend != "local":
        remote(backend)  # raises where it is not set up
        upload = spec.label_rule == "folder"
    if backend != "ray" and spec.workers > 1:
        raise ValueError(f"{spec.workers} workers train together on a Ray cluster alone: `backend` has to be ray.")
    if backend == "hf" and not upload:
        raise ValueError("A data set does not go to Hugging Face Jobs: its owner's terms may forbid it.")
    spec = spec.model_copy(update={"data": spec.data.absolute(), "minutes": spec.minutes or limits.minutes})
    check_spec(spec, limits)
    name = spec.name or _free_name(spec.checkpoint, counts.names)
    check_disk(limits, jobs_folder(), _check_upload(limits, spec.data) if upload else 0)

    def admit(now: Counts) -> None:
        check_counts(limits, now)
        if name in now.names:
            raise ValueError(f"A job '{name}' is there already; give this one another name.")

    store, job = Store(jobs_folder()), new_id()
    tidy(store)
    folder = store.job_folder(job)
    folder.mkdir()
    try:
        data = take_over(spec.data, folder) if upload else spec.data
        start = spec.checkpoint if backend == "local" else take_start(spec.checkpoint, folder)
        values = spec.model_copy(update={"name": name, "data": data, "checkpoint": start}).model_dump(mode="json")
        store.add(values, owner, job=job, upload=upload, keep=keep, backend=backend, admit=admit)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    supervisor.start(store.folder)
    return job


def remaining(owner: str = "") -> Remaining:
    """What ``owner`` may still submit; numbers are never below zero."""
    limits, counts = read_limits(), _counts(owner)
    return Remaining(
        active=max(limits.active - counts.active, 0),
        queue=max(limits.queue - counts.queue, 0),
        launches=max(limits.launches - counts.launches, 0),
        disk=max(limits.disk - used_bytes(jobs_folder()) / 1e9, 0),
        limits=limits,
    )


def _counts(owner: str) -> Counts:
    """As they are; a folder of jobs that is not there yet is not made."""
    folder = jobs_folder()
    return Store(folder).counts(owner) if folder.exists() else Counts(0, 0, 0)


def _check_upload(limits: Limits, data: Path) -> int:
    """Bytes of the pictures; LimitError where they are too many."""
    size = data.stat().st_size if data.is_file() else used_bytes(data)
    if size > limits.megabytes * 1e6:
        raise LimitError(f"The pictures take {size / 1e6:,.1f} MB; they may take {limits.megabytes:g} MB here.")
    return size


def _free_name(checkpoint: str, taken: frozenset[str]) -> str:
    """NETWORK.own, with the first number behind it that no job and no checkpoint has."""
    first, known = f"{read_card(checkpoint).network}.own", {*taken, *list_checkpoints()}
    names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in known)
