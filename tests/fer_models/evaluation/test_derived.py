"""What is stored of a checkpoint is of its weights: of every bundled one, and told of any."""

import json
import shutil
from pathlib import Path

import pytest

from fer_models.checkpoints import weights_key
from fer_models.evaluation.derived import COMMANDS, derived
from fer_models.evaluation.stored import Measured, save_measured
from fer_models.explanation.averages import Averages, save_averages
from tests.conftest import make_checkpoint

BUNDLED = sorted((Path(__file__).parents[3] / "checkpoints").glob("*.safetensors"))


@pytest.mark.parametrize("weights", BUNDLED, ids=lambda weights: weights.stem)
def test_what_is_stored_of_the_bundled_checkpoints_is_of_their_weights(weights):
    states = {result.kind: result.state for result in derived(weights)}
    assert "stale" not in states.values(), "run 'make derived'"
    made = {kind: states[kind] for kind in ("predictions", "averages", "regions")}
    assert set(made.values()) == {"current"}, "run 'make derived'"


@pytest.fixture
def weights(tmp_path):
    return make_checkpoint("mobilenetv3_small", tmp_path, "small.test")


def states(weights: Path) -> dict[str, str]:
    return {result.kind: result.state for result in derived(weights)}


def test_each_kind_is_missing_until_it_is_stored_and_stale_under_other_weights(weights):
    assert states(weights) == dict.fromkeys(COMMANDS, "missing")
    commands = [result.command for result in derived(weights)]
    assert commands[0] == "ferscope evaluate small.test --split PublicTest --store"
    save_averages(Averages([]), weights, "ferscope averages small.test --faces 40")
    result = Measured(checkpoint="small.test", weights=weights_key(weights), command="ferscope regions small.test")
    save_measured(result, weights, "regions")
    assert states(weights) == dict.fromkeys(COMMANDS, "missing") | {"averages": "current", "regions": "current"}
    make_checkpoint("a_mobilenet", weights.parent, "small.test")
    assert states(weights) == dict.fromkeys(COMMANDS, "missing") | {"averages": "stale", "regions": "stale"}
    # It is made anew as it was made.
    assert derived(weights)[1].command == "ferscope averages small.test --faces 40"


def test_what_is_damaged_is_stale(weights):
    for kind in COMMANDS:
        suffix = {"predictions": "PublicTest.npz", "averages": "averages.npz"}.get(kind, f"{kind}.json")
        weights.with_suffix(f".{suffix}").write_bytes(b"{")
    assert states(weights) == dict.fromkeys(COMMANDS, "stale")


def test_a_change_of_the_cards_scores_makes_nothing_stale(tmp_path):
    for file in BUNDLED[0].parent.glob(f"{BUNDLED[0].stem}.*"):
        shutil.copy(file, tmp_path)
    copy = tmp_path / BUNDLED[0].name
    before = states(copy)
    card = json.loads(copy.with_suffix(".json").read_text())
    copy.with_suffix(".json").write_text(json.dumps(card | {"scores": []}))
    assert states(copy) == before
    copy.with_suffix(".json").write_text(json.dumps(card | {"labels": card["labels"][::-1]}))
    assert states(copy)["averages"] == "stale"
