"""Pictures that were handed over for one job: they lie in its folder, and not for long."""

import shutil
import time
from contextlib import suppress
from pathlib import Path

from fer_models.jobs.job import Job
from fer_models.jobs.limits import read_limits
from fer_models.jobs.store import Store

_NAME = "pictures"  # of the folder, or of the zip with its ending


def take_over(data: Path, folder: Path) -> Path:
    """Copy pictures, a folder or a zip, into a job's folder; returns where they are now."""
    to = folder / (_NAME + (data.suffix.lower() if data.is_file() else ""))
    if data.is_file():
        shutil.copyfile(data, to)
    else:
        shutil.copytree(data, to)
    return to


def find_pictures(folder: Path) -> Path | None:
    """The pictures in a job's folder; None where they are deleted."""
    return next(folder.glob(f"{_NAME}*"), None)


def pictures_until(job: Job) -> float | None:
    """When a job's pictures are deleted at the latest, in seconds since 1970; None: they are not ours to delete."""
    return job.created + read_limits().keep_hours * 3600 if job.upload else None


def tidy(store: Store) -> None:
    """Remove what deleted jobs left, and pictures whose time is over: whoever works on the folder next calls it."""
    for gone in store.remove_deleted():
        shutil.rmtree(store.job_folder(gone), ignore_errors=True)
    kept_s = read_limits().keep_hours * 3600
    for job in store.list("done", "failed", "cancelled", uploads_only=True):
        if (job.state == "done" and not job.keep) or time.time() > job.created + kept_s:
            _delete_pictures(store.job_folder(job.id))


def _delete_pictures(folder: Path) -> None:
    if (pictures := find_pictures(folder)) is None:
        return
    if pictures.is_dir():
        shutil.rmtree(pictures, ignore_errors=True)
    with suppress(OSError):
        pictures.unlink()
