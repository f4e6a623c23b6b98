"""Results beside a checkpoint: they come back, and none of other weights or a damaged one does."""

import json

import pytest

from fer_models.checkpoints import CheckpointError, weights_key
from fer_models.evaluation.stored import Measured, load_measured, save_measured
from tests.conftest import make_checkpoint


class Found(Measured):
    grid: tuple[int, int]
    rows: tuple[dict[str, float], ...]


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    return make_checkpoint("mobilenetv3_small", tmp_path, "small.test")


def found(weights) -> Found:
    rows = ({"gain": 0.1}, {"gain": -0.25})
    return Found(checkpoint="small.test", weights=weights_key(weights), command="x", grid=(4, 8), rows=rows)


def test_what_is_saved_comes_back_with_a_row_a_line(weights):
    assert load_measured("small.test", "kinds", Found) is None
    file = save_measured(found(weights), weights, "kinds")
    assert file.name == "small.test.kinds.json"
    assert load_measured("small.test", "kinds", Found) == load_measured(weights, "kinds", Found) == found(weights)
    assert '  {"gain": -0.25}' in file.read_text().splitlines()


def test_what_is_of_other_weights_or_damaged_is_said(weights):
    file = save_measured(found(weights), weights, "kinds")
    whole = json.loads(file.read_text())
    for damage in ("{", json.dumps({**whole, "grid": "four"})):
        file.write_text(damage)
        with pytest.raises(CheckpointError, match=r"damaged.*'ferscope kinds small\.test' makes it anew"):
            load_measured("small.test", "kinds", Found)
    file.write_text(json.dumps({**whole, "weights": "0" * 64}))
    with pytest.raises(CheckpointError, match="other weights"):
        load_measured("small.test", "kinds", Found)
