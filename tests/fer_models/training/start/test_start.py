"""Starts of runs: published weights, from the file to the card and on after a break; checkpoints of other labels."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from fer_models.checkpoints import load_checkpoint, read_card, save_checkpoint
from fer_models.cli import app, progress
from fer_models.data import read_fer2013, read_parts, select_faces
from fer_models.networks import create_network
from fer_models.training.events import EpochDone, Event, Note
from fer_models.training.recipe import Recipe
from fer_models.training.start.load import load_start
from fer_models.training.start.published import PUBLISHED
from fer_models.training.start.vggface2 import load_vggface2
from tests.conftest import make_network
from tests.support import dlib_file
from tests.support.fer2013_files import write_files
from tests.support.graph_model import made_up, write
from tests.support.timm_layout import lite0, lite2, random_state


def test_each_published_start_has_its_loader(tmp_path):
    files = {
        "imagenet": tmp_path / "model.safetensors",
        "imagenet-lite0": tmp_path / "lite0.pth",
        "imagenet-lite2": tmp_path / "lite2.pth",
        "vggface2": write(tmp_path, made_up()),
        "dlib": dlib_file.write(tmp_path, dlib_file.made_up()),
    }
    save_file(random_state("mobilenetv1_100"), files["imagenet"])
    torch.save(lite0(), files["imagenet-lite0"])
    torch.save(lite2(), files["imagenet-lite2"])
    assert files.keys() == PUBLISHED.keys()
    faces = read_parts(write_files(tmp_path / "data", training=16, test=8, leaks=())).training
    called = {
        "imagenet": ("mobilenetv1", "timm/mobilenetv1"),
        "imagenet-lite0": ("efficientnet_b0", "EfficientNet-Lite0"),
        "imagenet-lite2": ("efficientnet_lite2", "EfficientNet-Lite2"),
        "vggface2": ("mobilenetv1", "faceres-deep"),
        "dlib": ("dlib_resnet", "dlib's face recogniser"),
    }
    for start, file in files.items():
        name, weights = called[start]
        network = create_network(name)
        before = network.features[0][0].weight.clone()
        said: list[Event] = []
        load_start(network, Recipe(network=name, start=start), faces, said.append, file)
        assert not torch.equal(network.features[0][0].weight, before)
        assert len(said) == 1 and said[0].text.startswith(f"Weights of {weights}")


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Runs `ferscope train a_mobilenet` in ``tmp_path`` from made-up VGGFace2 weights in ``weights``."""
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path / "data", training=32, test=16, leaks=())
    (tmp_path / "weights").mkdir()
    write(tmp_path / "weights", made_up())
    stages = [{"side": 48, "epochs": 1}, {"side": 64, "epochs": 1}]
    recipe = {"start": "vggface2", "batch_size": 16, "stages": stages, "learning_rate": 1e-9, "ema_decay": 0}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))

    def run(*arguments: str):
        command = ["train", "a_mobilenet", "--data", "data", "--recipe", "recipe.json", "--out", "out", *arguments]
        return CliRunner().invoke(app, command)

    return run


def test_a_run_begins_with_the_weights_measured_at_its_first_side(train, tmp_path):
    ended = train("--start-weights", "weights/faceres.json")
    assert ended.exit_code == 0, ended.output
    assert "Weights of faceres-deep for a_mobilenet" in ended.output
    card = read_card(tmp_path / "out" / "a_mobilenet.ferplus.safetensors")
    assert card.initialisation == "from a face recogniser's VGGFace2 weights (faceres-deep)"
    # At this rate nothing has moved but by rounding: what the run ended with is what it began with.
    faces = select_faces(read_fer2013(tmp_path / "data"), "Training").images
    expected = create_network("a_mobilenet")
    load_vggface2(expected, "a_mobilenet", tmp_path / "weights" / "faceres.json", faces, side=48)
    best = load_file(tmp_path / "out" / "best.safetensors")
    for name, parameter in expected.named_parameters():
        if "attention" not in name and "classifier" not in name:
            torch.testing.assert_close(best[name], parameter.data, rtol=1e-4, atol=1e-5)


def test_an_interrupted_run_goes_on_without_the_file(train, tmp_path, monkeypatch):
    def interrupted(event: Event) -> None:
        if isinstance(event, EpochDone):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(progress, "ProgressLine", lambda: interrupted)
        assert train("--start-weights", "weights/faceres.json").exit_code == 130
    for file in (tmp_path / "weights").iterdir():
        file.unlink()
    ended = train("--start-weights", "weights/faceres.json")
    assert ended.exit_code == 0, ended.output
    assert len((tmp_path / "out" / "metrics.jsonl").read_text().splitlines()) == 2
    assert train().exit_code == 0  # published anew
    fresh = train("--out", "elsewhere", "--start-weights", "weights/faceres.json")
    assert fresh.exit_code == 1 and "There is no file weights/faceres.json" in fresh.stderr


def test_a_checkpoint_of_other_labels_starts_a_run_with_those_it_knows(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    known = ("sadness", "contempt", "neutral")
    network, card = make_network("mobilenetv3_small", len(known))
    save_checkpoint(network, card.model_copy(update={"name": "three", "labels": known}), tmp_path)
    earlier = load_checkpoint("three")[0].state_dict()
    faces = read_parts(write_files(tmp_path / "data", training=32, test=16, leaks=())).training
    started = create_network("mobilenetv3_small")
    fresh = {name: tensor.clone() for name, tensor in started.state_dict().items()}
    said: list[Event] = []
    load_start(started, Recipe(network="mobilenetv3_small", start="three"), faces, said.append)
    for name, tensor in started.state_dict().items():
        if tensor.shape == earlier[name].shape:
            assert torch.equal(tensor, earlier[name]), name
            continue
        assert name.startswith("classifier.")
        for index, label in enumerate(faces.label_set.labels):
            row = earlier[name][known.index(label)] if label in known else fresh[name][index]
            assert torch.equal(tensor[index], row), (name, label)
    fresh_labels = "happiness, surprise, anger, disgust and fear"
    said_once = f"three does not know {fresh_labels}: these begin with fresh weights in the last layer."
    assert said == [Note(said_once)]
