"""The loop: resume after a real kill, the schedule by hand, averaged weights, and a network that learns."""

import dataclasses
import json
import math
import shutil
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from fer_models.data import Faces, Parts, read_parts
from fer_models.networks import Network, channels_last, create_network
from fer_models.preprocessing import to_input
from fer_models.training import learner, loop, losses
from fer_models.training.batches import Batches
from fer_models.training.events import EpochDone, StepDone
from fer_models.training.machine import Machine
from fer_models.training.recipe import Augmentation, Loss, Recipe, Stage
from tests.support.fer2013_files import write_files
from tests.support.recipes import learnable

RECIPE = Recipe(
    network="mobilenetv3_small",
    stages=(Stage(side=48, epochs=2), Stage(side=64, epochs=1)),
    batch_size=16,
    learning_rate=0.02,
    ema_decay=0.5,
    warmup_epochs=0.5,
    # Everything that has a state or draws at random takes part in the tests of resuming.
    loss=Loss(centre=0.01),
    oversample=0.5,
    sam=0.02,
    augmentation=Augmentation(erase=0.3, noise=0.05),
)
STEPS = 3  # an epoch: 48 faces in batches of 16

CPU = Machine("cpu")

# Trains in a process of its own, saving after every step, and tells the kind of each event.
SCRIPT = """
import sys
from pathlib import Path
from fer_models.data import read_parts
from fer_models.training import loop
from fer_models.training.machine import Machine
from fer_models.training.recipe import Recipe
loop.SAVE_EVERY_S = -1.0
parts = read_parts(sys.argv[1])
faces = parts.training, parts.validation
recipe = Recipe.model_validate_json(sys.argv[3])
loop.train(recipe, *faces, Path(sys.argv[2]), Machine("cpu"), lambda event: print(type(event).__name__, flush=True))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("fer2013"), leaks=())


@pytest.fixture(scope="module")
def parts(files) -> Parts:
    return read_parts(files)


@pytest.fixture(scope="module")
def faces(parts) -> tuple[Faces, Faces]:
    return parts.training, parts.validation


@pytest.fixture(scope="module")
def unbroken(faces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    events = []
    loop.train(RECIPE, *faces, folder, CPU, events.append)
    return folder, events


def weights(folder):
    return load_file(folder / "state.safetensors")


@pytest.mark.parametrize("kill_after", [2, 3, 8])
def test_a_run_killed_at_any_moment_ends_like_an_unbroken_one(files, unbroken, tmp_path, kill_after):
    command = [sys.executable, "-c", SCRIPT, str(files), str(tmp_path), RECIPE.model_dump_json()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    steps = 0
    for line in process.stdout:
        steps += line == "StepDone\n"
        if steps == kill_after:
            break
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert len(list(tmp_path.glob("best.safetensors"))) == (kill_after > 3 * STEPS)
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    steps_again = again.stdout.count("StepDone")
    assert 3 * STEPS - kill_after <= steps_again <= 3 * STEPS - kill_after + 1
    expected = weights(unbroken[0])
    found = weights(tmp_path)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def test_events_tell_what_happened_and_how_long_it_takes(unbroken):
    folder, events = unbroken
    assert [type(event) for event in events] == 3 * [*STEPS * [StepDone], EpochDone]
    steps, epochs = ([event for event in events if isinstance(event, kind)] for kind in (StepDone, EpochDone))
    assert [(step.epoch, step.step, step.side) for step in steps] == [
        (epoch, step, side) for epoch, side in ((1, 48), (2, 48), (3, 64)) for step in (1, 2, 3)
    ]
    assert all((step.epochs, step.steps, step.network) == (3, STEPS, "mobilenetv3_small") for step in steps)
    assert all(event.seconds_left > 0 for event in events[:-2])
    assert events[-2].seconds_left == events[-1].seconds_left == 0
    history = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [dataclasses.asdict(epoch.record) for epoch in epochs] == history
    assert steps[0].accuracy is None and steps[3].accuracy == history[0]["accuracy"]
    assert epochs[1].record.loss == pytest.approx(steps[5].loss)  # after the last step the mean is the whole epoch's


def test_another_recipe_or_other_data_cannot_resume(unbroken, faces):
    with pytest.raises(ValueError, match="another recipe"):
        loop.train(RECIPE.model_copy(update={"seed": 1}), *faces, unbroken[0], CPU)
    with pytest.raises(ValueError, match="other data"):
        loop.train(RECIPE, faces[0], faces[0], unbroken[0], CPU)


def test_a_damaged_save_is_named(unbroken, faces, tmp_path):
    (tmp_path / "state.safetensors").write_bytes((unbroken[0] / "state.safetensors").read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"state\.safetensors is damaged"):
        loop.train(RECIPE, *faces, tmp_path, CPU)
    save_file({"x": torch.zeros(1)}, tmp_path / "state.safetensors")
    with pytest.raises(ValueError, match="is not the state of a run"):
        loop.train(RECIPE, *faces, tmp_path, CPU)


def test_nan_stops_and_keeps_the_last_save(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", -1.0)
    real, calls = losses.F.cross_entropy, []

    def poisoned(*args, **kwargs):
        calls.append(1)
        return real(*args, **kwargs) * (math.nan if len(calls) == 9 else 1)  # two a step

    monkeypatch.setattr(losses.F, "cross_entropy", poisoned)
    with pytest.raises(loop.TrainingError, match=r"nan at step 4; the last save in .* is whole"):
        loop.train(RECIPE, *faces, tmp_path, CPU)
    assert all(torch.isfinite(t).all() for t in weights(tmp_path).values())


def test_a_kill_between_the_last_save_and_its_line_loses_no_line(unbroken, faces, tmp_path):
    metrics, whole = tmp_path / "metrics.jsonl", (unbroken[0] / "metrics.jsonl").read_text()
    shutil.copy(unbroken[0] / "state.safetensors", tmp_path)
    metrics.write_text("".join(whole.splitlines(keepends=True)[:2]))  # what such a kill leaves
    events = []
    loop.train(RECIPE, *faces, tmp_path, CPU, events.append)
    assert metrics.read_text() == whole and events == []


def test_a_kill_between_an_epoch_s_last_step_and_its_scores_repeats_no_step(unbroken, faces, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    monkeypatch.setattr(loop, "SAVE_EVERY_S", -1.0)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(loop, "probabilities", killed)
        loop.train(RECIPE, *faces, tmp_path, CPU)
    assert not (tmp_path / "metrics.jsonl").exists()
    events = []
    loop.train(RECIPE, *faces, tmp_path, CPU, events.append)
    assert [type(event) for event in events] == [EpochDone, *2 * [*STEPS * [StepDone], EpochDone]]
    expected, found = weights(unbroken[0]), weights(tmp_path)
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_states_keep_the_names_that_runs_begun_earlier_are_saved_under(unbroken):
    with safe_open(unbroken[0] / "state.safetensors", framework="pt") as state:
        names, metadata = set(state.keys()), state.metadata()
    of_optimizer = {name for name in names if name.startswith("optimizer.")}
    of_network = create_network("mobilenetv3_small").state_dict().keys()
    assert names - of_optimizer == {
        *(f"{part}.{name}" for part in ("network", "average.module") for name in of_network),
        "average.n_averaged",
        "loss.centre.centres",
    }
    assert {name.split(".", 2)[2] for name in of_optimizer} == {"momentum_buffer"}
    progress = json.loads(metadata["progress"])
    numbers = {"step", "loss_sum", "loss_count", "right_sum", "seconds", "best_epoch", "best_score"}
    scores = {"epoch", "side", "loss", "accuracy", "macro_f1", "validation_loss", "seconds", "training_accuracy"}
    assert progress.keys() == {*numbers, "history"}
    assert [record.keys() for record in progress["history"]] == 3 * [scores]
    assert metadata["run"].startswith(RECIPE.identity + " on ")


def test_averaged_weights_follow_the_exponential_mean(faces, tmp_path, monkeypatch):
    """With a decay that grows: (1 + n) / (10 + n) after n steps, until it is the recipe's."""
    seen = []
    real = learner.Learner._average

    def watch(self, decay):
        seen.append(self.network.classifier[-1].bias.detach().clone().double())
        real(self, decay)

    monkeypatch.setattr(learner.Learner, "_average", watch)
    loop.train(RECIPE, *faces, tmp_path, CPU)
    expected = seen[0]
    for step, bias in enumerate(seen[1:], start=1):
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * bias
    found = weights(tmp_path)["average.module.classifier.1.bias"].double()
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


def test_averaged_weights_are_of_use_after_few_steps(many, tmp_path):
    """24 steps at the default decay of 0.999: an average that remembered its start would know nothing yet."""
    recipe = learnable("resnet18", ema_decay=Recipe(network="x").ema_decay)
    loop.train(recipe, many.training, many.validation, tmp_path, CPU)
    history = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert history[-1]["accuracy"] > 0.95


@pytest.mark.parametrize("bf16", [False, True])
def test_a_teacher_s_network_learns_in_either_precision(many, tmp_path, monkeypatch, bf16):
    seen = set()
    real = learner.Learner._forward

    def watch(self, images):
        hook = self.network.features[1].register_forward_hook(lambda *call: seen.add(call[2].dtype))
        try:
            return real(self, images)
        finally:
            hook.remove()

    monkeypatch.setattr(learner.Learner, "_forward", watch)
    recipe = learnable("dlib_resnet", learning_rate=1e-3)
    best = loop.train(recipe, many.training, many.validation, tmp_path, Machine("cpu", bf16=bf16))
    history = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert history[-1]["accuracy"] > 0.95
    assert seen == {torch.bfloat16 if bf16 else torch.float32}
    assert {tensor.dtype for tensor in load_file(best).values()} == {torch.float32}


def test_a_poisoned_gradient_is_seen_before_anything_is_saved(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", -1.0)
    real = torch.nn.utils.clip_grad_norm_
    calls = []

    def poisoned(parameters, limit):
        parameters = list(parameters)
        calls.append(1)
        if len(calls) == 3:
            parameters[0].grad[0] = math.nan
        return real(parameters, limit)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", poisoned)
    with pytest.raises(loop.TrainingError, match="gradient became nan at step 2"):
        loop.train(RECIPE, *faces, tmp_path, CPU)
    assert all(torch.isfinite(t).all() for t in weights(tmp_path).values())


def test_losses_looked_at_together_are_all_seen_before_anything_is_saved(unbroken, faces, tmp_path, monkeypatch):
    """As on a GPU, where each look would wait."""
    monkeypatch.setattr(loop, "LOOK_EVERY", {"cpu": 32})
    loop.train(RECIPE, *faces, tmp_path / "sound", CPU)
    expected, found = weights(unbroken[0]), weights(tmp_path / "sound")
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    real, calls = losses.F.cross_entropy, []

    def poisoned(*args, **kwargs):
        calls.append(1)
        return real(*args, **kwargs) * (math.nan if len(calls) == 3 else 1)  # two a step

    monkeypatch.setattr(losses.F, "cross_entropy", poisoned)
    with pytest.raises(loop.TrainingError, match="became nan at step 1; nothing was saved before"):
        loop.train(RECIPE, *faces, tmp_path / "poisoned", CPU)
    assert list((tmp_path / "poisoned").iterdir()) == []


def test_weights_that_answer_nothing_are_not_kept(faces, tmp_path):
    wild = RECIPE.model_copy(update={"learning_rate": 1e30, "batch_size": 48, "sam": 0.0, "clip_norm": 0.0})
    with pytest.raises(loop.TrainingError, match="nothing was saved before"):
        loop.train(wild, *faces, tmp_path, CPU)
    assert not list(tmp_path.glob("best.safetensors")) and not list(tmp_path.glob("metrics.jsonl"))


def stem() -> Network:
    """mobilenetv3_small's first convolution with a head of its own."""
    features = create_network("mobilenetv3_small").features[:1]
    return Network(features, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Sequential(nn.Linear(16, 8)), "")


# PyTorch's own compiler needs a minute of a core for a whole network; its machine code is left out for that one.
@pytest.mark.parametrize(
    ("build", "backend"),
    [(stem, "inductor"), (lambda: create_network("mobilenetv3_small", dropout=0.0), "aot_eager")],
    ids=["to machine code", "a whole network"],
)
def test_a_compiled_step_moves_the_weights_as_a_plain_one_does(faces, monkeypatch, build, backend):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    recipe = RECIPE.model_copy(update={"sam": 0.0})
    batches = Batches(recipe, faces[0], CPU.torch_device)
    torch.manual_seed(0)
    batch, moved = batches.make(torch.arange(16), 48), []
    for compiled in (False, True):
        torch.manual_seed(0)
        network = channels_last(build())
        before = network.classifier[-1].weight.detach().clone()
        learner.Learner(network, recipe, batches.labels, compiled=compiled).learn(*batch, step=0, rate=0.02)
        moved.append(network.classifier[-1].weight.detach())
        assert not torch.equal(moved[-1], before)
    torch.testing.assert_close(moved[0], moved[1], atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("loss", [Loss(softmax=0, centre=0.1), Loss(softmax=0, triplet=1)], ids=["centre", "triplet"])
def test_losses_without_cross_entropy_answer_by_the_nearest_mean(many, tmp_path, loss):
    # Steps too small to pull all features together, as centre loss alone does in time.
    short = {"stages": (Stage(side=48, epochs=2),), "optimizer": "sgd", "learning_rate": 1e-6}
    recipe = learnable("resnet18", loss=loss, **short)
    best = loop.train(recipe, many.training, many.validation, tmp_path, CPU)
    network = create_network("resnet18", 8).eval()
    network.load_state_dict(load_file(best))
    features = []
    with torch.inference_mode():
        for part in (many.training, many.validation):
            x = to_input(torch.from_numpy(np.asarray(part.images)), recipe.preprocessing)
            features.append(network.embedding(network.features(x)).double().numpy())
        answered = network(x).argmax(1).numpy()
    if loss.triplet:
        features = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in features]
    means = np.stack([features[0][many.training.labels == label].mean(0) for label in (0, 1)])
    if loss.triplet:
        means /= np.linalg.norm(means, axis=1, keepdims=True)
    nearest = np.square(features[1][:, None] - means).sum(2).argmin(1)
    assert 0 < nearest.mean() < 1
    assert (answered == nearest).mean() > 0.95  # a face in the middle may fall to either side


def test_early_stopping_ends_a_run(many, tmp_path):
    recipe = learnable("mobilenetv3_small", stages=(Stage(side=48, epochs=30),), learning_rate=1e-9, early_stop=2)
    loop.train(recipe, many.training, many.validation, tmp_path, CPU)
    history = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    best = int(np.argmax([record["accuracy"] for record in history])) + 1
    assert len(history) == best + 2 < 30
