"""`ferscope regions` as a person meets it."""

import pytest
from typer.testing import CliRunner

from fer_models.classifier import load_classifier
from fer_models.cli import app
from fer_models.data import read_parts
from fer_models.evaluation.regions import load_regions
from tests.conftest import make_checkpoint
from tests.support.fer2013_files import write_files


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return make_checkpoint("mobilenetv3_small", tmp_path / "checkpoints", "small.test")


def test_it_prints_and_stores_what_each_region_does(weights, tmp_path):
    data = write_files(tmp_path / "data", training=4, test=16, labels=range(8))
    result = CliRunner().invoke(app, ["regions", "small.test", "--data", str(data), "--faces", "2"])
    assert result.exit_code == 0, result.output
    found = load_regions("small.test")
    validation = read_parts(data).validation
    right = load_classifier("small.test").predict(list(validation.images)).argmax(1) == validation.labels
    assert len(found.labels) == len(set(validation.labels[right].tolist())) > 0
    (line,) = [line.split() for line in result.stdout.splitlines() if line.split()[:1] == [found.labels[0]]]
    assert line[2] == f"{found.of(found.labels[0])['brows'].change:+.2f}"


def test_a_checkpoint_that_is_not_there(tmp_path, weights):
    data = write_files(tmp_path / "data", training=4, test=8)
    result = CliRunner().invoke(app, ["regions", "smal.test", "small.test", "--data", str(data), "--faces", "2"])
    assert result.exit_code == 1 and "Did you mean 'small.test'" in result.stderr
    assert load_regions("small.test")  # the others go on
