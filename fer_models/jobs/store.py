"""What is known of jobs: one SQLite database in WAL mode, which several processes read and write at once."""

import builtins
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from fer_models.jobs.job import ACTIVE, OVER, Backend, Job, JobError, State, new_id
from fer_models.jobs.limits import Counts

_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, owner TEXT NOT NULL, spec TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', reason TEXT NOT NULL DEFAULT '', pid INTEGER, slot INTEGER,
    deaths INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, started REAL, ended REAL, heartbeat REAL,
    upload INTEGER NOT NULL DEFAULT 0, keep INTEGER NOT NULL DEFAULT 0, deleted REAL,
    backend TEXT NOT NULL DEFAULT 'local', remote TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, number);
CREATE TABLE IF NOT EXISTS metrics (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, epoch INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (job, epoch));
"""
_VERSION = 3  # of the tables
_COLUMNS = (
    "id, owner, spec, state, reason, pid, slot, deaths, created, started, ended, heartbeat, upload, keep, "
    "backend, remote"
)
_ADDED = (  # since the first version
    *("upload INTEGER NOT NULL DEFAULT 0", "keep INTEGER NOT NULL DEFAULT 0", "deleted REAL"),
    *("backend TEXT NOT NULL DEFAULT 'local'", "remote TEXT NOT NULL DEFAULT ''"),
)
UNDO_S = 60.0  # seconds in which a deleted job can be had back


class Store:
    """The database ``jobs.sqlite`` in ``folder``, which is made where it is missing. Jobs are kept in order of number.

    Every change of state names the states that it may come from, so that of two that happen at once one is refused.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with self._changing() as base:
            if base.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
                return
            base.execute("PRAGMA journal_mode = WAL")
            base.executescript(_TABLES)
            there = {row[1] for row in base.execute("PRAGMA table_info(jobs)")}
            for column in _ADDED:
                if column.split()[0] not in there:
                    base.execute(f"ALTER TABLE jobs ADD COLUMN {column}")
            base.execute(f"PRAGMA user_version = {_VERSION}")

    def job_folder(self, job: str) -> Path:
        """Where a job keeps its lock, log and run."""
        return self.folder / job

    def add(
        self,
        spec: Mapping[str, Any],
        owner: str = "",
        *,
        job: str = "",
        upload: bool = False,
        keep: bool = False,
        backend: Backend = "local",
        admit: Callable[[Counts], None] = lambda counts: None,
    ) -> str:
        """Put a job into the queue; returns its id, which nobody can guess.

        ``admit`` may raise; no other job is added between what it sees and this one.
        """
        job = job or new_id()
        with self._changing() as base:
            base.execute("BEGIN IMMEDIATE")
            admit(self._counts(base, owner))
            row = (job, owner, json.dumps(spec), time.time(), upload, keep, backend)
            columns = "id, owner, spec, created, upload, keep, backend"
            base.execute(f"INSERT INTO jobs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self.job_folder(job).mkdir(exist_ok=True)
        return job

    def counts(self, owner: str) -> Counts:
        """What limits go by. Deleted jobs count among the launches."""
        with closing(self._connect()) as base:
            return self._counts(base, owner)

    def numbers(self) -> dict[str, int]:
        """How many jobs are in each state; states of none are left out."""
        with closing(self._connect()) as base:
            return dict(
                base.execute("SELECT state, COUNT(*) FROM jobs WHERE deleted IS NULL GROUP BY state").fetchall()
            )

    def durations(self) -> tuple[float, int]:
        """Seconds from start to end of all jobs that ran and are over, and how many they are."""
        query = "SELECT COALESCE(SUM(MAX(ended - started, 0)), 0), COUNT(*) FROM jobs WHERE ended AND started"
        with closing(self._connect()) as base:
            seconds, count = base.execute(query).fetchone()
        return float(seconds), int(count)

    def waiting_before(self, job: str) -> int:
        """How many queued jobs, that wait for the same backend, come before one."""
        query = """SELECT COUNT(*) FROM jobs, (SELECT number AS mine, backend AS place FROM jobs WHERE id = ?)
            WHERE state = 'queued' AND number < mine AND backend = place AND deleted IS NULL"""
        with closing(self._connect()) as base:
            return int(base.execute(query, (job,)).fetchone()[0])

    def get(self, job: str, owner: str | None = None) -> Job:
        """JobError when there is none such, or it is another owner's (None: anybody's)."""
        found = self._read(f"SELECT {_COLUMNS} FROM jobs WHERE id = ? AND deleted IS NULL", (job,))
        if not found or (owner is not None and found[0].owner != owner):
            raise JobError(f"There is no job '{job[:40]}'; 'ferscope jobs list' names them.")
        return found[0]

    def list(
        self, *states: State, owner: str | None = None, uploads_only: bool = False, elsewhere: bool | None = None
    ) -> list[Job]:
        """Jobs in the order in which they came, of some states (none named: all) and of one owner (None: all).

        ``elsewhere``: only those of other backends than this machine, or only those of this machine.
        """
        marks = ", ".join("?" * len(states))
        where = ["deleted IS NULL"] + [f"state IN ({marks})"] * bool(states) + ["owner = ?"] * (owner is not None)
        where += ["upload"] * uploads_only
        where += [] if elsewhere is None else [f"backend {'<>' if elsewhere else '='} 'local'"]
        query = f"SELECT {_COLUMNS} FROM jobs WHERE {' AND '.join(where)} ORDER BY number"
        return self._read(query, (*states, *([] if owner is None else [owner])))

    def change(self, job: str, state: State, *, came_from: tuple[State, ...], reason: str = "") -> bool:
        """Give a job another state, if it is in one of ``came_from``; returns whether it was."""
        now = time.time()
        over = state in OVER
        marks = ", ".join("?" * len(came_from))
        with self._changing() as base:
            changed = base.execute(
                "UPDATE jobs SET state = ?, reason = ?, ended = ?, pid = NULL, deaths = 0 "
                f"WHERE id = ? AND state IN ({marks})",
                (state, reason, now if over else None, job, *came_from),
            )
            return changed.rowcount == 1

    def see(self, job: str, state: State, reason: str = "") -> bool:
        """What another machine says of a job that is not over; returns whether it was another state than before."""
        now = time.time()
        with self._changing() as base:
            row = (state, reason, now, state == "running", now, now if state in OVER else None, job, *ACTIVE, state)
            seen = base.execute(
                "UPDATE jobs SET state = ?, reason = ?, heartbeat = ?, started = CASE WHEN ? THEN COALESCE(started, ?) "
                "ELSE started END, ended = ? WHERE id = ? AND state IN (?, ?, ?) AND state <> ?",
                row,
            )
            return seen.rowcount == 1

    def name_remote(self, job: str, remote: str, *, came_from: tuple[State, ...] = ACTIVE) -> None:
        """By what name a job is known where it is done; empty when it is not there any more."""
        marks = ", ".join("?" * len(came_from))
        with self._changing() as base:
            base.execute(f"UPDATE jobs SET remote = ? WHERE id = ? AND state IN ({marks})", (remote, job, *came_from))

    def claim(self, job: str, slot: int) -> bool:
        """From queued to running; whoever calls holds the job's lock."""
        with self._changing() as base:
            claimed = base.execute(
                "UPDATE jobs SET state = 'running', slot = ?, started = ?, pid = NULL "
                "WHERE id = ? AND state = 'queued'",
                (slot, time.time(), job),
            )
            return claimed.rowcount == 1

    def begin(self, job: str, pid: int) -> bool:
        """A job's process says who it is; returns whether it is still wanted."""
        with self._changing() as base:
            row = (pid, time.time(), job)
            begun = base.execute("UPDATE jobs SET pid = ?, heartbeat = ? WHERE id = ? AND state = 'running'", row)
            return begun.rowcount == 1

    def beat(self, job: str) -> None:
        """A sign of life, to be shown."""
        with self._changing() as base:
            base.execute("UPDATE jobs SET heartbeat = ? WHERE id = ?", (time.time(), job))

    def record(self, job: str, records: builtins.list[dict[str, Any]]) -> None:
        """Keep the record of every epoch once, whoever tells it again."""
        with self._changing() as base:
            rows = [(job, record["epoch"], json.dumps(record)) for record in records]
            if base.executemany("INSERT OR IGNORE INTO metrics VALUES (?, ?, ?)", rows).rowcount > 0:
                base.execute("UPDATE jobs SET deaths = 0 WHERE id = ?", (job,))

    def metrics(self, job: str) -> builtins.list[dict[str, Any]]:
        """One record an epoch, in order."""
        with closing(self._connect()) as base:
            rows = base.execute("SELECT record FROM metrics WHERE job = ? ORDER BY epoch", (job,))
            return [json.loads(record) for (record,) in rows]

    def requeue(self, job: str) -> None:
        """A job whose process is gone goes on later; whoever calls holds its lock, or it was elsewhere."""
        with self._changing() as base:
            base.execute(
                "UPDATE jobs SET state = 'queued', pid = NULL, deaths = deaths + 1, remote = '' "
                "WHERE id = ? AND (state = 'running' OR backend <> 'local' AND state IN ('queued', 'unreachable'))",
                (job,),
            )

    def mark_deleted(self, job: str) -> bool:
        """Hide a job that is over; it can be restored for a minute. Returns whether it was over."""
        over = "state IN ('done', 'failed', 'cancelled')"
        with self._changing() as base:
            return (
                base.execute(f"UPDATE jobs SET deleted = ? WHERE id = ? AND {over}", (time.time(), job)).rowcount == 1
            )

    def restore(self, job: str, owner: str | None = None) -> bool:
        """Have a deleted job back; returns whether it was still there."""
        mine, values = ("", ()) if owner is None else (" AND owner = ?", (owner,))
        query = f"UPDATE jobs SET deleted = NULL WHERE id = ? AND deleted > ?{mine}"
        with self._changing() as base:
            return base.execute(query, (job, time.time() - UNDO_S, *values)).rowcount == 1

    def remove_deleted(self) -> builtins.list[str]:
        """Forget jobs that were deleted more than a minute ago, and their metrics; returns their ids."""
        with self._changing() as base:
            gone = base.execute("DELETE FROM jobs WHERE deleted <= ? RETURNING id", (time.time() - UNDO_S,))
            return [job for (job,) in gone.fetchall()]

    def _counts(self, base: sqlite3.Connection, owner: str) -> Counts:
        query = """SELECT COALESCE(SUM(owner = :owner AND deleted IS NULL
                AND state IN ('queued', 'running', 'unreachable')), 0),
            COALESCE(SUM(deleted IS NULL AND state = 'queued'), 0),
            COALESCE(SUM(owner = :owner AND created BETWEEN :now - 60 AND :now), 0) FROM jobs"""
        active, queue, launches = base.execute(query, {"owner": owner, "now": time.time()}).fetchone()
        names = base.execute("SELECT json_extract(spec, '$.name') FROM jobs WHERE owner = ?", (owner,))
        return Counts(active, queue, launches, frozenset(name for (name,) in names))

    def _connect(self) -> sqlite3.Connection:
        base = sqlite3.connect(self.folder / "jobs.sqlite", timeout=30)
        base.execute("PRAGMA foreign_keys = ON")
        return base

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as base, base:
            yield base

    def _read(self, query: str, values: tuple[Any, ...]) -> builtins.list[Job]:
        with closing(self._connect()) as base:
            rows = base.execute(query, values).fetchall()
        return [_job(row) for row in rows]


def _job(row: tuple[Any, ...]) -> Job:
    """From a row of ``_COLUMNS``."""
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    flags = {name: bool(fields[name]) for name in ("upload", "keep")}
    return Job(**fields | flags | {"spec": json.loads(fields["spec"])})
