"""Starts queued jobs, each as a process group of its own, and looks after them: ``ferscope worker``.

What decides is always a lock, never a time: of two supervisors on one folder one works; a job lives as long as its lock
is held, so a supervisor that is started anew adopts what still runs and queues again only what does not.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from fer_models.jobs.elsewhere import Elsewhere
from fer_models.jobs.job import ACTIVE, LAST_WORDS, MOST_DEATHS, Job
from fer_models.jobs.lock import is_held, read_leader, take, taken, write_leader
from fer_models.jobs.log import log
from fer_models.jobs.store import Store
from fer_models.jobs.uploads import tidy

LOOK_EVERY_S = 0.2
LOOK_ELSEWHERE_EVERY_S = 1.0
TIDY_EVERY_S = 10.0
IDLE_S = 60.0  # after which a supervisor that a submission started ends
END_WITHIN_S = 4.0  # between asking a job to save and end, and killing it
_LOCK = "supervisor.lock"

#: What a job's process sees of the environment; secrets of the site are not in it.
_PASSED = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "XDG_CACHE_HOME"),
    *("FERSCOPE_CACHE", "FERSCOPE_CHECKPOINTS", "FERSCOPE_YUNET"),
)


def supervise(folder: Path, idle_s: float | None = None) -> bool:
    """Work until interrupted, or until nothing was to do for ``idle_s`` seconds; False where another works already."""
    store, at = Store(folder), folder / _LOCK
    while True:
        with taken(at) as lock:
            if lock is None:
                return False
            write_leader(lock, os.getpid())
            Supervisor(store).run(idle_s)
        # A job that came between the last look and the release found the lock held, and started nobody.
        if not store.list(*ACTIVE):
            return True


def works(folder: Path) -> bool:
    """Whether a supervisor works on the folder."""
    return is_held(folder / _LOCK)


def start(folder: Path) -> None:
    """Start a supervisor that outlives this process, unless one works already."""
    if works(folder):
        return
    with open(folder / "supervisor.log", "ab") as file:
        subprocess.Popen(
            [sys.executable, "-m", "fer_models.jobs", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def end(store: Store, job: str) -> bool:
    """Ask a job's process group to save and end, then kill it; whether it is gone. The caller has changed its state."""
    lock, began, asked = store.job_folder(job) / "lock", time.monotonic(), 0
    while is_held(lock):
        pid = read_leader(lock)
        late = time.monotonic() - began > END_WITHIN_S
        if pid and (late or asked == 0):
            asked = signal.SIGKILL if late else signal.SIGTERM
            _signal_group(pid, asked)
        if time.monotonic() - began > END_WITHIN_S + 1:
            return False
        time.sleep(0.02)
    return True


class Supervisor:
    """One turn of supervising; ``children`` are processes to be waited for, ``since`` when a job was first seen."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.gpus = _gpus()
        self.children: list[subprocess.Popen[bytes]] = []
        self.since: dict[str, float] = {}
        self.tidied = 0.0

    def run(self, idle_s: float | None) -> None:
        threading.Thread(target=self.look_elsewhere, daemon=True).start()
        busy = time.monotonic()
        while idle_s is None or time.monotonic() - busy < idle_s:
            try:
                if self.look():
                    busy = time.monotonic()
            except (sqlite3.OperationalError, OSError) as error:  # a full disk: it may have room again
                log("could not look", kind=type(error).__name__)
            time.sleep(LOOK_EVERY_S)

    def look_elsewhere(self) -> None:
        """In a thread: another machine may take its time to answer, or never do."""
        elsewhere = Elsewhere(self.store)
        while True:
            try:
                elsewhere.look()
            except (sqlite3.OperationalError, OSError) as error:
                log("could not look elsewhere", kind=type(error).__name__)
            time.sleep(LOOK_ELSEWHERE_EVERY_S)

    def look(self) -> bool:
        """Look after running jobs, start those that wait, tidy up; returns whether there were any."""
        self.children = [child for child in self.children if child.poll() is None]
        running = self.look_after_all()
        queued = self.store.list("queued", elsewhere=False)
        free = set(range(max(len(self.gpus), 1))) - {job.slot for job in self.store.list("running", elsewhere=False)}
        for job, slot in zip(queued, sorted(free), strict=False):
            self.launch(job, slot)
        if time.monotonic() - self.tidied > TIDY_EVERY_S:
            tidy(self.store)
            self.tidied = time.monotonic()
        return bool(running or queued or self.store.list(*ACTIVE, elsewhere=True))

    def look_after_all(self) -> list[Job]:
        """Look after every running job; returns those that ran."""
        running = self.store.list("running", elsewhere=False)
        self.since = {job.id: self.since.get(job.id, time.monotonic()) for job in running}
        for job in running:
            self.look_after(job)
        return running

    def look_after(self, job: Job) -> None:
        """Queue a job again whose process is gone, unless that happens for ever; stop one at its limit."""
        if time.monotonic() - self.since[job.id] > job.spec["minutes"] * 60:
            reason = f"It was stopped at its limit of {job.spec['minutes']:g} minutes."
            if self.store.change(job.id, "failed", came_from=("running",), reason=reason):
                log("stopped at its limit", job.id, minutes=job.spec["minutes"])
                end(self.store, job.id)
            return
        with taken(self.store.job_folder(job.id) / "lock") as lock:
            if lock is None:
                return
            last_words = self.store.job_folder(job.id) / LAST_WORDS
            if last_words.exists():
                self.store.change(job.id, "failed", came_from=("running",), reason=last_words.read_text("utf-8"))
                last_words.unlink()
                return
            if job.deaths + 1 < MOST_DEATHS:
                self.store.requeue(job.id)
                log("queued again", job.id, deaths=job.deaths + 1)
                return
            reason = f"Its process was killed {MOST_DEATHS} times within one epoch, as where memory does not suffice."
            self.store.change(job.id, "failed", came_from=("running",), reason=reason)
            log("given up", job.id, deaths=job.deaths + 1)

    def launch(self, job: Job, slot: int) -> None:
        """Start a job's process, which inherits the lock on it."""
        folder = self.store.job_folder(job.id)
        lock = take(folder / "lock")
        if lock is None:
            return  # the process that was cancelled before is not gone yet
        try:
            if not self.store.claim(job.id, slot):
                return
            os.ftruncate(lock, 0)  # the number of the process before
            command = [sys.executable, "-m", "fer_models.jobs.process", str(self.store.folder), job.id, str(lock)]
            with open(folder / "log.txt", "ab") as file:
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    env=self.environment(slot),
                    pass_fds=(lock,),
                    start_new_session=True,
                )
            self.children.append(child)
            write_leader(lock, child.pid)
            log("started", job.id, pid=child.pid, slot=slot)
        finally:
            os.close(lock)

    def environment(self, slot: int) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        threads = str(max((os.cpu_count() or 2) // 2, 1))
        return passed | {
            "CUDA_VISIBLE_DEVICES": self.gpus[slot] if self.gpus else "",
            **{"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads},
        }


def _gpus() -> list[str]:
    """Names of the GPUs that jobs may use, as CUDA_VISIBLE_DEVICES takes them."""
    if (named := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name for name in named.split(",") if name]
    found = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len(list(found.iterdir())))] if found.is_dir() else []


def _signal_group(leader: int, number: int) -> None:
    with suppress(ProcessLookupError):  # it ended by itself
        os.killpg(leader, number)
