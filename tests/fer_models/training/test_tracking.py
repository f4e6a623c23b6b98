"""Metrics that go to Trackio as well."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fer_models.training.recipe import Recipe, Stage
from fer_models.training.tracking import tracked
from tests.support.fer2013_files import write_files

RECIPE = Recipe(network="mobilenetv3_small", stages=(Stage(side=48, epochs=2),), batch_size=16)


def test_epochs_can_be_tracked(tmp_path, monkeypatch):
    """What Trackio keeps is read back from its own database, in another process."""
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    script = """
import sys
from pathlib import Path
import trackio
from fer_models.data import read_parts
from fer_models.training import loop
from fer_models.training.machine import Machine
from fer_models.training.recipe import Recipe
from fer_models.training.tracking import tracked
parts, recipe = read_parts(sys.argv[1]), Recipe.model_validate_json(sys.argv[3])
with tracked("faces", "first", recipe) as track:
    loop.train(recipe, parts.training, parts.validation, Path(sys.argv[2]), Machine("cpu"), track)
"""
    data = write_files(tmp_path / "data", leaks=())
    command = [sys.executable, "-c", script, str(data), str(tmp_path / "run"), RECIPE.model_dump_json()]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run(command, check=True, capture_output=True)  # ended: nothing is repeated
    asked = ["get", "metric", "--project", "faces", "--run", "first", "--metric", "accuracy", "--json"]
    trackio = Path(sys.executable).with_name("trackio")
    found = json.loads(subprocess.run([trackio, *asked], check=True, capture_output=True, text=True).stdout)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [value["value"] for value in found["values"]] == [json.loads(line)["accuracy"] for line in lines]


def test_tracking_without_trackio_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "trackio", None)
    with pytest.raises(ValueError, match=r"ferscope\[track\]"), tracked("faces", "run", RECIPE):
        pass
