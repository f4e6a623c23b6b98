"""Training a part of a network: the rest stays bit for bit, its running statistics with it."""

import json

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from fer_models.checkpoints import load_checkpoint
from fer_models.data.partition import hold_out_tenth
from fer_models.networks import create_network
from fer_models.networks.layers import layers_of
from fer_models.training import loop
from fer_models.training.events import EpochDone
from fer_models.training.loop import train
from fer_models.training.recipe import Stage
from fer_models.training.scoring import probabilities
from fer_models.training.state import read_best
from tests.conftest import make_checkpoint
from tests.support.recipes import learnable


@pytest.mark.parametrize("trained", ["head", "last", "all"])
def test_only_what_is_trained_changes(trained, many, tmp_path):
    start = make_checkpoint("mobilenetv3_small", tmp_path, "tiny", side=48)
    recipe = learnable("mobilenetv3_small", start=str(start), trained=trained)
    rest, tenth = hold_out_tenth(many.training)
    after, _ = read_best(train(recipe, rest, tenth, tmp_path / "run"))
    before = load_file(start)
    changed = {name for name, value in before.items() if not torch.equal(value.float(), after[name].float())}
    network = create_network("mobilenetv3_small", 8).eval()
    sides = {f"features.{layer.number}": layer.side for layer in layers_of(network, 64)}
    last = {name for name, side in sides.items() if side == min(sides.values())}
    layers = {".".join(name.split(".")[:2]) for name in changed if name.startswith("features.")}
    assert any(name.startswith("classifier.") for name in changed)
    assert layers == {"head": set(), "last": last, "all": sides.keys()}[trained]


def test_features_computed_once_answer_as_the_whole_network_does(many, tmp_path):
    """The head learns what it would learn behind the network: its loss at no rate is the network's own."""
    start = make_checkpoint("mobilenetv3_small", tmp_path, "tiny", side=48)
    options = {"start": str(start), "trained": "head", "learning_rate": 1e-12, "weight_decay": 0.0}
    recipe = learnable("mobilenetv3_small", options={"dropout": 0.0}, soft_targets=False, **options)
    rest, tenth = hold_out_tenth(many.training)
    records = []
    train(recipe, rest, tenth, tmp_path / "run", watch=lambda event: records.append(getattr(event, "record", None)))
    network, _ = load_checkpoint(start)
    shares = probabilities(network, rest.images, recipe, 48)
    own = -np.log(shares[np.arange(len(rest)), rest.labels]).mean()
    record = next(record for record in records if record is not None)
    loss = record.loss
    assert loss == pytest.approx(own, rel=0.05)  # the rows beyond the last whole batch are not in the loss
    assert record.training_accuracy == pytest.approx((shares.argmax(1) == rest.labels).mean(), abs=0.05)
    shares = probabilities(network, tenth.images, recipe, 48)
    likely = shares[np.arange(len(tenth)), tenth.labels]
    assert record.validation_loss == pytest.approx(-np.log(likely).mean(), rel=1e-4)


def test_a_head_alone_takes_no_mixup():
    with pytest.raises(ValidationError, match="mixup"):
        learnable("mobilenetv3_small", trained="head", mixup=0.2)


def test_short_epochs_share_a_save_and_none_is_lost(many, tmp_path, monkeypatch):
    """A kill after an epoch that was not saved does that epoch again, and it comes out as it did."""

    class Killed(BaseException):
        pass

    def kill(event):
        told.append(event)
        if sum(isinstance(event, EpochDone) for event in told) == 3:
            raise Killed

    start = make_checkpoint("mobilenetv3_small", tmp_path, "tiny", side=48)
    recipe = learnable("mobilenetv3_small", start=str(start), trained="head")
    recipe = recipe.model_copy(update={"stages": (Stage(side=48, epochs=5),)})
    rest, tenth = hold_out_tenth(many.training)
    saves, real = [], loop.save_state
    monkeypatch.setattr(loop, "save_state", lambda *args: saves.append(1) or real(*args))
    monkeypatch.setattr(loop, "SAVE_EPOCHS_EVERY_S", 3600.0)
    whole = load_file(train(recipe, rest, tenth, tmp_path / "whole"))
    assert len(saves) == 2  # after the first epoch and after the last
    told = []
    with pytest.raises(Killed):
        train(recipe, rest, tenth, tmp_path / "run", watch=kill)
    before = (tmp_path / "run" / loop.METRICS).read_text().splitlines()
    best = load_file(train(recipe, rest, tenth, tmp_path / "run"))
    after = (tmp_path / "run" / loop.METRICS).read_text().splitlines()
    without_time = [[json.loads(line) | {"seconds": 0} for line in lines] for lines in (before, after)]
    assert len(after) == 5 and without_time[1][: len(before)] == without_time[0]
    assert all(torch.equal(best[name], tensor) for name, tensor in whole.items())
