"""A checkpoint goes to the Hub with its card in the Hub's form."""

import json

import pytest
from huggingface_hub import ModelCard, constants
from typer.testing import CliRunner

from fer_models.checkpoints import find_checkpoint, read_card
from fer_models.cli import app
from fer_models.hub import HubError, model_card, push_checkpoint
from fer_models.jobs.job import RUN
from fer_models.jobs.store import Store
from tests.conftest import make_checkpoint
from tests.support.hub import committed, deleted, stub_hub


def test_a_jobs_checkpoint_is_one_commit_of_weights_card_and_model_card(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path))
    store = Store(tmp_path)
    job = store.add({"checkpoint": "tiny", "name": "mine"})
    weights = make_checkpoint("mobilenetv3_small", store.job_folder(job) / RUN, "mine", side=48)
    push = ["jobs", "push", job, "ann/mine"]
    with stub_hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", "writer")
        refused = CliRunner().invoke(app, push)
        assert refused.exit_code == 1 and "no checkpoint" in refused.output and not hub.asked
        store.change(job, "done", came_from=("queued",))
        done = CliRunner().invoke(app, push)
        assert done.exit_code == 0 and done.output.strip() == f"{hub.url}/ann/mine", done.output
        files = committed(hub, "/api/models/ann/mine/commit/")
        assert files.keys() == {"mine.safetensors", "mine.json", "README.md"}
        assert not deleted(hub, "/api/models/ann/mine/commit/")  # a model may have files of its owner's
        assert files["mine.safetensors"] == weights.read_bytes()
        assert json.loads(files["mine.json"])["name"] == "mine"
        assert {token for path, token, _ in hub.asked if "/commit/" in path or "/create" in path} == {"Bearer writer"}
        with pytest.raises(HubError, match="write nothing"):
            push_checkpoint(weights, "ann/mine", token="reader")


def test_the_model_card_says_what_the_card_says():
    name = "a_mobilenet.ferplus"
    card, text = read_card(name), model_card(find_checkpoint(name))
    read = ModelCard(text)
    assert read.data.library_name == "ferscope" and read.data.pipeline_tag == "image-classification"
    assert all(label in text for label in card.labels) and card.licence in text
    assert card.scores and all(score.sentence() in text for score in card.scores)
