"""`ferscope averages` as a person meets it."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fer_models.classifier import load_classifier
from fer_models.cli import app
from fer_models.data import read_parts
from fer_models.explanation import averages
from fer_models.explanation.averages import mean_gates, read_averages
from tests.conftest import make_checkpoint
from tests.support.fer2013_files import repeat_row, write_files


@pytest.fixture
def run(tmp_path, monkeypatch):
    weights = make_checkpoint("mobilenetv3_no_middle_attention", tmp_path / "checkpoints", "small.test")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(weights.parent))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(averages, "ON_PIXELS", {"input-x-gradient": (30, {})})  # the others take long
    return lambda *arguments: CliRunner().invoke(app, ["averages", "small.test", *map(str, arguments)])


def test_training_faces_that_repeat_no_test_picture_are_averaged(run, tmp_path):
    data = write_files(tmp_path / "data", training=40, test=16)
    repeat_row(data, 5, 45)
    result = run("--data", data, "--faces", 100)
    assert result.exit_code == 0, result.output
    classifier = load_classifier("small.test")
    training = read_parts(data).training
    found = read_averages(classifier)
    assert 30 < len(training) < 40 and found.faces == len(training)  # of fewer than asked for, all
    for ours, expected in zip(found.gates, mean_gates(classifier, training.images), strict=True):
        np.testing.assert_allclose(ours.values, expected.values, atol=1e-3)
    assert f"{len(training)} faces of Training" in found.about
    assert {("input-x-gradient", None), ("grad-cam", classifier.layers[-1].name)} < found.maps.keys()
    assert "small.test.averages.npz" in result.stdout
    assert Path("checkpoints/small.test.averages.npz").is_file()


def test_too_few_faces_are_refused(run, tmp_path):
    data = write_files(tmp_path / "data", training=20, test=16)
    result = run("--data", data)
    assert result.exit_code == 1 and "30 faces or more" in result.stderr
    assert not Path("checkpoints/small.test.averages.npz").exists()
