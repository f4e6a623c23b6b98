"""Uploading a Space, to a stub of the Hub: what it is asked, and what is said when it refuses."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.hub import committed, stub_hub

CARD = "---\ntitle: FERScope Live\nsdk: static\napp_file: index.html\n---\n# FERScope Live\n"


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    with stub_hub() as server:
        yield server


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
    assert committed(hub, "/api/spaces/ann/live/commit/") == {"README.md": CARD.encode(), "index.html": b"<p>live</p>"}


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
