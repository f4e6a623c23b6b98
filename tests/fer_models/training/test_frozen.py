"""Training a part of a network: the rest stays bit for bit, its running statistics with it."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from fer_models.checkpoints import load_checkpoint
from fer_models.data.partition import hold_out_tenth
from fer_models.networks import create_network
from fer_models.networks.layers import layers_of
from fer_models.training.loop import train
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
    shares = probabilities(network, tenth.images, recipe, 48)
    likely = shares[np.arange(len(tenth)), tenth.labels]
    assert record.validation_loss == pytest.approx(-np.log(likely).mean(), rel=1e-4)


def test_a_head_alone_takes_no_mixup():
    with pytest.raises(ValidationError, match="mixup"):
        learnable("mobilenetv3_small", trained="head", mixup=0.2)
