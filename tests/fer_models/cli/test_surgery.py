"""`ferscope surgery`: what it prints, stores and refuses."""

import pytest
from typer.testing import CliRunner

from fer_models.cli import app
from fer_models.evaluation.stored import load_measured
from fer_models.evaluation.surgery import Surgery
from tests.conftest import make_checkpoint
from tests.support.fer2013_files import write_files


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("data"), training=40, test=12)


@pytest.fixture
def run(data, tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_DATA", str(data))
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    make_checkpoint("mobilenetv3_simam", tmp_path, "small.test")
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_it_prints_and_stores_every_row_with_the_command_that_made_it(run):
    assert run("averages", "small.test").exit_code == 0
    result = run("surgery", "small.test", "--faces", "6")
    assert result.exit_code == 0, result.output
    stored = load_measured("small.test", "surgery", Surgery)
    assert stored.count == 6 and stored.split == "PublicTest"
    assert stored.command == "ferscope surgery small.test --split PublicTest --faces 6"
    lines = result.stdout.splitlines()
    for row in stored.rows:
        assert any(line.split()[0] == row.gate and row.way in line and line.endswith(f" {row.count}") for line in lines)


def test_without_the_average_face_it_says_how_to_make_it(run):
    result = run("surgery", "small.test")
    assert result.exit_code == 1 and "ferscope averages small.test" in result.stderr
