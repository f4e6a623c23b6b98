"""Decisions about jobs on other machines, and what is said to Ray's API, without a cluster."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import fer_models.jobs as jobs
from fer_models.jobs import elsewhere
from fer_models.jobs.elsewhere import Elsewhere
from fer_models.jobs.job import LAST_WORDS, MOST_DEATHS, RUN
from fer_models.jobs.ray import Ray
from fer_models.jobs.remote import Sight, Unreachable, read_written_spec, write_spec
from fer_models.jobs.store import Store
from tests.conftest import make_checkpoint


class Far:
    """Another machine: it says what it is told to say."""

    every_s = 0.0

    def __init__(self) -> None:
        self.says: Sight | Exception = Sight("queued")
        self.launched: list[str] = []
        self.stopped: list[str] = []

    def launch(self, job: jobs.Job, folder: Path) -> None:
        self.answer()
        self.launched.append(job.remote)

    def look(self, job: jobs.Job, folder: Path) -> Sight:
        return self.answer()

    def stop(self, job: jobs.Job) -> None:
        self.answer()
        self.stopped.append(job.remote)

    def answer(self) -> Sight:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.fixture
def far(monkeypatch, folder) -> Far:
    made = Far()
    monkeypatch.setenv("FERSCOPE_RAY_ADDRESS", "http://far:8265")
    monkeypatch.setattr(elsewhere, "remote", lambda backend: made)
    monkeypatch.setattr(elsewhere, "END_WITHIN_S", 0.0)
    return made


@pytest.fixture
def look(store, far) -> Callable[[Sight | Exception], None]:
    """Let one supervisor look once at what is said."""
    one = Elsewhere(store)

    def look(says: Sight | Exception) -> None:
        far.says = says
        one.look()

    return look


def test_a_job_is_sent_once_and_what_becomes_of_it_is_put_down(far, look, spec, store):
    job = jobs.submit(spec)
    look(Sight("queued"))
    for says, state in (("queued", "queued"), ("running", "running"), ("running", "running")):
        look(Sight(says))
        assert jobs.status(job).state == state
    assert far.launched == [jobs.status(job).remote] and jobs.status(job).started
    look(Unreachable("it is dark"))
    assert (jobs.status(job).state, jobs.status(job).reason) == ("unreachable", "it is dark")
    assert jobs.remaining().active == jobs.remaining().limits.active - 1
    look(Sight("running"))
    assert (jobs.status(job).state, jobs.status(job).reason) == ("running", "")
    run = store.job_folder(job) / RUN
    run.mkdir()
    (run / "metrics.jsonl").write_text('{"epoch": 1, "loss": 2.0}\n')
    (run / "mine.safetensors").write_bytes(b"")
    look(Sight("done"))
    assert (jobs.status(job).state, jobs.status(job).remote) == ("done", "")
    assert jobs.metrics(job) == [{"epoch": 1, "loss": 2.0}]
    assert len(far.launched) == 1 and far.stopped == []


def test_a_checkpoint_that_is_not_in_the_folder_is_told(look, spec):
    job = jobs.submit(spec)
    look(Sight("queued"))
    look(Sight("done"))
    assert jobs.status(job).state == "failed" and "FERSCOPE_JOBS" in jobs.status(job).reason


def test_what_died_goes_on_and_not_for_ever(far, look, spec, store):
    job = jobs.submit(spec)
    for death in range(MOST_DEATHS):
        look(Sight("running"))  # it is sent
        look(Sight("running"))
        look(Sight("failed", "killed", died=True))
        assert len(set(far.launched)) == death + 1  # by a new name each time
    assert jobs.status(job).state == "failed" and "killed" in jobs.status(job).reason


def test_what_failed_of_itself_does_not_go_on(look, spec, store):
    job = jobs.submit(spec)
    look(Sight("running"))
    (store.job_folder(job) / LAST_WORDS).write_text("The disk is full.")
    look(Sight("failed", "exit code 1", died=True))
    assert (jobs.status(job).state, jobs.status(job).reason) == ("failed", "The disk is full.")


def test_what_the_cluster_forgot_is_sent_again(far, look, spec):
    job = jobs.submit(spec)
    for _ in range(MOST_DEATHS + 2):  # it waited in vain, which is no death
        look(Sight("queued"))
        look(Sight("unknown"))
    assert (jobs.status(job).state, jobs.status(job).deaths) == ("queued", 0)
    look(Sight("queued"))
    look(Sight("running"))
    look(Sight("unknown"))
    assert (jobs.status(job).state, jobs.status(job).deaths) == ("queued", 1)


def test_a_cancelled_job_is_ended_as_soon_as_the_cluster_answers(far, look, spec):
    job = jobs.submit(spec)
    look(Sight("running"))
    far.says = Unreachable("it is dark")
    with pytest.raises(jobs.JobError, match="it is dark"):
        jobs.cancel(job)
    assert jobs.status(job).state == "cancelled"
    with pytest.raises(jobs.JobError, match="it is dark"):
        jobs.resume(job)  # two processes might work on it
    look(Unreachable("it is dark"))
    assert far.stopped == []
    look(Sight("running"))
    assert far.stopped and jobs.status(job).remote
    look(Sight("cancelled"))
    assert not jobs.status(job).remote
    jobs.resume(job)
    look(Sight("running"))
    assert jobs.status(job).state == "queued" and len(set(far.launched)) == 2


def test_where_the_setting_is_gone_a_job_is_out_of_reach_and_not_lost(spec, store, monkeypatch):
    monkeypatch.setenv("FERSCOPE_RAY_ADDRESS", "http://far:8265")
    job = jobs.submit(spec)
    store.name_remote(job, "by-this-name")
    monkeypatch.delenv("FERSCOPE_RAY_ADDRESS")
    Elsewhere(store).look()
    assert jobs.status(job).state == "unreachable" and "FERSCOPE_RAY_ADDRESS" in jobs.status(job).reason
    with pytest.raises(jobs.JobError, match="FERSCOPE_RAY_ADDRESS"):
        jobs.cancel(job)
    Elsewhere(store).look()
    assert jobs.status(job).remote  # to be stopped where it is


def test_a_job_beyond_its_minutes_is_stopped_there(far, look, spec):
    job = jobs.submit(spec.model_copy(update={"minutes": 1e-9}))
    for _ in range(4):
        look(Sight("running"))
    assert jobs.status(job).state == "failed" and "limit" in jobs.status(job).reason
    assert far.stopped


def test_pictures_and_an_own_checkpoint_go_with_the_job(far, folder, spec, store, tmp_path):
    own = make_checkpoint("mobilenetv3_small", tmp_path / "own", "mine.own", side=48)
    job = jobs.status(jobs.submit(spec.model_copy(update={"checkpoint": str(own)})))
    assert job.upload and Path(job.spec["checkpoint"]).parent.parent == folder / job.id
    write_spec(job, folder / job.id)
    assert str(folder) not in (folder / job.id / "spec.json").read_text()
    elsewhere_at = tmp_path / "moved"
    (folder / job.id).rename(elsewhere_at)
    moved = jobs.read_spec(read_written_spec(elsewhere_at))
    assert moved.data.is_dir() and Path(moved.checkpoint).is_file()
    bundled = jobs.submit(spec.model_copy(update={"checkpoint": "a_mobilenet.ferplus"}))
    assert jobs.status(bundled).spec["checkpoint"] == "a_mobilenet.ferplus"


def test_what_goes_elsewhere_counts_as_handed_over(far, folder, spec, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS_MEGABYTES", "0.001")
    with pytest.raises(jobs.LimitError, match="MB"):
        jobs.submit(spec)
    assert not folder.exists()
    jobs.submit(spec, backend="local")


def test_an_address_that_is_none_is_refused_before_anything_is_there(folder, spec, monkeypatch):
    monkeypatch.setenv("FERSCOPE_RAY_ADDRESS", "far:8265")
    with pytest.raises(ValueError, match="http://HOST:8265"):
        jobs.submit(spec)
    assert not folder.exists()
    assert jobs.status(jobs.submit(spec, backend="local")).backend == "local"


@pytest.fixture
def api() -> Iterator[HTTPServer]:
    """Ray's API: it keeps requests in ``asked`` and answers with ``status`` and ``body``."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "null")
            server.asked.append((self.command, self.path, body, self.headers.get("Authorization")))
            self.send_response(server.status)
            self.end_headers()
            self.wfile.write(server.body.encode())

        do_GET = do_POST = answer

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.status, server.body = [], 200, "{}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def sent(store: Store, spec) -> jobs.Job:
    job = jobs.submit(spec.model_copy(update={"gpus": 2}), backend="local")
    store.name_remote(job, "by-this-name")
    return jobs.status(job)


def test_what_is_asked_of_ray(api, folder, sent, monkeypatch):
    monkeypatch.setenv("FERSCOPE_RAY_CPUS", "3")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "word")
    ray = Ray(f"http://127.0.0.1:{api.server_port}")
    ray.launch(sent, folder / sent.id)
    method, path, body, token = api.asked[-1]
    assert (method, path, token) == ("POST", "/api/jobs/", "Bearer word")
    assert (body["submission_id"], body["entrypoint_num_gpus"], body["entrypoint_num_cpus"]) == ("by-this-name", 2, 3)
    assert int(body["runtime_env"]["env_vars"]["RAY_JOB_STOP_WAIT_TIME_S"]) > 3
    assert str(folder / sent.id) in body["entrypoint"]
    ray.stop(sent)
    assert api.asked[-1][:2] == ("POST", "/api/jobs/by-this-name/stop")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"status": "PENDING"}, Sight("queued")),
        ({"status": "RUNNING"}, Sight("running")),
        ({"status": "SUCCEEDED", "driver_exit_code": 0}, Sight("done")),
        ({"status": "FAILED", "driver_exit_code": 1, "message": "a\nNo module"}, Sight("failed", "No module")),
        ({"status": "FAILED", "driver_exit_code": -9, "message": "gone"}, Sight("failed", "gone", died=True)),
        ({"status": "FAILED", "driver_exit_code": None, "message": "node"}, Sight("failed", "node", died=True)),
        ({"status": "FAILED", "error_type": "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"}, Sight("unknown")),
    ],
)
def test_what_ray_says_of_a_job(api, folder, sent, answer, expected):
    api.body = json.dumps(answer)
    assert Ray(f"http://127.0.0.1:{api.server_port}").look(sent, folder) == expected


def test_a_job_that_ray_does_not_know_and_a_head_that_is_not_well(api, folder, sent):
    ray = Ray(f"http://127.0.0.1:{api.server_port}")
    api.status = 404
    assert ray.look(sent, folder) == Sight("unknown")
    ray.stop(sent)
    api.status, api.body = 400, "Traceback\nValueError: so many GPUs"
    with pytest.raises(ValueError, match="so many GPUs"):
        ray.launch(sent, folder / sent.id)
    api.status = 500
    with pytest.raises(Unreachable, match="500"):
        ray.look(sent, folder)
    api.status, api.body = 200, "<html>"
    with pytest.raises(Unreachable):
        ray.look(sent, folder)
    with pytest.raises(Unreachable, match="does not answer"):
        Ray("http://127.0.0.1:9").look(sent, folder)
