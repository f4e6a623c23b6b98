"""`ferscope evaluate` as a person meets it: what it prints, writes and stores, and how it fails."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import classification_report, confusion_matrix
from typer.testing import CliRunner

from fer_models.card import Card, Score, TrainingData
from fer_models.checkpoints import read_card, save_checkpoint
from fer_models.classifier import Classifier, load_classifier
from fer_models.cli import app
from fer_models.data import hold_out_tenth, read_fer2013, read_parts, select_faces
from fer_models.evaluation import Report, evaluate, load_predictions, predict_faces
from fer_models.evaluation.seen import what_it_saw
from fer_models.labels import FER2013, FERPLUS
from fer_models.preprocessing import to_source
from fer_models.text import share_text
from fer_models.training.partition import plan, read_for
from fer_models.training.recipe import Recipe
from tests.conftest import make_checkpoint, make_network
from tests.support.fer2013_files import repeat_row, write_files
from tests.support.made_up_data import REPACK_CLASSES, draw, write_class_folders

FERSCOPE = Path(sys.executable).with_name("ferscope")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """FER2013's files with 60 faces in PublicTest, half of them neutral and half happy."""
    return write_files(tmp_path_factory.mktemp("data"), training=4, test=60)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with the checkpoints small.test and other.test, of random weights."""
    make_checkpoint("mobilenetv3_small", tmp_path / "checkpoints", "small.test")
    make_checkpoint("mobilenetv3_cpsca", tmp_path / "checkpoints", "other.test")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return tmp_path / "checkpoints"


@pytest.fixture
def run(folder, data, monkeypatch, tmp_path):
    monkeypatch.setenv("FERSCOPE_DATA", str(data))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_the_table_shows_scikit_learns_figures_cut_off(run):
    result = run("small.test", "--store", "--confusion")
    assert result.exit_code == 0, result.output
    stored = load_predictions("small.test")
    predicted = stored.probabilities.argmax(1)
    report = classification_report(
        stored.labels, predicted, labels=range(8), target_names=stored.names, output_dict=True, zero_division=0
    )
    lines = result.stdout.splitlines()
    assert lines[0] == "small.test on PublicTest: 60 faces labelled by the rule ferplus-majority, one view each"
    assert lines[1].startswith(f"  accuracy  {share_text((stored.labels == predicted).mean())}  (95 % interval ")
    assert lines[2].startswith(f"  macro-F1  {share_text(report['macro avg']['f1-score'])}  (95 % interval ")
    assert re.fullmatch(r"  ECE       0\.\d{4}  \(expected calibration error, 15 bins of equal width\)", lines[3])
    for line, name in zip(lines[5:13], stored.names, strict=True):
        theirs = report[name]
        shown = re.fullmatch(
            r"  (\w+) +(\S+ %|never answered) +(\S+ %) +(no faces|\S+ to \S+ %) +(\S+ %) +(\d+)", line
        ).groups()
        assert shown[0] == name and shown[5] == str(int(theirs["support"]))
        answered = (predicted == stored.names.index(name)).any()
        assert shown[1] == (share_text(theirs["precision"]) if answered else "never answered")
        assert (shown[2], shown[4]) == (share_text(theirs["recall"]), share_text(theirs["f1-score"]))
        assert (shown[3] == "no faces") == (theirs["support"] == 0)
    assert lines[13].startswith("  Intervals: bootstrap over the faces")
    assert lines[15].split() == ["true", "\\", "predicted", *stored.names]
    counts = [list(map(int, line.split()[1:])) for line in lines[16:24]]
    assert counts == confusion_matrix(stored.labels, predicted, labels=range(8)).tolist()


def test_json_holds_everything_and_progress_stays_out_of_it(run, data, folder):
    result = run("small.test", "other.test", "--json", "--out", "scores.json", "--compare")
    assert result.exit_code == 0, result.output
    first, second, last = map(json.loads, result.stdout.splitlines())
    assert (first["checkpoint"], second["checkpoint"]) == ("small.test", "other.test")
    assert "small.test" in result.stderr and "other.test" in result.stderr
    report = Report.model_validate({name: first[name] for name in Report.model_fields})
    assert report.count == 60 and np.sum(report.confusion) == 60
    assert (first["split"], first["label_rule"]) == ("PublicTest", "ferplus-majority")
    assert first["recall"].keys() == {"neutral", "happiness"}  # no face shows another
    assert json.loads(Path("scores.json").read_text()) == {"checkpoints": [first, second], **last}
    table = last["comparison"]
    assert table["both_right"] + table["only_a"] == round(60 * first["accuracy"])
    assert table["both_right"] + table["only_b"] == round(60 * second["accuracy"])
    assert table["count"] == 60 and 0 <= table["p_value"] <= 1
    shown = run("small.test", "other.test", "--compare").stdout
    assert "small.test against other.test on the same 60 faces" in shown and "McNemar's exact test gives p " in shown


def test_stored_predictions_give_exactly_the_evaluated_accuracy(run, folder):
    scored = json.loads(run(folder / "small.test.safetensors", "--store", "--json").stdout)
    stored = load_predictions("small.test")
    assert (stored.probabilities.argmax(1) == stored.labels).mean() == scored["accuracy"]
    assert stored.rows.tolist() == list(range(4, 64))
    assert not list(folder.glob("other.test.*.npz"))


def test_robustness(run):
    result = run("small.test", "--robustness", "--out", "scores.json")
    assert result.exit_code == 0, result.output
    (scored,) = json.loads(Path("scores.json").read_text())["checkpoints"]
    assert len(scored["robustness"]) == 21
    for part in scored["robustness"]:
        assert part["drop"] == pytest.approx(scored["accuracy"] - part["score"]["accuracy"])
        (line,) = [line for line in result.stdout.splitlines() if f"{part['name']}, {part['parameter']} " in line]
        assert f" {share_text(part['score']['accuracy'])} " in line and f" {100 * part['drop']:.1f} " in line


def test_pictures_in_class_folders(run, folder, tmp_path):
    weights = make_checkpoint("mobilenetv3_small", folder, "own.test")
    card = read_card(weights)
    trained_on = TrainingData(dataset="own pictures", label_rule="folder", rows=16)
    save_card(weights, card.model_copy(update={"data": trained_on, "recipe": {"keep_leaks": True}}))
    for part, first in (("train", 0), ("test", 50)):
        write_class_folders(tmp_path / "own" / part, FERPLUS.labels, count=2, first=first)
    arguments = (weights, "--data", tmp_path / "own")
    result = run(*arguments, "--store")
    assert result.exit_code == 0, result.output
    assert "own.test on test: 16 faces labelled by the rule folder, one view each" in result.stdout
    own = "if this is the folder it was trained on: "
    assert f"  note      {own}trained on rows that repeat some of these faces" in result.stdout
    stored = load_predictions("own.test", "test")
    labels = [FERPLUS.index(name) for name in sorted(FERPLUS.labels) for _ in range(2)]  # folder after folder
    drawn = np.stack([to_source(draw(label, 50 + index % 2), 48) for index, label in enumerate(labels)])
    np.testing.assert_allclose(stored.probabilities, predict_faces(load_classifier(weights), drawn), atol=1e-3)
    assert stored.labels.tolist() == labels
    assert f"note      {own}trained on these faces" in run(*arguments, "--split", "train").stdout
    missing = run(*arguments, "--split", "val")
    assert missing.exit_code == 1 and "has the splits test, train, tenth; 'val' is none of them" in missing.stderr


@pytest.fixture
def own(folder, tmp_path) -> Path:
    """The weights own.test; undivided/ holds five pictures of each expression, one of all unreadable."""
    weights = make_checkpoint("mobilenetv3_small", folder, "own.test")
    trained_on = TrainingData(dataset="own pictures", label_rule="folder", rows=35)
    save_card(weights, read_card(weights).model_copy(update={"data": trained_on}))
    write_class_folders(tmp_path / "undivided", FERPLUS.labels, count=5)
    (tmp_path / "undivided" / "fear" / "0.png").write_bytes(b"no picture")
    return weights


def test_pictures_that_are_not_divided(run, own, tmp_path):
    arguments = (own, "--data", tmp_path / "undivided", "--skip-bad")
    every = run(*arguments, "--store")
    assert every.exit_code == 0, every.output
    assert "own.test on all pictures: 39 faces labelled by the rule folder" in every.stdout
    assert "note      if this is the folder it was trained on: trained on nine tenths of these" in every.stdout
    assert "left out, because they cannot be read (1): fear/0.png" in every.stderr
    assert len(load_predictions("own.test", "all").rows) == 39
    stopped = run(*arguments[:-1])
    assert stopped.exit_code == 1 and "0.png" in stopped.stderr and stopped.stdout == ""


def test_the_held_out_tenth_that_a_card_is_scored_on(run, own, tmp_path):
    parts = read_parts(tmp_path / "undivided", "folder", side=48, skip_bad=True)
    planned = plan(parts, Recipe(network="mobilenetv3_small", label_rule="folder"))
    stated = evaluate(
        load_classifier(own), planned.scored, split=planned.scored_name, label_rule="folder", note=planned.note
    )
    save_card(own, read_card(own).model_copy(update={"scores": (stated,)}))
    result = run(own, "--data", tmp_path / "undivided", "--skip-bad", "--split", "tenth", "--json")
    found = json.loads(result.stdout)
    assert found["note"] == f"if this is the folder it was trained on: {planned.note}" and "optimistic" in planned.note
    again = {name: found[name] for name in Score.model_fields} | {"note": planned.note}
    assert Score.model_validate(again) == stated


@pytest.mark.parametrize(
    ("choose_on", "split", "note"),
    [
        ("validation", "tenth", "trained on these faces"),
        ("held-out tenth", "tenth", "the epoch was chosen on this part, so the score is optimistic"),
        ("validation", "Training", "trained on these faces"),
        ("held-out tenth", "Training", "trained on nine tenths of these faces"),
    ],
)
def test_training_rows_of_fer2013(run, folder, tmp_path, choose_on, split, note):
    files = write_files(tmp_path / "three", training=40, test=8, private=8)
    (files / "leaks.csv").unlink()
    repeat_row(files, 44, 7)
    weights = folder / "small.test.safetensors"
    save_card(weights, read_card(weights).model_copy(update={"recipe": {"choose_on": choose_on}}))
    found = json.loads(run("small.test", "--data", files, "--split", split, "--json").stdout)
    training = read_parts(files).training
    assert len(training) == 39
    faces = training if split == "Training" else hold_out_tenth(training)[1]
    assert (found["count"], found["note"]) == (len(faces), note)


def test_a_score_on_a_part_with_a_long_name_keeps_its_note(run, folder, tmp_path):
    for part, count, first in (("train", 3, 0), ("test", 2, 9)):
        write_class_folders(tmp_path / "repack" / part, REPACK_CLASSES, count=count, first=first)
    parts = read_parts(tmp_path / "repack", "fer2013", any_count=True)
    planned = plan(parts, Recipe(network="mobilenetv3_small", label_rule="fer2013"))
    network, card = make_network("mobilenetv3_small", num_classes=7)
    card = card.model_copy(update={"labels": FER2013.labels})
    stated = evaluate(
        Classifier(network, card), planned.scored, split=planned.scored_name, label_rule="fer2013", note=planned.note
    )
    assert stated.split == "test (PublicTest + PrivateTest)"
    assert what_it_saw(card.model_copy(update={"scores": (stated,)}), "test", "fer2013") == planned.note
    assert what_it_saw(card.model_copy(update={"scores": (stated,)}), "test", "raf-db") == ""


def save_card(weights: Path, card: Card) -> None:
    weights.with_suffix(".json").write_text(card.model_dump_json())


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({}, None),
        (
            {"recipe": {"partition": "random-8:2"}},
            "trained on rows drawn from all parts, so it has seen many of these faces",
        ),
        ({"scores": "its own"}, "single view; the epoch was chosen on this part"),
    ],
)
def test_what_makes_a_score_optimistic_is_said(run, folder, changes, note):
    weights = folder / "small.test.safetensors"
    if "scores" in changes:
        known = json.loads(run("small.test", "--json").stdout)
        changes = {"scores": ({name: known[name] for name in Score.model_fields} | {"note": note},)}
    save_card(weights, Card.model_validate(read_card(weights).model_dump() | changes))
    part = ("small.test", "--split", "PublicTest")
    assert json.loads(run(*part, "--json").stdout)["note"] == (note or "")
    lines = run(*part).stdout.splitlines()
    assert [line for line in lines if line.startswith("  note ")] == ([f"  note      {note}"] if note else [])


def test_a_score_on_a_random_partition_is_found_again(run, folder, tmp_path):
    files = write_files(tmp_path / "three", training=60, test=20, private=20)
    recipe = Recipe(network="mobilenetv3_small", partition="random-8:2", seed=3)
    parts = read_for(recipe, files)
    planned, weights = plan(parts, recipe), folder / "small.test.safetensors"
    stated = evaluate(
        load_classifier(weights), planned.scored, split=planned.scored_name, label_rule=recipe.label_rule, note="chosen"
    )
    card = read_card(weights)
    save_card(weights, card.model_copy(update={"recipe": recipe.model_dump(), "seed": 3, "scores": (stated,)}))
    found = json.loads(run("small.test", "--data", files, "--json", "--store").stdout)
    assert Score.model_validate({name: found[name] for name in Score.model_fields}) == stated
    assert np.array_equal(load_predictions("small.test", "random").rows, planned.scored.rows)
    official = json.loads(run("small.test", "--data", files, "--json", "--split", "PublicTest").stdout)
    assert official["count"] == 20 and "drawn from all parts" in official["note"]


def test_two_that_answer_with_other_labels_are_scored_but_not_compared(run, folder):
    network, card = make_network("mobilenetv3_small", num_classes=7)
    trained_on = TrainingData(dataset="FER2013", label_rule="fer2013", rows=4)
    save_checkpoint(
        network, card.model_copy(update={"name": "other.test", "labels": FER2013.labels, "data": trained_on}), folder
    )
    result = run("small.test", "other.test", "--compare", "--out", "scores.json")
    assert result.exit_code == 1 and "cannot be compared: they answer with other labels" in result.stderr
    assert len(json.loads(Path("scores.json").read_text())["checkpoints"]) == 2


def test_one_that_is_broken_does_not_stop_the_others(run, folder):
    (folder / "other.test.safetensors").write_bytes(b"")
    result = run("other.test", "small.test", "--compare", "--out", "scores.json")
    assert result.exit_code == 1
    assert "ferscope: other.test: The weights other.test.safetensors are cut short" in result.stderr
    assert "small.test on PublicTest" in result.stdout and "McNemar" not in result.stdout
    written = json.loads(Path("scores.json").read_text())
    assert [found["checkpoint"] for found in written["checkpoints"]] == ["small.test"] and "comparison" not in written


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("small.test", "--compare"), 2, "exactly two checkpoints"),
        (("--compare",), 2, "exactly two checkpoints"),
        (("small.test", "--out", "nowhere/scores.json"), 1, "There is no folder nowhere for scores.json."),
        (("small.test", "--split", "PrivateTest"), 1, "'PrivateTest' is none of them"),
        (("smal.test",), 1, "Did you mean 'small.test'?"),
    ],
)
def test_what_cannot_be_done(run, folder, arguments, exit_code, message):
    result = run(*arguments)
    assert result.exit_code == exit_code and message in result.stderr and result.stdout == ""
    assert not list(folder.glob("*.npz"))


def test_the_installed_command(folder, data, tmp_path):
    command = [str(FERSCOPE), "evaluate", "small.test", "--data", str(data), "--json"]
    found = json.loads(subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout)
    faces = select_faces(read_fer2013(data), "PublicTest")
    score = evaluate(load_classifier("small.test"), faces, split="PublicTest", label_rule="ferplus-majority")
    assert found["accuracy"] == pytest.approx(score.accuracy) and found["recall"] == pytest.approx(score.recall)
