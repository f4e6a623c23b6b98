"""Real runs on made-up faces: a grid that is killed and goes on, what is done once stays done, and the command line."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file
from typer.testing import CliRunner

from fer_models.cli import app
from fer_models.data import DataError
from fer_models.reproduction import engine
from fer_models.reproduction import result as result_module
from fer_models.reproduction.catalogue import find_table
from fer_models.reproduction.execute import complete
from fer_models.reproduction.grid import AS_JSON, Place, run_grid
from fer_models.reproduction.result import read_result, write_result
from fer_models.reproduction.runs import Run, runs
from fer_models.training.events import Event, Note
from fer_models.training.machine import Machine
from fer_models.training.recipe import Recipe, Stage
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import write_class_folders
from tests.support.reproduction_results import made_up

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


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def run_cli(monkeypatch, tmp_path):
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["reproduce", *map(str, arguments)])


def test_a_killed_grid_goes_on_and_ends_like_an_unbroken_one(data, tmp_path, one_thread):
    out = tmp_path / "out"
    command_line = [sys.executable, "-c", SCRIPT, str(data), str(out), *(run.recipe.model_dump_json() for run in GRID)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    first = subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True, env=environment)
    seen = next(line for line in first.stdout if "epoch 1/12" in line)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    for run in GRID:  # a worker that outlived the grid would hold its lock until the run is done
        with FileLock(out / run.key / ".lock", timeout=60):
            pass
    begun = next(run for run in GRID if seen.startswith(run.key))
    assert not (out / begun.key / "result.json").exists()
    before = (out / begun.key / "metrics.jsonl").read_text().splitlines()[0]

    again = subprocess.run(command_line, check=True, capture_output=True, text=True, env=environment)
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


def test_a_result_on_a_sample_is_made_again_on_other_data_and_never_stored(data, tmp_path, monkeypatch, run_cli):
    run = Run(TINY.model_copy(update={"stages": (Stage(side=48, epochs=1),)}))
    first = complete(run, tmp_path, data, "PublicTest")
    assert first.of_a_sample and complete(run, tmp_path, data, "PublicTest") == first
    others = write_files(tmp_path / "others", training=80, test=24)
    second = complete(run, tmp_path, others, "PublicTest")
    assert second.training_rows > first.training_rows
    (of_table,) = runs(find_table("001-T7").studies[0], "short")
    (tmp_path / of_table.key).mkdir()
    sample = made_up(of_table)[0].model_copy(update={"training_rows": 54})
    write_result(sample, tmp_path / of_table.key / "result.json")
    monkeypatch.setattr(engine, "STORED", tmp_path / "stored")
    said = run_cli("001-T7", "--show", "--store", "--out", tmp_path).stdout
    assert "it was trained on 54 rows, a sample of its data set" in said and "0 results stored" in said


def test_a_table_from_data_to_print_and_into_store(run_cli, data, tmp_path, monkeypatch):
    monkeypatch.setattr(result_module, "SAMPLE", 1)  # so that these few rows pass for a data set
    stored = tmp_path / "stored"
    stored.mkdir()
    monkeypatch.setattr(engine, "STORED", stored)
    arguments = ("001-T7", "--data", data, "--out", tmp_path / "out", "--again")
    result = run_cli(*arguments)
    assert result.exit_code == 0, result.output
    assert "Runs to do: 1, 1 at a time" in result.stdout and "epoch 8/8" in result.stdout
    for said in (
        "[short form: 1 of 1 runs stored]",
        "all faces (Table 3)  83.47 ± 0.23 %",
        "PublicTest, 24",
        "[1] Table 7's diagonal",
    ):
        assert said in result.stdout, said
    again = run_cli(*arguments, "--store")
    assert again.exit_code == 0 and "Runs to do" not in again.stdout and "1 results stored" in again.stdout
    (run,) = runs(find_table("001-T7").studies[0], "short")
    assert read_result(stored / f"{run.key}.json").key == run.key
    # What comes with FERScope needs neither data nor runs.
    shown = run_cli("001-T7", "--out", tmp_path / "none")
    assert (
        shown.exit_code == 0 and "Runs to do" not in shown.stdout and "[short form: 1 of 1 runs stored]" in shown.stdout
    )


def test_storing_keeps_the_scores_on_parts_that_the_run_lacks(run_cli, tmp_path, monkeypatch):
    (run,) = runs(find_table("001-T7").studies[0], "short")
    stored, own = tmp_path / "stored", tmp_path / "out" / run.key
    own.mkdir(parents=True)
    monkeypatch.setattr(engine, "STORED", stored)
    public, private = (made_up(run, split=split)[0] for split in ("PublicTest", "PrivateTest"))
    arguments = ("001-T7", "--show", "--store", "--out", tmp_path / "out")
    write_result(public, own / "result.json")
    assert "1 results stored" in run_cli(*arguments).stdout
    write_result(private, own / "result.json")
    assert "1 results stored" in run_cli(*arguments).stdout
    both = read_result(stored / f"{run.key}.json")
    assert both.scores == public.scores | private.scores
    # Of another training: neither its scores nor its history may be mixed with what is there.
    another = private.model_copy(update={"history": private.history[:-1]})
    write_result(another, own / "result.json")
    refused = run_cli(*arguments).stdout
    assert "is not stored: what is there is of another training" in refused and "0 results stored" in refused
    assert read_result(stored / f"{run.key}.json") == both


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


def test_imagenet_weights_that_do_not_fit_all_runs_are_refused(run_cli, data, tmp_path):
    (weights := tmp_path / "weights.safetensors").write_bytes(b"no weights")
    arguments = ("--data", data, "--start-weights", weights, "--out", tmp_path / "out", "--again")
    several = run_cli("002-T5", "004-F4", "--form", "full", *arguments)
    assert several.exit_code == 1 and "efficientnet_b0.ra_in1k and timm/mobilenetv3_large_100.ra_in1k" in several.stderr
    none = run_cli("002-T5", *arguments)
    assert none.exit_code == 1 and "None of these runs starts from ImageNet weights" in none.stderr
    (run,) = runs(find_table("002-T5").studies[0], "short")
    assert "None of these runs" in run_cli("--run", run.key, *arguments).stderr
    assert not (tmp_path / "out").exists()


def test_one_run_by_its_key(run_cli, data, tmp_path):
    run = Run(TINY.model_copy(update={"stages": (Stage(side=48, epochs=1),)}))
    folder = tmp_path / "out" / run.key
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text(run.recipe.model_dump_json())
    result = run_cli("--run", run.key, "--data", data, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert f"{run.key}: 24 faces of PublicTest: accuracy 0." in result.stdout
    (folder / "recipe.json").write_text('{"network": "mobilenetv3_small", "learning_rat": 1}')
    broken = run_cli("--run", run.key, "--data", data, "--out", tmp_path / "out")
    assert broken.exit_code == 1 and "recipe.json is not right: learning_rat" in broken.stderr


def test_list_prints_one_line_a_table_that_starts_with_its_argument(run_cli, data):
    result = run_cli("--list", "--data", data)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0 and len(lines) == 16
    for line in lines:
        assert find_table(line.split()[0]).id == line.split()[0] and line.endswith("]")
    assert next(line for line in lines if line.startswith("001-T1 ")).endswith("[computed]")
    assert next(line for line in lines if line.startswith("001-T5 ")).endswith("[needs RaFD]")


def test_tables_whose_data_need_an_agreement_say_what_to_get(run_cli, tmp_path):
    result = run_cli("001-T5")
    assert result.exit_code == 1 and "needs RaFD" in result.stdout
    assert "https://rafd.socsci.ru.nl" in result.stderr and "--data" in result.stderr
    assert re.search(r"^disgust +100 %", result.stdout, re.M)  # the paper's column is printed all the same
    partly = run_cli("002-T2", "--data", tmp_path)
    assert partly.exit_code == 0 and "whdeng.cn" in partly.stderr and "list_patition_label.txt" in partly.stderr
    assert run_cli("001-T6", "--again").stderr.count("fer2013.csv comes from Kaggle") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("02-T5",), "Did you mean '002-T5'?"),
        (("002-T5", "--form", "long"), "one of short, full, not 'long'"),
        (("002-T5", "--split", "Test"), "PublicTest, PrivateTest, not 'Test'"),
        (("002-T5", "--data", "nowhere"), "no folder nowhere"),
        (("002-T5", "--device", "gpu"), "A device is cpu or cuda, not 'gpu'"),
        (("002-T5", "--start-weights", "nowhere"), "There is no file nowhere"),
        (("--run", "mobilenetv1.ferplus"), "There is no run 'mobilenetv1.ferplus'. Did you mean 'mobilenetv1.ferplus."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run_cli, arguments, message, tmp_path):
    result = run_cli(*arguments)
    assert result.exit_code == 1 and message in result.stderr and result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage(run_cli):
    for arguments in ((), ("--all", "--list"), ("002-T5", "--all"), ("002-T5", "--jobs", 0)):
        assert run_cli(*arguments).exit_code == 2


def test_show_trains_nothing(run_cli, data, tmp_path):
    result = run_cli("003-T3", "--data", data, "--show", "--again")
    assert result.exit_code == 0 and "not run" in result.stdout and list(tmp_path.iterdir()) == []
