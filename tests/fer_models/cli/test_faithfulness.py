"""`ferscope faithfulness` as a person meets it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fer_models.cli import app
from fer_models.evaluation.faithfulness import MapName, best_map, load_faithfulness
from tests.conftest import make_checkpoint
from tests.support.fer2013_files import write_files


@pytest.fixture
def run(tmp_path, monkeypatch):
    weights = make_checkpoint("mobilenetv3_no_middle_attention", tmp_path / "checkpoints", "small.test")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(weights.parent))
    monkeypatch.chdir(tmp_path)
    names = [MapName("input-x-gradient")]  # the others are measured in the same way, and take longer
    monkeypatch.setattr("fer_models.evaluation.faithfulness.maps_worth_measuring", lambda _: names)
    return lambda *arguments: CliRunner().invoke(app, ["faithfulness", "small.test", *map(str, arguments)])


def test_the_scores_of_maps_are_told_and_kept(run, tmp_path):
    result = run("--data", write_files(tmp_path / "data", training=40, test=16), "--faces", 12)
    assert result.exit_code == 0, result.output
    found = load_faithfulness("small.test")
    assert found.faces == 12 and found.split == "PublicTest"
    assert found.command == "ferscope faithfulness small.test --split PublicTest --faces 12"
    assert best_map("small.test") == MapName("input-x-gradient")
    line = next(line for line in result.stdout.splitlines() if "input-x-gradient" in line)
    assert f"{found.best.gain:+.3f}" in line and found.best.verdict in line
    assert "(face prior)" in result.stdout


def test_too_few_training_faces_are_refused(run, tmp_path):
    result = run("--data", write_files(tmp_path / "data", training=20, test=16))
    assert result.exit_code == 1 and "30 faces or more" in result.stderr
    assert not Path("checkpoints/small.test.faithfulness.json").exists()
