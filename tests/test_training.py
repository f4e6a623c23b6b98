"""The loop: resume after a real kill, the schedule by hand, averaged weights, and a network that learns."""

import math
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score

from fer_models.checkpoints import read_card
from fer_models.classifier import load_classifier
from fer_models.data import Faces, read_fer2013, select_faces
from fer_models.data.augmentation import augmenter
from fer_models.evaluation import evaluate, predict_faces
from fer_models.labels import FERPLUS
from fer_models.networks import create_network
from fer_models.training import loop
from fer_models.training.command import make_recipe
from fer_models.training.publish import publish
from fer_models.training.recipe import Augmentation, Recipe, Stage
from tests.conftest import make_checkpoint
from tests.fer2013_files import write_files

RECIPE = Recipe(
    network="mobilenetv3_small",
    stages=(Stage(side=48, epochs=2), Stage(side=64, epochs=1)),
    batch_size=16,
    learning_rate=0.02,
    ema_decay=0.5,
    warmup_epochs=0.5,
    augmentation=Augmentation(erase=0.3),
)
STEPS = 3  # an epoch: 48 faces in batches of 16

# Trains in a process of its own, saving after every step, and says so after each.
SCRIPT = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from fer_models.data import read_fer2013, select_faces
from fer_models.training import loop
from fer_models.training.recipe import Recipe
loop.SAVE_EVERY_S = -1.0
data = read_fer2013(sys.argv[1])
faces = select_faces(data, "Training"), select_faces(data, "PublicTest")
recipe = Recipe.model_validate_json(sys.argv[3])
loop.train(recipe, *faces, Path(sys.argv[2]), device="cpu", say=lambda line: print(line, flush=True))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("fer2013"), leaks=())


@pytest.fixture(scope="module")
def faces(files) -> tuple[Faces, Faces]:
    data = read_fer2013(files)
    return select_faces(data, "Training"), select_faces(data, "PublicTest")


@pytest.fixture(scope="module")
def unbroken(faces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    lines = []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        loop.train(RECIPE, *faces, folder, device="cpu", say=lines.append)
    finally:
        torch.set_num_threads(threads)
    return folder, lines


def weights(folder):
    return load_file(folder / "state.safetensors")


@pytest.mark.parametrize("kill_after", [2, 3, 8])
def test_a_run_killed_at_any_moment_ends_like_an_unbroken_one(files, unbroken, tmp_path, kill_after):
    command = [sys.executable, "-c", SCRIPT, str(files), str(tmp_path), RECIPE.model_dump_json()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    steps = 0
    for line in process.stdout:
        steps += "  step " in line
        if steps == kill_after:
            break
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert len(list(tmp_path.glob("best.safetensors"))) == (kill_after > 3 * STEPS)
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    steps_again = again.stdout.count("  step ")
    assert 3 * STEPS - kill_after <= steps_again <= 3 * STEPS - kill_after + 1
    expected = weights(unbroken[0])
    found = weights(tmp_path)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def test_progress_says_what_and_how_long(unbroken):
    _, lines = unbroken
    assert len(lines) == 3 * (STEPS + 1)
    assert lines[0].startswith("mobilenetv3_small  epoch 1/3  48 px  step 1/3") and lines[0].endswith("left")
    assert "64 px  loss" in lines[-1] and "macro-F1" in lines[-1] and lines[-1].endswith("done")


def test_another_recipe_or_other_data_cannot_resume(unbroken, faces):
    with pytest.raises(ValueError, match="another recipe"):
        loop.train(RECIPE.model_copy(update={"seed": 1}), *faces, unbroken[0], device="cpu", say=lambda line: None)
    with pytest.raises(ValueError, match="other data"):
        loop.train(RECIPE, faces[0], faces[0], unbroken[0], device="cpu", say=lambda line: None)


def test_a_damaged_save_is_named(unbroken, faces, tmp_path):
    (tmp_path / "state.safetensors").write_bytes((unbroken[0] / "state.safetensors").read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"state\.safetensors is damaged"):
        loop.train(RECIPE, *faces, tmp_path, device="cpu", say=lambda line: None)


def test_nan_stops_and_keeps_the_last_save(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", -1.0)
    real, calls = loop.F.cross_entropy, []

    def poisoned(*args):
        calls.append(1)
        return real(*args) * (math.nan if len(calls) == 5 else 1)

    monkeypatch.setattr(loop.F, "cross_entropy", poisoned)
    with pytest.raises(loop.TrainingError, match="nan at step 4"):
        loop.train(RECIPE, *faces, tmp_path, device="cpu", say=lambda line: None)
    assert all(torch.isfinite(t).all() for t in weights(tmp_path).values())


def test_learning_rate_by_hand():
    recipe = Recipe(network="x", stages=(Stage(side=48, epochs=5),), learning_rate=1.0, warmup_epochs=1)
    rates = [loop.learning_rate_at(step, recipe, 10) for step in range(50)]
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 10)
    np.testing.assert_allclose(rates[10:], 0.5 * (1 + np.cos(np.pi * np.arange(40) / 40)), atol=1e-12)


def test_weight_decay_spares_norms_and_biases():
    network = create_network("mobilenetv3_small")
    optimizer = loop.make_optimizer(network, RECIPE)
    decayed, others = (group["params"] for group in optimizer.param_groups)
    assert {p.ndim for p in decayed} == {2, 4} and {p.ndim for p in others} == {1}
    assert len(decayed) + len(others) == len(list(network.parameters()))
    assert optimizer.param_groups[1]["weight_decay"] == 0


def test_averaged_weights_follow_the_exponential_mean(faces, tmp_path, monkeypatch):
    seen = []
    real = loop.AveragedModel.update_parameters

    def watch(self, network):
        seen.append(network.classifier[-1].bias.detach().clone().double())
        real(self, network)

    monkeypatch.setattr(loop.AveragedModel, "update_parameters", watch)
    loop.train(RECIPE, *faces, tmp_path, device="cpu", say=lambda line: None)
    expected = seen[0]
    for bias in seen[1:]:
        expected = 0.5 * expected + 0.5 * bias
    found = weights(tmp_path)["average.module.classifier.1.bias"].double()
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


def test_a_learnable_task_is_learnt_and_published(tmp_path):
    """Bright against dark faces: four epochs are enough to tell them apart, and the card tells the truth."""
    data = read_fer2013(write_files(tmp_path / "data", training=192, test=32, leaks=(1,)))
    training, validation = select_faces(data, "Training"), select_faces(data, "PublicTest")
    recipe = RECIPE.model_copy(
        update={
            "stages": (Stage(side=48, epochs=4),),
            "network": "resnet18",
            "optimizer": "adamw",
            "learning_rate": 1e-3,
        }
    )
    best = loop.train(recipe, training, validation, tmp_path / "run", device="cpu", say=lambda line: None)
    file = publish(best, recipe, training, validation, tmp_path / "out", leaked_rows_left_out=1)
    classifier = load_classifier(file)
    card = classifier.card
    assert card.name == "resnet18.ferplus" and card.seed == 0
    assert card.data.rows == 191 and card.data.leaked_rows_left_out == 1
    assert "FERPlus, MIT" in card.licence and "unresolved" in card.licence
    assert card.preprocessing.input_side == 48
    predicted = predict_faces(classifier, validation.images).argmax(1)
    assert card.scores[0].accuracy == accuracy_score(validation.labels, predicted)
    assert card.scores[0].accuracy > 0.95
    assert Recipe.model_validate(card.recipe) == recipe
    with pytest.raises(ValueError, match="labelled"):
        evaluate(classifier, select_faces(data, "PublicTest", "fer2013"), split="PublicTest", label_rule="fer2013")


def test_augmentation_keeps_range_and_shape_and_is_seeded():
    settings = Augmentation(erase=1.0)
    images = torch.rand(8, 1, 48, 48)
    torch.manual_seed(5)
    first = augmenter(settings)(images)
    torch.manual_seed(5)
    assert torch.equal(augmenter(settings)(images), first)
    assert first.shape == images.shape and first.min() >= 0 and first.max() <= 1
    assert not torch.equal(first, images)
    nothing = Augmentation(flip=0, degrees=0, translate=0, scale=(1, 1), contrast=0)
    torch.testing.assert_close(augmenter(nothing)(images), images, atol=1e-4, rtol=0)


def test_recipes_from_the_command_line(tmp_path):
    recipe = make_recipe("a_mobilenet", None, ["64:2", "112:1"], 3)
    assert recipe.optimizer == "sgd" and recipe.seed == 3
    assert [recipe.side_of(epoch) for epoch in range(3)] == [64, 64, 112]
    file = tmp_path / "recipe.json"
    file.write_text('{"network": "a_mobilenet", "learning_rat": 0.1}')
    with pytest.raises(ValueError, match="learning_rat"):
        make_recipe("a_mobilenet", file, [], 0)
    file.write_text('{"network": "mobilenetv3_simam", "seed": 5}')
    assert make_recipe("mobilenetv3_simam", file, [], None).seed == 5
    assert make_recipe("mobilenetv3_simam", file, [], 6).seed == 6
    assert make_recipe("mobilenetv3_simam", file, [], None).optimizer == "adamw"  # what the file leaves out
    file.write_text('{"network": "mobilenetv1"}')
    with pytest.raises(ValueError, match="is for mobilenetv1"):
        make_recipe("a_mobilenet", file, [], 0)
    with pytest.raises(ValueError, match="cannot be read"):
        make_recipe("a_mobilenet", tmp_path / "none.json", [], 0)
    for wrong in ("64", "64:x", "20:1", "64:0"):
        with pytest.raises(ValueError, match="SIDE:EPOCHS"):
            make_recipe("a_mobilenet", None, [wrong], 0)


def test_a_run_can_start_from_a_checkpoint(faces, tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    file = make_checkpoint("mobilenetv3_small", tmp_path, "small.test")
    network = create_network("mobilenetv3_small")
    loop.load_start(network, RECIPE.model_copy(update={"start": "small.test"}), FERPLUS.labels)
    stored = load_file(file)
    assert all(torch.equal(tensor, stored[name].to(tensor.dtype)) for name, tensor in network.state_dict().items())
    recipe = RECIPE.model_copy(update={"start": "small.test", "stages": (Stage(side=48, epochs=1),)})
    best = loop.train(recipe, *faces, tmp_path / "run", device="cpu", say=lambda line: None)
    start = read_card("small.test")
    card = load_classifier(publish(best, recipe, *faces, tmp_path / "out", leaked_rows_left_out=0, start=start)).card
    assert card.initialisation == "weights of small.test, which were trained from scratch"
    assert card.recipe["start"] == "small.test" and card.recipe["start_recipe"] == {}
    with pytest.raises(ValueError, match="cannot start this run"):
        loop.load_start(
            create_network("mobilenetv2"), recipe.model_copy(update={"network": "mobilenetv2"}), FERPLUS.labels
        )
