"""The built page below /live, or how to build it."""

import json

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from fer_models.version import __version__
from webapp.live.site import FACTS, VARIABLE, is_built, live, live_folder


@pytest.fixture
def client():
    return TestClient(Starlette(routes=[Mount("/live", live)]))


def test_who_has_not_built_it_is_told_how(client, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    answer = client.get("/live/")
    assert answer.status_code == 503 and "make live" in answer.text
    assert str(tmp_path) not in answer.text


def test_a_built_page_is_served_isolated_and_nothing_beside_it(client, tmp_path, monkeypatch):
    folder = tmp_path / "live"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "index.html").write_text("<p>here</p>")
    (folder / FACTS).write_text(json.dumps({"version": __version__}))
    monkeypatch.setenv(VARIABLE, str(folder))
    answer = client.get("/live/")
    assert answer.status_code == 200 and "here" in answer.text
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-embedder-policy"] == "require-corp"
    assert client.get("/live", follow_redirects=False).headers["location"].endswith("/live/")
    assert client.get("/live/..%2fsecret.txt").status_code == 404
    assert client.get("/live/none.js").status_code == 404


@pytest.mark.parametrize("facts", ['{"version": "0.0.1"}', "[]", "cut off", '{"other": 1}'])
def test_a_page_of_another_version_or_half_of_one_counts_as_not_built(tmp_path, facts):
    (tmp_path / FACTS).write_text(facts)
    assert not is_built(tmp_path) and not is_built(None)


def test_without_a_home_there_is_no_place_for_it(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("webapp.live.site.cache_folder", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert live_folder() is None
