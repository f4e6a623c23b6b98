"""`ferscope reproduce`: tables from data to print and store, single runs, and what cannot be done."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fer_models.cli import app
from fer_models.reproduction import engine
from fer_models.reproduction import result as result_module
from fer_models.reproduction.catalogue import find_table
from fer_models.reproduction.result import read_result, write_result
from fer_models.reproduction.runs import Run, runs
from fer_models.training.recipe import Recipe, Stage
from tests.support.fer2013_files import write_files
from tests.support.reproduction_results import made_up


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_files(tmp_path_factory.mktemp("fer2013"), training=64, test=24)


@pytest.fixture
def run_cli(monkeypatch, tmp_path):
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["reproduce", *map(str, arguments)])


def test_a_result_on_a_sample_is_not_stored(run_cli, tmp_path, monkeypatch):
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
    run = Run(Recipe(network="mobilenetv3_small", stages=(Stage(side=48, epochs=1),), batch_size=16))
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
