"""A network that a job ended with is found by its owner's runs of the page, and by nobody else's."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import fer_models as fer
from fer_models import checkpoints
from fer_models.jobs.job import RUN
from fer_models.jobs.store import Store
from tests.webapp.conftest import save


@pytest.fixture(autouse=True)
def nobody_asks_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "more_folders", checkpoints.more_folders)


def done_job(store: Store, owner: str, name: str) -> Path:
    job = store.add({"name": name, "checkpoint": "x", "minutes": 1}, owner)
    assert store.change(job, "done", came_from=("queued",))
    return save(store.job_folder(job) / RUN, "mobilenetv3_small", name)


def names_seen_by(owner: str) -> list[str]:
    def page(owner: str) -> None:
        import streamlit as st

        import fer_models as fer
        from webapp import own_networks
        from webapp.visitor import Visitor

        own_networks.visitor = lambda: Visitor(owner, True)
        own_networks.look_for_own_networks()
        for name in fer.list_checkpoints():
            st.text(name)
            if name.endswith(".mine"):
                assert fer.load_classifier(name).card.name == name

    app = AppTest.from_function(page, kwargs={"owner": owner}, default_timeout=60).run()
    assert not app.exception
    return [text.value for text in app.text]


def test_own_networks_are_listed_for_their_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path / "jobs"))
    store = Store(tmp_path / "jobs")
    weights = done_job(store, "ann", "a.mine")
    done_job(store, "bob", "b.mine")
    assert "a.mine" in names_seen_by("ann") and "b.mine" not in names_seen_by("ann")
    assert "b.mine" in names_seen_by("bob") and "a.mine" not in names_seen_by("bob")
    assert not {"a.mine", "b.mine"} & set(names_seen_by("eve"))
    # Nor do they exist outside of a visitor's run.
    assert not {"a.mine", "b.mine"} & set(fer.list_checkpoints())
    with pytest.raises(fer.CheckpointError):
        checkpoints.find_checkpoint("a.mine")
    assert checkpoints.find_checkpoint(str(weights)) == weights


def test_without_jobs_no_folder_of_jobs_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path / "jobs"))
    names_seen_by("ann")
    assert not (tmp_path / "jobs").exists()
