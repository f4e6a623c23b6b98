"""Jobs on Hugging Face Jobs, against a stub of the Hub: what it is asked, and what its answers mean.

Files travel by another protocol than HTTP alone; these calls are held against the installed library's signatures.
"""

import json
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import create_autospec
from urllib.parse import parse_qs, urlsplit

import pytest
from huggingface_hub import HfApi, Volume

import fer_models.jobs as jobs
from fer_models.jobs.elsewhere import Elsewhere
from fer_models.jobs.hf import HuggingFace
from fer_models.jobs.job import RUN
from fer_models.jobs.remote import Sight, Unreachable
from fer_models.jobs.store import Store
from tests.support.hub import Answering


class Hub(Answering):
    """The account ann, and at most one job of hers."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        self.server.asked.append((self.path, body))
        if self.server.status != 200:
            self.answer(self.server.status, {"error": "not enough credit"})
        elif self.path.endswith("/cancel"):
            self.server.stage = "CANCELED"
            self.answer(200, {})
        else:
            self.server.labels = body["labels"]
            self.answer(200, self.job())

    def do_GET(self) -> None:
        self.server.asked.append((self.path, None))
        place, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if self.server.status >= 500:
            self.answer(self.server.status, {"error": "a moment"})
        elif place == "/api/whoami-v2":
            self.answer(200, {"name": "ann", "type": "user"})
        elif place.endswith("/logs"):
            self.send_response(200)
            self.end_headers()
            for line in self.server.log:
                self.wfile.write(f"data: {json.dumps({'data': line, 'timestamp': ''})}\n\n".encode())
        elif place == "/api/jobs/ann":
            wanted = dict(label.split("=") for label in query["label"])
            there = self.server.labels and wanted.items() <= self.server.labels.items()
            self.answer(200, [self.job()] if there else [])
        else:
            self.answer(200, self.job())

    def job(self) -> dict[str, object]:
        status = {"stage": self.server.stage, "message": "the machine went"}
        owner = {"id": "1", "name": "ann", "type": "user"}
        return {"id": "job1", "status": status, "labels": self.server.labels, "owner": owner}


@pytest.fixture
def hub(folder, monkeypatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("FERSCOPE_HF_IMAGE", "hf.co/spaces/ann/ferscope")
    monkeypatch.setenv("HF_TOKEN", "hers")
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        server.asked, server.status, server.stage, server.labels, server.log = [], 200, "SCHEDULING", None, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def bucket() -> SimpleNamespace:
    """What lies in her bucket, by path."""
    return SimpleNamespace(files={}, private=True)


@pytest.fixture
def far(hub, bucket, monkeypatch) -> HuggingFace:
    api = HfApi(endpoint=f"http://127.0.0.1:{hub.server_port}", token="hers")

    def sync(source, mount_path, *, remote_name, read_only, namespace):
        for file in Path(source).rglob("*"):
            if file.is_file():
                bucket.files[f"{remote_name}/{file.relative_to(source)}"] = file.read_bytes()
        source = f"{namespace}/jobs-artifacts"
        return Volume(type="bucket", source=source, mount_path=mount_path, path=remote_name, read_only=read_only)

    def tree(bucket_id, prefix, *, recursive):
        assert recursive
        return [SimpleNamespace(type="file", path=path) for path in bucket.files if path.startswith(prefix)]

    def download(bucket_id, files):
        for file, to in files:
            to.parent.mkdir(exist_ok=True)
            to.write_bytes(bucket.files[file.path])

    def batch(bucket_id, *, delete):
        for path in delete:
            del bucket.files[path]

    for name, does in (
        ("create_bucket", lambda *_, **__: None),
        ("bucket_info", lambda *_, **__: SimpleNamespace(private=bucket.private)),
        ("sync_job_volume", sync),
        ("list_bucket_tree", tree),
        ("download_bucket_files", download),
        ("batch_bucket_files", batch),
    ):
        monkeypatch.setattr(api, name, create_autospec(getattr(api, name), side_effect=does))
    return HuggingFace(api)


@pytest.fixture
def job(far, store: Store, spec) -> jobs.Job:
    id = jobs.submit(spec.model_copy(update={"minutes": 90}), backend="hf")
    store.name_remote(id, "by-this-name")
    return jobs.status(id)


def test_a_job_is_launched_with_her_image_bucket_and_enough_time(far, hub, bucket, job, folder):
    far.launch(job, folder / job.id)
    path, asked = hub.asked[-1]
    assert path == "/api/jobs/ann" and asked["spaceId"] == "ann/ferscope"
    assert asked["timeoutSeconds"] > 90 * 60 and asked["labels"]["ferscope"] == "by-this-name"
    (volume,) = asked["volumes"]
    assert (volume["source"], volume["path"]) == ("ann/jobs-artifacts", "ferscope-by-this-name")
    assert volume["mountPath"] in asked["command"] and not volume.get("readOnly")
    assert "hers" not in json.dumps(asked)  # her token stays here
    names = {path.partition("/")[2] for path in bucket.files}
    assert "spec.json" in names and any(name.startswith("pictures/") for name in names)


def test_what_the_hub_says_of_a_job(far, hub, job, folder):
    assert far.look(job, folder / job.id) == Sight("unknown")
    far.launch(job, folder / job.id)
    for stage, expected in (
        ("SCHEDULING", Sight("queued")),
        ("RUNNING", Sight("running")),
        ("ERROR", Sight("failed", "the machine went")),
        ("COMPLETED", Sight("done")),
    ):
        hub.stage = stage
        assert far.look(job, folder / job.id) == expected
    hub.stage = "RUNNING"
    far.stop(job)
    assert hub.asked[-1][0] == "/api/jobs/ann/job1/cancel"
    assert far.look(job, folder / job.id).state == "cancelled"


def test_epochs_come_by_the_log_and_all_that_was_made_in_the_end(far, hub, bucket, job, folder, store, monkeypatch):
    place = folder / job.id
    far.launch(job, place)
    hub.stage, hub.log = "COMPLETED", ["epoch 1/2", '{"epoch": 1, "loss": 2.0}', '{"epoch": 2, "loss": 1.0}', "{odd"]
    mine = f"ferscope-{job.remote}"
    made = {f"{RUN}/mine.safetensors": b"weights", "comparison.json": b"{}", "pictures/new.png": b"not wanted"}
    bucket.files |= {f"{mine}/{name}": content for name, content in made.items()}
    bucket.files["ferscope-another/spec.json"] = b"{}"
    monkeypatch.setattr("fer_models.jobs.elsewhere.remote", lambda backend: far)
    Elsewhere(store).look()
    assert jobs.status(job.id).state == "done"
    assert [record["loss"] for record in jobs.metrics(job.id)] == [2.0, 1.0]
    assert jobs.logs(job.id).splitlines() == ["epoch 1/2", "{odd"]
    assert (place / RUN / "mine.safetensors").read_bytes() == b"weights" and not (place / "pictures/new.png").exists()
    assert list(bucket.files) == ["ferscope-another/spec.json"]


def test_a_hub_that_refuses_or_is_not_well(far, hub, bucket, job, folder, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the client waits longer each time before it asks again
    hub.status = 402
    with pytest.raises(ValueError, match="credit"):
        far.launch(job, folder / job.id)
    hub.status = 503
    for ask in (lambda: far.launch(job, folder / job.id), lambda: far.look(job, folder), lambda: far.stop(job)):
        with pytest.raises(Unreachable):
            ask()
    hub.status, bucket.private = 200, False
    with pytest.raises(ValueError, match="public"):
        far.launch(job, folder / job.id)


def test_without_an_image_or_a_token_nothing_is_submitted(folder, spec, monkeypatch, tmp_path):
    monkeypatch.delenv("FERSCOPE_HF_IMAGE", raising=False)
    with pytest.raises(ValueError, match="FERSCOPE_HF_IMAGE"):
        jobs.submit(spec, backend="hf")
    monkeypatch.setenv("FERSCOPE_HF_IMAGE", "image")
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(ValueError, match="hf auth login"):
        jobs.submit(spec, backend="hf")
    assert not folder.exists()
