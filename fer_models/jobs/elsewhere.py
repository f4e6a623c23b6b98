"""Looks after jobs on other machines: sends them, asks what became of them, and puts it into the store."""

import time
from contextlib import suppress
from dataclasses import replace

from fer_models.jobs.job import ACTIVE, MOST_DEATHS, OVER, RUN, Job, new_id, read_metrics
from fer_models.jobs.log import log
from fer_models.jobs.remote import Remote, Sight, Unreachable, last_words, remote
from fer_models.jobs.store import Store
from fer_models.jobs.uploads import tidy

END_WITHIN_S = 4.5  # that a cancellation waits for the other machine


class Elsewhere:
    """``since``: when a job was first seen running, for its limit; ``seen``: when it was looked at last.

    By a clock that does not jump.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.since: dict[str, float] = {}
        self.seen: dict[str, float] = {}

    def look(self) -> bool:
        """Look after every job elsewhere that is not over; returns whether there were any."""
        active = self.store.list(*ACTIVE, elsewhere=True)
        for job in active:
            try:
                if self.is_time(job):
                    self.look_after(job)
            except Unreachable as error:
                if self.store.see(job.id, "unreachable", str(error)):
                    log("unreachable", job.id)
            except ValueError as error:
                self.fail(job, str(error))
        left = [job for job in self.store.list(*OVER, elsewhere=True) if job.remote]
        for job in left:
            with suppress(Unreachable):
                if self.is_time(job):
                    end(self.store, job)
        return bool(active or left)

    def is_time(self, job: Job) -> bool:
        """Whether a job may be looked at again."""
        now = time.monotonic()
        if job.id in self.seen and now - self.seen[job.id] < _there(job).every_s:
            return False
        self.seen[job.id] = now
        return True

    def look_after(self, job: Job) -> None:
        """Send a job that is not there yet; else put down what became of it."""
        folder, there = self.store.job_folder(job.id), _there(job)
        if not job.remote:
            self.since.pop(job.id, None)
            sent = replace(job, remote=new_id())
            self.store.name_remote(job.id, sent.remote)  # first: what is there is never without its name here
            there.launch(sent, folder)
            log("sent", job.id)
            self.store.name_remote(job.id, sent.remote, came_from=OVER)  # it was cancelled meanwhile
            return
        sight = there.look(job, folder)
        self.store.record(job.id, read_metrics(folder))
        if sight.state == "unknown" or (sight.died and not last_words(folder)):
            self.send_again(job, sight)
        elif sight.state == "failed":
            self.fail(job, last_words(folder) or sight.reason)
        elif sight.state == "done" and not any((folder / RUN).glob("*.safetensors")):
            self.fail(job, "It is done, but its checkpoint is not here: FERSCOPE_JOBS has to be one folder everywhere.")
        else:
            self.put_down(job, sight)

    def put_down(self, job: Job, sight: Sight) -> None:
        assert sight.state != "unknown"
        if self.store.see(job.id, sight.state, sight.reason):
            log(sight.state, job.id)
            if sight.state in OVER:
                self.store.name_remote(job.id, "", came_from=OVER)
                tidy(self.store)
        elif sight.state == "running":
            self.store.beat(job.id)
            if time.monotonic() - self.since.setdefault(job.id, time.monotonic()) > job.spec["minutes"] * 60:
                self.fail(job, f"It was stopped at its limit of {job.spec['minutes']:g} minutes.", is_over=False)

    def send_again(self, job: Job, sight: Sight) -> None:
        """It goes on from its last save, unless its process dies for ever."""
        if job.started is None:  # it waited in vain, or the cluster forgot it before it began
            self.store.name_remote(job.id, "")
        elif job.deaths + 1 < MOST_DEATHS:
            self.store.requeue(job.id)
            log("queued again", job.id, deaths=job.deaths + 1)
        else:
            self.fail(job, f"Its process died {MOST_DEATHS} times within one epoch. {sight.reason}".strip())

    def fail(self, job: Job, reason: str, is_over: bool = True) -> None:
        if self.store.see(job.id, "failed", reason):
            log("failed", job.id)
        if is_over:
            self.store.name_remote(job.id, "", came_from=OVER)


def _there(job: Job) -> Remote:
    """Where a job is done; Unreachable where this machine is not set up for it, which may be mended."""
    try:
        return remote(job.backend)
    except ValueError as error:
        raise Unreachable(str(error)) from error


def end(store: Store, job: Job) -> str:
    """Ask a job that is over for us to save and end there; returns why it has not, or nothing once it has."""
    try:
        there = _there(job)
        there.stop(job)
        if there.look(job, store.job_folder(job.id)).state in ("queued", "running"):
            return "It is told to save and end, and does so yet."
    except Unreachable as error:
        return str(error)
    store.record(job.id, read_metrics(store.job_folder(job.id)))
    store.name_remote(job.id, "", came_from=OVER)
    return ""


def end_soon(store: Store, job: Job) -> str:
    """``end``, asked again for some seconds."""
    until = time.monotonic() + END_WITHIN_S
    while (why := end(store, job)) and time.monotonic() < until:
        time.sleep(0.1)
    return why
