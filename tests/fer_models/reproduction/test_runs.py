"""Real runs on made-up faces: a grid that is killed and goes on, and what is done once stays done."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file

from fer_models.data import DataError
from fer_models.reproduction.execute import complete
from fer_models.reproduction.grid import AS_JSON, Place, run_grid
from fer_models.reproduction.result import read_result
from fer_models.reproduction.runs import Run
from fer_models.training.events import Event, Note
from fer_models.training.machine import Machine
from fer_models.training.recipe import Recipe, Stage
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import write_class_folders

RULE = "ferplus-majority"
TINY = Recipe(
    network="mobilenetv3_small",
    choose_on="held-out tenth",
    stages=(Stage(side=48, epochs=12),),
    batch_size=16,
    learning_rate=0.02,
    ema_decay=0.5,
)
GRID = tuple(Run(TINY.model_copy(update={"seed": seed})) for seed in (0, 1))

# A grid in a process of its own, which can be killed.
SCRIPT = """
import sys
from pathlib import Path
from fer_models.reproduction.grid import AS_JSON, Place, run_grid
from fer_models.reproduction.runs import Run
from fer_models.training.recipe import Recipe
data, out, *recipes = sys.argv[1:]
grid = [Run(Recipe.model_validate_json(recipe)) for recipe in recipes]
place = Place(Path(out), {run.recipe.label_rule: Path(data) for run in grid})
failed = run_grid(grid, place, 2, lambda event: print(event.text, flush=True))
sys.exit(len(failed))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_files(tmp_path_factory.mktemp("fer2013"), training=64, test=24)


def test_a_killed_grid_goes_on_and_ends_like_an_unbroken_one(data, tmp_path):
    out = tmp_path / "out"
    command_line = [sys.executable, "-c", SCRIPT, str(data), str(out), *(run.recipe.model_dump_json() for run in GRID)]
    first = subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True)
    seen = next(line for line in first.stdout if "epoch 1/12" in line)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    for run in GRID:  # a worker that outlived the grid would hold its lock until the run is done
        with FileLock(out / run.key / ".lock", timeout=60):
            pass
    begun = next(run for run in GRID if seen.startswith(run.key))
    assert not (out / begun.key / "result.json").exists()
    before = (out / begun.key / "metrics.jsonl").read_text().splitlines()[0]

    again = subprocess.run(command_line, check=True, capture_output=True, text=True)
    assert again.stdout.count("Done: ") == 2
    assert f"{begun.key}: mobilenetv3_small  epoch 1/12" not in again.stdout
    for run in GRID:
        result = read_result(out / run.key / "result.json")
        assert result.recipe == run.recipe and [record.epoch for record in result.history] == list(range(1, 13))
        assert not (out / run.key / "state.safetensors").exists()
    # The first epoch was not repeated: its very seconds are still there.
    assert (out / begun.key / "metrics.jsonl").read_text().splitlines()[0] == before

    unbroken = complete(begun, tmp_path / "unbroken", data, "PublicTest")
    killed = read_result(out / begun.key / "result.json")
    assert unbroken.scores == killed.scores and unbroken.epoch == killed.epoch
    weights, expected = (load_file(folder / begun.key / "best.safetensors") for folder in (out, tmp_path / "unbroken"))
    assert all(torch.equal(weights[name], tensor) for name, tensor in expected.items())


def test_a_finished_run_is_never_repeated(data, tmp_path):
    run = Run(TINY.model_copy(update={"stages": (Stage(side=48, epochs=1),)}))
    first = complete(run, tmp_path, data, "PublicTest")
    assert first.training_rows + first.chosen_count == 62 and first.leaked_rows_left_out == 2
    assert first.scores["PublicTest"].count == 24 and first.chosen_on == "a held-out tenth of the training rows"
    assert first.epoch == 1 and first.seconds > 0 and first.versions.keys() == {"ferscope", "torch", "python"}
    said: list[Event] = []
    assert complete(run, tmp_path, data, "PublicTest", watch=said.append) == first and said == []


def test_a_finished_run_is_scored_on_another_part_without_training(data, tmp_path):
    run = Run(TINY.model_copy(update={"stages": (Stage(side=48, epochs=1),)}))
    first = complete(run, tmp_path / "out", data, "PublicTest")
    with pytest.raises(DataError, match="holds no rows of PrivateTest, only of PublicTest; choose one by `split`"):
        complete(run, tmp_path / "out", data, "PrivateTest")
    both = write_files(tmp_path / "both", training=64, test=24)
    for name in ("fer2013.csv", "fer2013new.csv"):
        lines = (both / name).read_text().splitlines()
        lines[-8:] = [line.replace("PublicTest", "PrivateTest") for line in lines[-8:]]
        (both / name).write_text("\n".join(lines) + "\n")
    said: list[Event] = []
    second = complete(run, tmp_path / "out", both, "PrivateTest", watch=said.append)
    assert said == [] and second.history == first.history
    assert second.scores["PublicTest"] == first.scores["PublicTest"] and second.scores["PrivateTest"].count == 8


def test_damaged_weights_of_a_finished_run_are_named(tmp_path):
    both = write_files(tmp_path / "both", training=64, test=24, private=8)
    run = Run(TINY.model_copy(update={"stages": (Stage(side=48, epochs=1),)}))
    complete(run, tmp_path / "out", both, "PublicTest")
    best = tmp_path / "out" / run.key / "best.safetensors"
    best.write_bytes(best.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"best\.safetensors is damaged .*; remove the folder .* to run again"):
        complete(run, tmp_path / "out", both, "PrivateTest")


def test_a_run_that_fails_does_not_keep_the_others_from_being_done(data, tmp_path):
    short = TINY.model_copy(update={"stages": (Stage(side=48, epochs=1),)})
    bad, good = Run(short.model_copy(update={"start": "nowhere.test"})), Run(short)
    failed = run_grid([bad, good], Place(tmp_path, {RULE: data}), 1)
    assert failed.keys() == {bad.key} and "There is no checkpoint 'nowhere.test'" in failed[bad.key]
    assert (tmp_path / good.key / "result.json").exists()
    side_by_side = run_grid([bad], Place(tmp_path, {RULE: data}), 2)
    assert side_by_side == failed  # the worker's own words come back


def test_a_result_on_a_sample_is_made_again_on_other_data(data, tmp_path):
    run = Run(TINY.model_copy(update={"stages": (Stage(side=48, epochs=1),)}))
    first = complete(run, tmp_path, data, "PublicTest")
    assert first.of_a_sample and complete(run, tmp_path, data, "PublicTest") == first
    others = write_files(tmp_path / "others", training=80, test=24)
    second = complete(run, tmp_path, others, "PublicTest")
    assert second.training_rows > first.training_rows


def test_pictures_that_cannot_be_read_stop_a_run_unless_they_are_skipped(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    data = write_class_folders(tmp_path / "data", ("angry", "happy", "sad"), count=12)
    (data / "sad" / "3.png").write_bytes(b"no picture")
    own = {"label_rule": "folder", "stages": (Stage(side=48, epochs=1),), "batch_size": 8}
    run = Run(TINY.model_copy(update=own))
    place = Place(tmp_path / "out", {"folder": data})
    assert "3.png" in run_grid([run], place, 1)[run.key]
    said: list[Event] = []
    assert run_grid([run], replace(place, machine=Machine(skip_bad=True, device="cpu")), 1, said.append) == {}
    notes = [event.text for event in said if isinstance(event, Note)]
    assert any("Left out, because they cannot be read (1): sad/3.png" in note for note in notes)
    result = read_result(tmp_path / "out" / run.key / "result.json")
    assert result.training_rows + result.chosen_count == 35 and result.device == "cpu"
    assert result.dataset.endswith("(1 unreadable pictures left out)")


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_run_of_a_grid_gets_the_imagenet_weights_that_were_named(data, tmp_path, jobs):
    (weights := tmp_path / "weights.safetensors").write_bytes(b"no weights")
    short = TINY.model_copy(update={"stages": (Stage(side=48, epochs=1),)})
    started = Run(short.model_copy(update={"network": "mobilenetv1", "start": "imagenet"}))
    place = Place(tmp_path / "out", {RULE: data}, machine=Machine(device="cpu", start_weights=weights))
    failed = run_grid([started, Run(short)], place, jobs)
    assert failed.keys() == {started.key}  # the other one is from scratch and needs none
    assert "weights.safetensors cannot be read as safetensors" in failed[started.key]


def test_workers_are_told_all_of_place_and_machine():
    machine = Machine("cuda", compiled=True, skip_bad=True, start_weights=Path("w.safetensors"))
    for place in (Place(Path("out"), {}), Place(Path("out"), {RULE: Path("data")}, "PrivateTest", machine)):
        assert AS_JSON.validate_json(AS_JSON.dump_json(place)) == place
