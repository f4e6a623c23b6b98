"""Jobs on a real Ray cluster of this one machine: done, cancelled, resumed, killed, and with its head lost."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import fer_models.jobs as jobs
from fer_models.checkpoints import load_checkpoint
from fer_models.jobs.uploads import find_pictures
from tests.fer_models.jobs import conftest
from tests.fer_models.jobs.test_faults import epochs, is_over, processes_of
from tests.support.servers import free_port, get

pytestmark = [
    pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="needs Ray: pip install ferscope[ray]"),
    pytest.mark.timeout(900),  # a cluster starts some twenty processes
]
wait_for = partial(conftest.wait_for, seconds=240)


class Head:
    """The head of a cluster with two cores, on ports of its own; it can be killed, and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = [free_port() for _ in range(4)]
        self.url = f"http://127.0.0.1:{self.ports[0]}"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        dashboard, port, client, agent = map(str, self.ports)
        ports = ["--port", port, "--dashboard-port", dashboard, "--ray-client-server-port", client]
        command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", *ports]
        command += ["--dashboard-agent-listen-port", agent, "--dashboard-host", "127.0.0.1", "--num-cpus", "2"]
        command += ["--num-gpus", "0", "--object-store-memory", "80000000", "--disable-usage-stats"]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.process = subprocess.Popen(
            [*command, "--temp-dir", str(self.folder)],
            env=os.environ | {"PATH": path, "SITE_SECRET": "the cluster's own"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.answers)

    def answers(self) -> bool:
        try:
            return get(f"{self.url}/api/jobs/").status == 200
        except OSError:
            return False

    def workers(self) -> list[int]:
        """Ids of the processes in which Ray Train works here: they name themselves, their parent names the folder."""
        found = []
        for place in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if place.name.isdecimal() and b"RayTrainWorker" in (place / "cmdline").read_bytes():
                    parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
                    if str(self.folder) in Path(f"/proc/{parent}/cmdline").read_text():
                        found.append(int(place.name))
        return sorted(found)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None


@pytest.fixture(scope="module")
def cluster() -> Iterator[Head]:
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:  # short: it holds sockets
        head = Head(Path(folder))
        head.start()
        yield head
        head.stop()


@pytest.fixture
def ray(cluster, folder, monkeypatch) -> Head:
    monkeypatch.setenv("FERSCOPE_RAY_ADDRESS", cluster.url)
    return cluster


def state_of(job: str) -> str:
    return jobs.status(job).state


def test_a_job_is_done_on_the_cluster_and_sees_nothing_of_the_site(ray, spec, folder, supervisor):
    job = jobs.submit(spec.model_copy(update={"name": "mine"}))
    assert jobs.status(job).backend == "ray"
    supervisor()
    wait_for(lambda: processes_of(job))
    environments = "".join(Path(f"/proc/{pid}/environ").read_text() for pid in processes_of(job))
    assert "SITE_SECRET=hidden" not in environments and "OMP_NUM_THREADS=1" in environments
    wait_for(lambda: is_over(job))
    assert state_of(job) == "done", jobs.logs(job)
    assert epochs(job) == [1, 2] and "epoch 2/2" in jobs.logs(job)
    _, card = load_checkpoint(jobs.result(job))
    assert (card.name, card.labels) == ("mine", ("happiness", "sadness"))
    assert jobs.comparison(job).after
    wait_for(lambda: find_pictures(folder / job) is None)  # copied for the cluster alone
    assert any(spec.data.iterdir())


def test_a_cancelled_job_goes_on_from_its_last_save(ray, spec, supervisor):
    job = jobs.submit(spec.model_copy(update={"train": "last", "epochs": 8}))
    supervisor()
    wait_for(lambda: epochs(job))
    jobs.cancel(job)  # raises where it does not end in time
    assert not processes_of(job) and state_of(job) == "cancelled"
    before = jobs.metrics(job)
    assert before and len(before) < 8
    jobs.resume(job)
    wait_for(lambda: is_over(job))
    assert state_of(job) == "done", jobs.logs(job)
    assert epochs(job) == list(range(1, 9)) and jobs.metrics(job)[: len(before)] == before


def test_a_killed_job_goes_on_and_a_lost_head_comes_back(ray, spec, supervisor):
    job = jobs.submit(spec.model_copy(update={"train": "last", "epochs": 400}))
    supervisor()
    wait_for(lambda: epochs(job))
    (pid,) = processes_of(job)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: processes_of(job) not in ([], [pid]))
    seen = len(epochs(job))
    wait_for(lambda: len(epochs(job)) > seen)
    ray.stop()
    wait_for(lambda: state_of(job) == "unreachable")
    assert ray.url in jobs.status(job).reason
    wait_for(lambda: not processes_of(job))
    ray.start()
    wait_for(lambda: state_of(job) == "running")
    seen = len(epochs(job))
    wait_for(lambda: len(epochs(job)) > seen)
    assert len(processes_of(job)) == 1 and jobs.status(job).reason == ""
    jobs.cancel(job)
    assert epochs(job) == list(range(1, len(epochs(job)) + 1))


def test_two_workers_train_one_job_which_stops_and_goes_on(ray, spec, folder, supervisor):
    job = jobs.submit(spec.model_copy(update={"train": "last", "epochs": 40, "workers": 2, "name": "both"}))
    supervisor()
    wait_for(lambda: epochs(job))
    with contextlib.suppress(jobs.JobError):  # two workers may take longer than a cancellation waits
        jobs.cancel(job)
    wait_for(lambda: not processes_of(job))
    before = jobs.metrics(job)
    assert state_of(job) == "cancelled" and 0 < len(before) < 40, jobs.logs(job)
    jobs.resume(job)
    wait_for(lambda: is_over(job))
    assert state_of(job) == "done", jobs.logs(job)
    assert epochs(job) == list(range(1, 41)) and jobs.metrics(job)[: len(before)] == before
    assert load_checkpoint(jobs.result(job))[1].name == "both" and jobs.comparison(job).after
    assert jobs.logs(job).count("epoch 40/40") == 1  # one of them tells


def test_killed_workers_and_their_driver_go_on_and_what_they_cannot_do_says_why(ray, spec, folder, supervisor):
    together = spec.model_copy(update={"train": "last", "epochs": 40, "workers": 2})
    job = jobs.submit(together)
    supervisor()
    wait_for(lambda: epochs(job))
    first = processes_of(job)
    os.kill(ray.workers()[-1], signal.SIGKILL)
    wait_for(lambda: processes_of(job) not in ([], first) and ray.workers())
    os.kill(processes_of(job)[0], signal.SIGKILL)
    wait_for(lambda: is_over(job))
    assert state_of(job) == "done", jobs.logs(job)
    assert epochs(job) == list(range(1, 41)) and jobs.logs(job).count("epoch 40/40") == 1
    broken = jobs.submit(together)
    shutil.rmtree(find_pictures(folder / broken))
    wait_for(lambda: is_over(broken))
    assert state_of(broken) == "failed" and "pictures" in jobs.status(broken).reason


def test_what_fails_there_says_why_and_what_hangs_is_stopped(ray, spec, folder, supervisor):
    broken = jobs.submit(spec)
    slow = jobs.submit(spec.model_copy(update={"epochs": 400, "train": "all", "minutes": 0.001}))
    shutil.rmtree(find_pictures(folder / broken))
    supervisor()
    wait_for(lambda: is_over(broken) and is_over(slow))
    assert state_of(broken) == "failed" and "pictures" in jobs.status(broken).reason
    assert state_of(slow) == "failed" and "limit" in jobs.status(slow).reason
    wait_for(lambda: not processes_of(slow))
