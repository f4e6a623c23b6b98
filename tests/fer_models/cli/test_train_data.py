"""What `ferscope train` and `evaluate` say of their data: what is understood, and copies of other sizes."""

import json
import zipfile

import pytest
from typer.testing import CliRunner

from fer_models.card import Card
from fer_models.checkpoints import read_card, save_checkpoint
from fer_models.cli import app
from fer_models.labels import FERPLUS
from fer_models.networks import create_network
from fer_models.preprocessing import Preprocessing
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import draw, save, write_class_folders


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_data_are_explained_without_training(run, tmp_path):
    write_class_folders(tmp_path / "mine" / "train", ("Happy", "angry", "bored"))
    write_class_folders(tmp_path / "mine" / "test", ("happy",), count=2, first=9)
    (tmp_path / "mine" / "README.md").write_text("mine")
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for file in sorted((tmp_path / "mine").rglob("*.*")):
            archive.write(file, file.relative_to(tmp_path))
    said = "11 pictures (train + test): happiness 3 + 2, anger 3 + 0, bored 3 + 0; ignored: "
    for place, ignored in (("mine", "README.md.\n"), ("mine.zip", "mine/README.md.\n")):
        result = run("train", "fer_cnn", "--label-rule", "folder", "--data", place, "--explain-data")
        assert (result.exit_code, result.stdout) == (0, said + ignored)
    write_files(tmp_path / "fer", training=8, test=4)
    result = run("train", "fer_cnn", "--data", "fer", "--explain-data")
    assert result.stdout == "FER2013 pictures, FERPlus votes: Training 8, PublicTest 4.\n"
    result = run("train", "fer_cnn", "--label-rule", "folder", "--data", "mine/test", "--explain-data")
    assert result.exit_code == 1 and "no two class folders" in result.stderr
    assert not (tmp_path / "runs").exists() and not (tmp_path / "cache" / "own").exists()


def test_copies_with_other_numbers_of_faces_go_on_when_asked_to_and_the_card_says_so(run, tmp_path):
    write_files(tmp_path / "fer", training=1_000, test=8)
    recipe = {
        "network": "mobilenetv3_small",
        "stages": [{"side": 48, "epochs": 1}],
        "batch_size": 500,
        "label_rule": "fer2013",
    }
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    training = (
        "train",
        "mobilenetv3_small",
        "--data",
        "fer",
        "--recipe",
        "recipe.json",
        "--out",
        "out",
        "--device",
        "cpu",
    )
    refused = run(*training)
    assert refused.exit_code == 1 and "Training 1,000 instead of 28,709" in refused.stderr
    assert "--any-count" in refused.stderr
    result = run(*training, "--any-count")
    assert result.exit_code == 0, result.output
    card = read_card(tmp_path / "out" / "mobilenetv3_small.fer2013.safetensors")
    assert "Training 1,000 instead of 28,709, PublicTest 8 instead of 3,589" in card.data.dataset


def test_a_copy_with_other_numbers_of_faces_is_scored_when_asked_to(run, tmp_path):
    write_files(tmp_path / "fer", training=1_000, test=8)
    card = Card(
        name="small",
        network="fer_cnn",
        labels=FERPLUS.labels,
        preprocessing=Preprocessing(input_side=48),
        licence="none",
    )
    save_checkpoint(create_network("fer_cnn", 8), card, tmp_path)
    scoring = ("evaluate", tmp_path / "small.safetensors", "--data", "fer", "--split", "PublicTest", "--json")
    assert "--any-count" in run(*scoring).stderr
    assert json.loads(run(*scoring, "--any-count").stdout)["count"] == 8


def test_pictures_are_read_at_the_side_that_the_start_has_learnt_from(run, tmp_path):
    write_class_folders(tmp_path / "mine", ("happy", "sad"), count=4)
    card = Card(
        name="start",
        network="mobilenetv3_small",
        labels=FERPLUS.labels,
        preprocessing=Preprocessing(source_side=40, input_side=48),
        licence="none",
    )
    start = save_checkpoint(create_network("mobilenetv3_small", 8), card, tmp_path)
    recipe = {"stages": [{"side": 48, "epochs": 1}], "batch_size": 4, "label_rule": "folder"}
    sides = []
    for begun in ({"start": str(start)}, {}):
        (tmp_path / "recipe.json").write_text(json.dumps(recipe | begun))
        words = ("--data", "mine", "--recipe", "recipe.json", "--out", f"out{len(sides)}", "--device", "cpu")
        result = run("train", "mobilenetv3_small", *words)
        assert result.exit_code == 0, result.output
        made = tmp_path / f"out{len(sides)}" / "mobilenetv3_small.own.safetensors"
        sides.append(read_card(made).preprocessing.source_side)
    assert sides == [40, 112]


def test_what_folders_mean_is_said_and_kept_on_the_card(run, tmp_path):
    write_class_folders(tmp_path / "mine", ("happy", "suprise"), count=8)
    words = ("train", "mobilenetv3_small", "--label-rule", "folder", "--data", "mine")
    result = run(*words, "--explain-data")
    assert "suprise: did you mean surprise? --labels suprise=surprise" in result.stdout
    refused = run(*words, "--explain-data", "--labels", "surpise=surprise")
    assert refused.exit_code == 1 and "no class folder 'surpise' for --labels" in refused.stderr
    more = ("--labels", "suprise=surprise", "--stage", "48:1", "--out", "out", "--device", "cpu")
    result = run(*words, *more)
    assert result.exit_code == 0 and "suprise as surprise" in result.stdout, result.output
    made = tmp_path / "out" / "mobilenetv3_small.own.safetensors"
    card = read_card(made)
    assert card.labels == ("happiness", "surprise")
    assert "suprise as surprise" in card.data.dataset and card.recipe["labels"] == {"suprise": "surprise"}
    scored = run("evaluate", made, "--data", "mine", "--split", "all", "--json")  # reads the folders as the card says
    assert json.loads(scored.stdout)["count"] == 16, scored.output


def test_a_pattern_that_finds_people_is_kept_on_the_card(run, tmp_path):
    for label, name in enumerate(("happy", "sad")):
        for number in range(24):
            save(draw(label, number), tmp_path / "mine" / name / f"{number % 6}of{number}.png")
    words = ("train", "mobilenetv3_small", "--label-rule", "folder", "--data", "mine", "--device", "cpu")
    refused = run(*words, "--group", "(")
    assert refused.exit_code == 1 and "--group is a regular expression" in refused.stderr
    result = run(*words, "--group", r"(\d)of", "--stage", "48:1", "--out", "out")
    assert result.exit_code == 0, result.output
    made = tmp_path / "out" / "mobilenetv3_small.own.safetensors"
    card = read_card(made)
    assert card.recipe["group"] == r"(\d)of" and r"6 people or sequences by the pattern (\d)of" in card.data.dataset
    assert card.scores[0].count == 16  # two of them, whole
    scored = run("evaluate", made, "--data", "mine", "--split", "tenth", "--json")
    assert json.loads(scored.stdout)["accuracy"] == pytest.approx(card.scores[0].accuracy)
