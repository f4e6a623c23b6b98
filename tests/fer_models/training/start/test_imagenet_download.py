"""Fetching ImageNet weights, in a process of its own, from a small server that answers as the Hub does."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from safetensors.torch import save

from tests.support import timm_layout

PATH = "/timm/mobilenetv1_100.ra4_e3600_r224_in1k/resolve/main/model.safetensors"
SCRIPT = """
from fer_models.networks import create_network
from fer_models.training.start.imagenet import load_imagenet
try:
    print(load_imagenet(create_network("mobilenetv1"), "mobilenetv1").text())
except ValueError as error:
    print("ValueError:", error)
"""


class Hub(ThreadingHTTPServer):
    """Serves one file at PATH; ``announced`` is the size that it claims before the download."""

    def __init__(self, content: bytes):
        super().__init__(("127.0.0.1", 0), Answer)
        self.content, self.announced, self.downloads = content, len(content), 0


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.answer(self.server.announced)

    def do_GET(self) -> None:
        if self.answer(len(self.server.content)):
            self.server.downloads += 1
            self.wfile.write(self.server.content)

    def answer(self, size: int) -> bool:
        found = self.path == PATH and size > 0
        self.send_response(200 if found else 404)
        self.send_header("X-Repo-Commit", "0" * 40)
        if found:
            self.send_header("ETag", f'"{hashlib.sha256(self.server.content).hexdigest()}"')
        else:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        return found

    def log_message(self, *args: object) -> None:
        print(self.command, self.path, file=sys.stderr)


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub(save(timm_layout.random_state("mobilenetv1_100")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def load(hub: Hub, home: Path, **environment: str) -> str:
    """What a process says that loads mobilenetv1's weights from ``hub``, its cache in ``home``."""
    endpoint = f"http://127.0.0.1:{hub.server_port}"
    changed = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "NO_PROXY": "127.0.0.1", **environment}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=os.environ | changed, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_weights_are_fetched_once_and_then_found_in_the_cache(hub: Hub, tmp_path: Path) -> None:
    first = load(hub, tmp_path)
    assert "loaded: 3,206,976 parameters in 162 tensors" in first
    assert load(hub, tmp_path, HF_HUB_OFFLINE="1") == first
    assert hub.downloads == 1


def check_sentence(said: str, hub: Hub) -> None:
    """One line that says what failed and what to do."""
    assert said.startswith(
        "ValueError: The ImageNet weights timm/mobilenetv1_100.ra4_e3600_r224_in1k could not be fetched"
    )
    assert said.count("\n") == 1
    assert said.endswith(f"give a downloaded copy of http://127.0.0.1:{hub.server_port}{PATH} as a file instead.\n")


def test_no_connection_is_one_sentence(hub: Hub, tmp_path: Path) -> None:
    said = load(hub, tmp_path, HF_HUB_OFFLINE="1")
    check_sentence(said, hub)
    assert "the Hub does not answer, and its cache holds no copy" in said
    assert hub.downloads == 0


def test_a_missing_file_is_one_sentence(hub: Hub, tmp_path: Path) -> None:
    hub.content, hub.announced = b"", 0
    said = load(hub, tmp_path)
    check_sentence(said, hub)
    assert "404" in said


def test_a_file_of_another_size_is_one_sentence(hub: Hub, tmp_path: Path) -> None:
    hub.announced += 1
    said = load(hub, tmp_path)
    check_sentence(said, hub)
    assert "Consistency check failed" in said
