"""Jobs on Hugging Face Jobs (huggingface.co/docs/hub/jobs), with the user's own token, as ``hf auth login`` leaves it.

A job's folder goes into the user's private bucket ``jobs-artifacts``, which the job mounts. What it made is fetched
when it is over, and nothing of it is left there. It runs an image in which FERScope is installed; its log tells epochs.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_models.atomic import written_aside
from fer_models.jobs.comparison import COMPARISON
from fer_models.jobs.job import LAST_WORDS, RUN, Job, read_metrics
from fer_models.jobs.remote import LOG, Sight, Unreachable, write_spec
from fer_models.training.events import METRICS
from fer_models.version import __version__

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo

IMAGE_VARIABLE, FLAVOR_VARIABLE = "FERSCOPE_HF_IMAGE", "FERSCOPE_HF_FLAVOR"
BUCKET = "jobs-artifacts"  # as huggingface_hub.HfApi.sync_job_volume calls it
LABEL = "ferscope"
MOUNT = "/job"
LOG_ENDS_WITHIN_S = 5.0  # after its job
MORE_MINUTES = 15  # than the job may run: to fetch the image, and to save

_followed: dict[str, threading.Thread] = {}  # what follows a log, by the job's name there


class HuggingFace:
    """The Jobs of the account that ``api``'s token is of; see Remote."""

    every_s = 10.0

    def __init__(self, api: "HfApi | None" = None) -> None:
        from huggingface_hub import HfApi, get_token

        self.image = os.environ.get(IMAGE_VARIABLE, "")
        if not self.image:
            raise ValueError(f"{IMAGE_VARIABLE} has to name an image with FERScope, as hf.co/spaces/USER/NAME.")
        self.api = api or HfApi(library_name="ferscope", library_version=__version__)
        if not (self.api.token or get_token()):
            raise ValueError("Hugging Face Jobs need a token: 'hf auth login', or HF_TOKEN.")

    def launch(self, job: Job, folder: Path) -> None:
        write_spec(job, folder)
        with _answering(refusing=True):
            account = self._account()
            self._check_bucket(f"{account}/{BUCKET}")
            volume = self.api.sync_job_volume(
                folder, MOUNT, remote_name=_place(job), read_only=False, namespace=account
            )
            self.api.run_job(
                image=self.image,
                command=["python", "-m", "fer_models.jobs.entry", MOUNT, "alone"],
                flavor=os.environ.get(FLAVOR_VARIABLE) or ("t4-small" if job.spec["gpus"] else "cpu-basic"),
                timeout=f"{job.spec['minutes'] + MORE_MINUTES:g}m",
                labels={LABEL: job.remote},
                volumes=[volume],
                namespace=account,
            )

    def look(self, job: Job, folder: Path) -> Sight:
        with _answering():
            found = self._find(job)
            if found is None:
                return Sight("unknown")
            stage = found.status.stage
            if stage == "SCHEDULING":
                return Sight("queued")
            self._follow(found, job, folder)
            if stage == "RUNNING":
                return Sight("running")
            if (follower := _followed.pop(job.remote, None)) is not None:
                follower.join(LOG_ENDS_WITHIN_S)
            self._fetch(job, folder)
        if stage == "COMPLETED":
            return Sight("done")
        if stage == "ERROR":
            return Sight("failed", found.status.message or "It failed on Hugging Face Jobs.")
        return Sight("cancelled", "It was stopped on Hugging Face Jobs.")

    def stop(self, job: Job) -> None:
        with _answering():
            if (found := self._find(job)) is not None and found.status.stage in ("SCHEDULING", "RUNNING"):
                self.api.cancel_job(job_id=found.id, namespace=self._account())

    def _account(self) -> str:
        return str(self.api.whoami(cache=True)["name"])

    def _check_bucket(self, bucket: str) -> None:
        """ValueError where everybody could look into it."""
        self.api.create_bucket(bucket, private=True, exist_ok=True)
        if not self.api.bucket_info(bucket).private:
            raise ValueError(f"The bucket {bucket} is public; make it private, for pictures go through it.")

    def _find(self, job: Job) -> "JobInfo | None":
        return next(iter(self.api.list_jobs(labels={LABEL: job.remote}, namespace=self._account())), None)

    def _fetch(self, job: Job, folder: Path) -> None:
        """Take what the job made out of the bucket, and leave nothing there."""
        bucket, place = f"{self._account()}/{BUCKET}", f"{_place(job)}/"
        there = [each for each in self.api.list_bucket_tree(bucket, place, recursive=True) if each.type == "file"]
        names = {each.path.removeprefix(place): each for each in there}
        made = {f"{RUN}/{Path(name).name}" for name in names if name.startswith(f"{RUN}/")} | {COMPARISON, LAST_WORDS}
        wanted: list[Any] = [(file, folder / name) for name, file in names.items() if name in made]
        if wanted:
            self.api.download_bucket_files(bucket, wanted)
        if there:
            self.api.batch_bucket_files(bucket, delete=[each.path for each in there])

    def _follow(self, found: "JobInfo", job: Job, folder: Path) -> None:
        """Write its log and the epochs told in it as they come, in a thread that ends with the job."""
        if (follower := _followed.get(job.remote)) is not None and follower.is_alive():
            return
        arguments = (self.api, found.id, self._account(), folder)
        _followed[job.remote] = threading.Thread(target=_write_log, args=arguments, daemon=True)
        _followed[job.remote].start()


def _write_log(api: "HfApi", job: str, account: str, folder: Path) -> None:
    """The Hub tells a log from its beginning; where the line breaks, the next look begins anew."""
    with open(folder / LOG, "w", encoding="utf-8") as log, suppress(Exception):
        for line in api.fetch_job_logs(job_id=job, namespace=account, follow=True):
            record = _epoch_in(line)
            if record is None:
                print(line, file=log, flush=True)
            else:
                _keep_epoch(record, folder)


def _epoch_in(line: str) -> dict[str, Any] | None:
    """An epoch's record, where a line of a log is one."""
    if not line.startswith("{"):
        return None
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told.get("epoch"), int) else None


def _keep_epoch(record: dict[str, Any], folder: Path) -> None:
    records = {each["epoch"]: each for each in read_metrics(folder)} | {record["epoch"]: record}
    (folder / RUN).mkdir(exist_ok=True)
    with written_aside(folder / RUN / METRICS) as aside:
        aside.write_text("".join(json.dumps(records[epoch]) + "\n" for epoch in sorted(records)))


def _place(job: Job) -> str:
    """Of a job's folder in the bucket."""
    return f"ferscope-{job.remote}"


@contextmanager
def _answering(refusing: bool = False) -> Iterator[None]:
    """Errors of the Hub, and of the way there, as Unreachable; ``refusing``: as ValueError where it says no."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except ValueError:
        raise
    except Exception as error:  # no connection, a time-out: without a base class in common
        answer = error.response if isinstance(error, HfHubHTTPError) else None
        if answer is None:
            raise Unreachable(f"The Hub cannot be reached: {error}") from error
        said = f"The Hub answers: {getattr(error, 'server_message', None) or error}"
        raise (ValueError if refusing and answer.status_code < 500 else Unreachable)(said) from error
