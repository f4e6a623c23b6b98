"""Uploading a Space, to a stub of the Hub: what it is asked, and what is said when it refuses."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CARD = "---\ntitle: FERScope Live\nsdk: static\napp_file: index.html\n---\n# FERScope Live\n"


class Hub(BaseHTTPRequestHandler):
    """Takes every file as a regular one of a commit; refuses who has the token 'reader'."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.path, self.headers.get("Authorization"), body))
        if self.headers.get("Authorization") == "Bearer reader":
            self.answer(403, {"error": "no right to write"})
        elif self.path == "/api/validate-yaml":
            self.answer(200, {"errors": [], "warnings": []})
        elif self.path == "/api/repos/create":
            self.answer(200, {"url": f"{self.server.url}/spaces/ann/live"})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            told = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            self.answer(200, {"files": told})
        elif "/commit/" in self.path:
            made = {"commitUrl": f"{self.server.url}/spaces/ann/live/commit/1", "commitOid": "1"}
            self.answer(200, {"success": True, **made})
        else:
            self.answer(404, {"error": f"unknown: {self.path}"})

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization"), b""))
        self.answer(200, [] if "/tree/" in self.path else {"id": "ann/live", "sha": "1", "siblings": []})

    def answer(self, status: int, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        server.asked, server.url = [], f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def pushed(url: str, token: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """`ferscope space push` as a process of its own: the Hub's address is read when its library is imported."""
    environment = os.environ | {"HF_ENDPOINT": url, "HF_TOKEN": token, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-c", "from fer_models.cli import main; main()", "space", "push", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "space"
    folder.mkdir()
    (folder / "README.md").write_text(CARD)
    (folder / "index.html").write_text("<p>live</p>")
    return folder


def test_every_file_is_in_one_commit_of_a_static_space(hub, folder, tmp_path):
    done = pushed(hub.url, "writer", "ann/live", str(folder), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{hub.url}/spaces/ann/live"
    asked = {path: (token, body) for path, token, body in hub.asked}
    token, body = asked["/api/repos/create"]
    made = json.loads(body)
    assert token == "Bearer writer" and (made["type"], made["sdk"]) == ("space", "static")
    (commit,) = [body for path, (_, body) in asked.items() if "/api/spaces/ann/live/commit/" in path]
    lines = [json.loads(line) for line in commit.decode().splitlines()]
    files = {line["value"]["path"]: line["value"]["content"] for line in lines if line["key"] == "file"}
    assert {path: base64.b64decode(content).decode() for path, content in files.items()} == {
        "README.md": CARD,
        "index.html": "<p>live</p>",
    }


def test_a_token_without_rights_a_wrong_name_and_no_hub_are_one_sentence_each(hub, folder, tmp_path):
    for url, token, name, said in (
        (hub.url, "reader", "ann/live", "writes nothing|write nothing"),
        (hub.url, "writer", "a name/with/slashes", "USER/NAME"),
        ("http://127.0.0.1:9", "writer", "ann/live", "cannot be reached"),
    ):
        done = pushed(url, token, name, str(folder), home=tmp_path)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert any(part in done.stderr for part in said.split("|")), done.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no Space" in pushed(hub.url, "writer", "ann/live", str(empty), home=tmp_path).stderr


def test_a_space_is_not_built_over_other_files(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    command = [sys.executable, "-c", "from fer_models.cli import main; main()", "space", "build", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "holds other files" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
