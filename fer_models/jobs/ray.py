"""Jobs on a Ray cluster, by the Ray Jobs API (docs.ray.io/en/latest/cluster/running-applications/job-submission).

The cluster's machines have FERScope installed, and the folder FERSCOPE_JOBS at the same place as this one. This machine
needs no Ray: it speaks HTTP with the cluster's head.
"""

import http.client
import json
import os
import shlex
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from fer_models.jobs.job import Job, State
from fer_models.jobs.remote import LOG, STOPPED, Sight, Unreachable, write_spec

ADDRESS_VARIABLE = "FERSCOPE_RAY_ADDRESS"
CPUS_VARIABLE = "FERSCOPE_RAY_CPUS"
TIMEOUT_S = 10.0
STOP_WAIT_S = 30  # between asking a job to save and end, and killing it; Ray's own 3 s lose a save

_STATES: dict[str, State] = {"PENDING": "queued", "RUNNING": "running", "SUCCEEDED": "done", "STOPPED": "cancelled"}


def ray_address() -> str:
    """Of the cluster's head, as ``http://HOST:8265``. ValueError where none is set."""
    address = os.environ.get(ADDRESS_VARIABLE, "").rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"{ADDRESS_VARIABLE} has to be the address of a Ray cluster's head, as http://HOST:8265.")
    return address


def ray_cpus() -> int:
    """Cores that a job, or each of its workers, reserves and uses as threads. ValueError unless set to a number."""
    told = os.environ.get(CPUS_VARIABLE) or "1"
    if not told.isdecimal() or not int(told):
        raise ValueError(f"{CPUS_VARIABLE} is a number of cores, not '{told}'.")
    return int(told)


class Ray:
    """The cluster whose head listens at ``address``; see Remote."""

    every_s = 0.0

    def __init__(self, address: str) -> None:
        self.address = address

    def launch(self, job: Job, folder: Path) -> None:
        write_spec(job, folder)
        words = ["exec", "python", "-m", "fer_models.jobs.entry", str(folder)]
        threads, together = str(ray_cpus()), job.spec.get("workers", 1) > 1
        self._ask(
            "POST",
            "",
            {
                "submission_id": job.remote,
                "entrypoint": f"{shlex.join(words)} >> {shlex.quote(str(folder / LOG))} 2>&1",
                # Where several workers train, its process only waits for them; each takes as much as a job else.
                "entrypoint_num_cpus": 0 if together else ray_cpus(),
                "entrypoint_num_gpus": 0 if together else job.spec["gpus"],
                "runtime_env": {
                    "env_vars": {
                        "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WAIT_S),
                        CPUS_VARIABLE: threads,
                        "RAY_TRAIN_ENABLE_PRINT_PATCH": "0",  # a worker's lines are for the log alone
                        "OMP_NUM_THREADS": threads,
                        "MKL_NUM_THREADS": threads,
                    }
                },
                "metadata": {"ferscope": job.id},
            },
        )

    def look(self, job: Job, folder: Path) -> Sight:
        found = self._ask("GET", job.remote)
        if found is None or found.get("error_type") == "JOB_SUPERVISOR_ACTOR_START_TIMEOUT":
            return Sight("unknown")
        status, code = found["status"], found.get("driver_exit_code")
        if status == "STOPPED":
            return Sight("cancelled", "It was stopped on the cluster.")
        if status == "FAILED":
            # Signals are negative, or by a shell above 128; a machine that goes may ask to save; else it was not asked.
            died = code is None or code < 0 or code > 128 or code == STOPPED
            return Sight("failed", _last_line(found.get("message") or "It failed on the cluster."), died)
        return Sight(_STATES[status])

    def stop(self, job: Job) -> None:
        self._ask("POST", f"{job.remote}/stop")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a request; None where there is no such job. ValueError where it is refused for good."""
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("RAY_AUTH_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.address}/api/jobs/{path}", data, headers, method=method)
        try:
            with urlopen(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code == 404:
                return None
            if error.code == 400:
                raise ValueError(f"Ray refuses the job: {_last_line(error.read().decode(errors='replace'))}") from error
            raise Unreachable(f"The Ray cluster answers {error.code} {error.reason}.") from error
        except (URLError, OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise Unreachable(f"The Ray cluster at {self.address} does not answer: {reason}.") from error


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
