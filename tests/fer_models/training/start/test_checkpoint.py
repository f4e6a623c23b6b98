"""A checkpoint as a start: its weights, its card behind the new one, and networks that they do not fit."""

import pytest
import torch
from safetensors.torch import load_file

from fer_models.checkpoints import read_card
from fer_models.classifier import load_classifier
from fer_models.data import read_parts
from fer_models.networks import create_network
from fer_models.training.built_on import BuiltOn
from fer_models.training.events import ignore
from fer_models.training.loop import train
from fer_models.training.machine import Machine
from fer_models.training.partition import plan
from fer_models.training.publish import publish
from fer_models.training.recipe import Recipe, Stage
from fer_models.training.start.load import load_start
from tests.conftest import make_checkpoint
from tests.support.fer2013_files import write_files

RECIPE = Recipe(network="mobilenetv3_small", stages=(Stage(side=48, epochs=1),), batch_size=16, start="small.test")


def test_a_run_can_start_from_a_checkpoint(tmp_path, monkeypatch):
    parts = read_parts(write_files(tmp_path / "fer2013", leaks=()))
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    file = make_checkpoint("mobilenetv3_small", tmp_path, "small.test")
    network = create_network("mobilenetv3_small")
    load_start(network, RECIPE, parts.training, ignore)
    stored = load_file(file)
    assert all(torch.equal(tensor, stored[name].to(tensor.dtype)) for name, tensor in network.state_dict().items())
    best = train(RECIPE, parts.training, parts.validation, tmp_path / "run", Machine("cpu"))
    start = read_card("small.test")
    built_on = BuiltOn(start=start)
    card = load_classifier(publish(best, RECIPE, parts, plan(parts, RECIPE), tmp_path / "out", built_on=built_on)).card
    assert card.initialisation == "weights of small.test, which were trained from scratch"
    assert card.recipe["start"] == "small.test" and card.recipe["start_recipe"] == {}
    dropped = create_network("mobilenetv3_small", dropout=0.5)  # other options, the same shapes
    load_start(dropped, RECIPE, parts.training, ignore)
    wider = create_network("mobilenetv3_small", last_channels=640)
    with pytest.raises(ValueError, match=r"^small\.test has no options, and its weights do not fit .*$"):
        load_start(wider, RECIPE, parts.training, ignore)
    with pytest.raises(ValueError, match="cannot start this run"):
        other = RECIPE.model_copy(update={"network": "mobilenetv2"})
        load_start(create_network("mobilenetv2"), other, parts.training, ignore)
