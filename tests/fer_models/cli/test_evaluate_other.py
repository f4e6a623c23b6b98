"""`ferscope evaluate` on another data set than a checkpoint's: what is compared, what is said, and what is refused."""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score
from typer.testing import CliRunner

from fer_models.card import TrainingData
from fer_models.checkpoints import read_card, save_checkpoint
from fer_models.classifier import load_classifier
from fer_models.cli import app
from fer_models.evaluation.other_answers import list_other, load_other
from fer_models.faces import detect_faces
from fer_models.labels import FER2013, FERPLUS
from tests.conftest import make_checkpoint, make_network
from tests.support.made_up_data import REPACK_CLASSES, draw, save, write_class_folders, write_raf_db

#: Folder names and what they mean; FERPlus has no boredom.
MINE = {"Happy": "happiness", "joyful": "happiness", "sad": "sadness", "Bored": None, "fear": "fear"}
COUNT = 6
NUMBERS = {name: number for number, name in enumerate(MINE)}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command, with the checkpoints small.test and other.test of random weights; nothing is stored yet."""
    make_checkpoint("mobilenetv3_small", tmp_path / "checkpoints", "small.test")
    make_checkpoint("mobilenetv3_cpsca", tmp_path / "checkpoints", "other.test")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("FERSCOPE_EVALUATIONS", str(tmp_path / "evaluations"))
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


@pytest.fixture
def mine(tmp_path) -> Path:
    """Pictures of joy (twelve in two folders), sadness, boredom and fear, six a folder; disgust is empty."""
    write_class_folders(tmp_path / "mine", tuple(MINE), COUNT)
    (tmp_path / "mine" / "disgust").mkdir()
    return tmp_path / "mine"


def answered(checkpoint: str, folders: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """By `predict`, picture by picture: the most probable labels of all, and of those that the folders name."""
    pictures = [draw(NUMBERS[name], number) for name in folders for number in range(COUNT)]
    everything = load_classifier(checkpoint).predict(pictures)
    common = [FERPLUS.index(label) for label in ("happiness", "sadness", "disgust", "fear")]
    return everything.argmax(1), np.array(common)[everything[:, common].argmax(1)]


def test_the_labels_in_common_are_scored_as_scikit_learn_scores_them(run, mine):
    result = run("small.test", "--data", mine, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    kept = [name for name in MINE if MINE[name]]
    true = [FERPLUS.index(MINE[name]) for name in kept for _ in range(COUNT)]
    free, bound = answered("small.test", kept)
    order = [FERPLUS.index(label) for label in ("happiness", "sadness", "disgust", "fear")]
    assert [part["label"] for part in found["classes"]] == ["happiness", "sadness", "disgust", "fear"]
    assert found["count"] == len(true) == 4 * COUNT
    assert found["accuracy"] == pytest.approx(accuracy_score(true, bound))
    macro = f1_score(true, bound, labels=order, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(macro)
    assert found["confusion"] == confusion_matrix(true, bound, labels=order).tolist()
    recalls = recall_score(true, bound, labels=order, average=None, zero_division=0)
    assert [part["recall"] for part in found["classes"]] == pytest.approx(recalls.tolist())
    about = found["another_data_set"]
    assert about["left_out"] == {"Bored": COUNT} and about["count"] == 4 * COUNT
    assert about["never_shown"] == ["neutral", "surprise", "anger", "contempt"]
    assert about["answered_so"] == int((~np.isin(free, order)).sum())


def test_it_is_said_wherever_the_score_is(run, mine, tmp_path):
    shown = run("small.test", "--data", mine, "--confusion", "--out", "scores.json")
    assert shown.exit_code == 0, shown.output
    first = shown.stdout.splitlines()[0]
    assert re.match(r"small\.test on another data set: mine: 24 faces ", first)
    assert "note      another data set than its card's" in shown.stdout
    assert "Labels in common: happiness, sadness, disgust and fear" in shown.stdout
    assert f"{COUNT} of Bored" in shown.stdout and "taken whole" in shown.stdout and "--align" in shown.stdout
    (written,) = json.loads(Path("scores.json").read_text())["checkpoints"]
    assert written["split"] == "another data set: mine" and written["another_data_set"]["name"] == "mine"
    both = run("small.test", "other.test", "--data", mine, "--compare", "--json")
    assert json.loads(both.stdout.splitlines()[-1])["comparison"]["split"] == "another data set: mine"
    assert not list((tmp_path / "checkpoints").glob("*.npz")) and not list_other("small.test")


@pytest.mark.parametrize("layout", ["parts", "lone test", "one folder around", "zip", "none"])
def test_every_layout_of_class_folders(run, tmp_path, layout):
    inside = {"parts": "test", "lone test": "test", "one folder around": "pictures", "zip": "test", "none": ""}[layout]
    write_class_folders(tmp_path / "mine" / inside, ("happy", "sad"), 3)
    if layout in ("parts", "zip"):
        write_class_folders(tmp_path / "mine" / "train", ("happy", "sad", "anger"), 5, first=50)
    place = tmp_path / "mine"
    if layout == "zip":
        place = tmp_path / "mine.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for file in sorted((tmp_path / "mine").rglob("*.png")):
                archive.write(file, file.relative_to(tmp_path / "mine"))
    found = json.loads(run("small.test", "--data", place, "--json").stdout)
    divided = layout in ("parts", "zip")
    assert (found["count"], found["another_data_set"]["part"]) == (6, "test" if divided else "all")
    # The labels are those of the whole data set, whichever part is scored.
    names = ["happiness", "sadness", "anger"] if divided else ["happiness", "sadness"]
    assert [part["label"] for part in found["classes"]] == names
    everything = json.loads(run("small.test", "--data", place, "--json", "--split", "all").stdout)
    assert everything["count"] == (21 if divided else 6)


def test_a_table_of_faces(run, tmp_path):
    rows = ["emotion, pixels, Usage"]
    faces = []
    for number in range(12):
        face = draw(number % 3, number)[..., 0]
        faces.append(np.stack([face] * 3, axis=2))
        usage = "Training" if number < 6 else "PublicTest"
        rows.append(f"{(3, 0, 6)[number % 3]}, {' '.join(map(str, face.ravel()))}, {usage}")
    (tmp_path / "kaggle").mkdir()
    table = tmp_path / "kaggle" / "icml_face_data.csv"
    table.write_text("\n".join(rows))
    for place in (table, table.parent):
        found = json.loads(run("small.test", "--data", place, "--json").stdout)
        assert (found["count"], found["another_data_set"]["part"]) == (6, "PublicTest")
    common = [FERPLUS.index(label) for label in ("neutral", "happiness", "anger")]
    answers = np.array(common)[load_classifier("small.test").predict(faces)[:, common].argmax(1)]
    true = [FERPLUS.index(("happiness", "anger", "neutral")[number % 3]) for number in range(12)]
    everything = json.loads(run("small.test", "--data", table, "--json", "--split", "all").stdout)
    assert everything["accuracy"] == pytest.approx(accuracy_score(true, answers)) and everything["count"] == 12
    without = tmp_path / "faces.csv"
    without.write_text("\n".join(row.rpartition(",")[0] for row in rows))
    assert json.loads(run("small.test", "--data", without, "--json").stdout)["count"] == 12


def test_another_known_data_set(run, tmp_path):
    write_raf_db(tmp_path / "basic", training=7, test=14)
    found = json.loads(run("small.test", "--data", tmp_path / "basic", "--json").stdout)
    assert (found["count"], found["split"]) == (14, "another data set: basic (test)")
    assert "RAF-DB" in found["label_rule"] and found["another_data_set"]["never_shown"] == ["contempt"]


def test_faces_are_looked_for_when_asked(run, tmp_path, astronaut):
    for name in ("happy", "sad"):
        save(astronaut, tmp_path / "photos" / name / "0.png")
    found = {
        option: json.loads(run("small.test", "--data", tmp_path / "photos", "--json", "--store", option).stdout)
        for option in ("--whole", "--align")
    }
    assert found["--align"]["another_data_set"]["aligned"] and not found["--whole"]["another_data_set"]["aligned"]
    crop = load_classifier("small.test").predict([detect_faces(astronaut)[0].crop])[0]
    common = crop[[FERPLUS.index("happiness"), FERPLUS.index("sadness")]]
    stored = load_other("small.test", "photos", "all")
    np.testing.assert_allclose(stored.probabilities[0], common / common.sum(), atol=2e-3)


def test_a_folder_like_fer2013s_repack_is_another_data_set_unless_it_is_said_to_be_a_copy(run, tmp_path):
    network, card = make_network("mobilenetv3_small", num_classes=7)
    trained_on = TrainingData(dataset="FER2013", label_rule="fer2013", rows=4)
    card = card.model_copy(update={"name": "seven.test", "labels": FER2013.labels, "data": trained_on})
    save_checkpoint(network, card, tmp_path / "checkpoints")
    for part in ("train", "test"):
        write_class_folders(tmp_path / "mine" / part, REPACK_CLASSES, 2)
    (tmp_path / "mine" / "train" / "sad" / "9.png").write_bytes((tmp_path / "mine/test/sad/0.png").read_bytes())
    mine = ("seven.test", "--data", tmp_path / "mine", "--json")
    assert "another_data_set" in json.loads(run(*mine).stdout)
    copy = json.loads(run(*mine, "--any-count").stdout)
    assert "another_data_set" not in copy and copy["split"] == "test (PublicTest + PrivateTest)"


def test_a_checkpoint_of_class_folders_on_others(run, tmp_path):
    weights = make_checkpoint("mobilenetv3_small", tmp_path / "checkpoints", "own.test")
    trained_on = TrainingData(dataset="own pictures", label_rule="folder", rows=35)
    card = read_card(weights).model_copy(update={"data": trained_on})
    weights.with_suffix(".json").write_text(card.model_dump_json())
    write_class_folders(tmp_path / "same", FERPLUS.labels, 2)
    write_class_folders(tmp_path / "fewer", FERPLUS.labels[:3], 2)
    write_class_folders(tmp_path / "lone" / "test", FERPLUS.labels, 2)
    other = {
        name: "another_data_set" in json.loads(run("own.test", "--data", tmp_path / name, "--json").stdout)
        for name in ("same", "fewer", "lone")
    }
    assert other == {"same": False, "fewer": True, "lone": True}


def test_robustness_is_of_the_same_labels(run, mine):
    found = json.loads(run("small.test", "--data", mine, "--json", "--robustness").stdout)
    assert len(found["robustness"]) == 21
    for part in found["robustness"]:
        assert part["drop"] == pytest.approx(found["accuracy"] - part["score"]["accuracy"])
        assert set(part["score"]["recall"]) == {"happiness", "sadness", "fear"}
        assert part["score"]["split"] == "another data set: mine"


def test_answers_are_stored_apart_and_found_again(run, mine, tmp_path):
    scored = run("small.test", "--data", mine, "--store", "--json")
    found = json.loads(scored.stdout)
    (stored,) = list_other("small.test")
    assert (stored.name, stored.part, stored.count) == ("mine", "all", 24)
    again = load_other("small.test", stored.name, stored.part)
    assert (again.probabilities.argmax(1) == again.labels).mean() == found["accuracy"]
    assert again.split == found["split"] and again.other.model_dump(mode="json") == found["another_data_set"]
    assert not list((tmp_path / "checkpoints").glob("*.npz")) and not list_other("other.test")
    (file,) = (tmp_path / "evaluations").rglob("*.npz")
    assert str(file) in scored.stderr.replace("\n", "") and str(mine).encode() not in file.read_bytes()


def test_two_folders_of_one_name_are_told_apart_and_none_is_replaced_in_silence(run, mine, tmp_path):
    other = tmp_path / "else" / "mine"
    write_class_folders(other, ("sad", "happy"), COUNT)  # as many pictures of each, but others
    assert "replaced" not in run("small.test", "--data", mine, "--store").stderr
    assert "replaced" not in run("small.test", "--data", mine, "--store").stderr
    run("small.test", "--data", other, "--store", "--called", "the other one")
    assert [stored.name for stored in list_other("small.test")] == ["mine", "the other one"]
    assert "also called mine" in run("small.test", "--data", other, "--store").stderr


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("bored", "awake"), "None is in common"),
        (("happy",), "Only happiness is in common"),
        (("happy", "bored"), "Only happiness is in common"),
        ((), "no class folders with pictures"),
    ],
)
def test_nothing_to_compare(run, tmp_path, classes, message):
    (tmp_path / "mine").mkdir()
    write_class_folders(tmp_path / "mine", classes, 2)
    result = run("small.test", "--data", tmp_path / "mine", "--store")
    assert result.exit_code == 1 and message in result.stderr and result.stdout == ""
    assert "fer2013.csv is missing" in result.stderr  # what was looked for first
    assert not (tmp_path / "evaluations").exists()


def test_pictures_that_cannot_be_read(run, mine):
    for name in ("0.png", "1.png"):
        (mine / "fear" / name).write_bytes(b"no picture")
    stopped = run("small.test", "--data", mine)
    assert stopped.exit_code == 1 and "0.png" in stopped.stderr and "--skip-bad" in stopped.stderr
    found = json.loads(run("small.test", "--data", mine, "--skip-bad", "--json").stdout)
    assert found["count"] == 22 and found["another_data_set"]["unreadable"] == 2
    for file in mine.rglob("*.png"):
        file.write_bytes(b"no picture")
    nothing = run("small.test", "--data", mine, "--skip-bad")
    assert nothing.exit_code == 1 and "no picture of happiness" in nothing.stderr


def test_folders_may_be_told_what_they_mean(run, tmp_path):
    write_class_folders(tmp_path / "mine", ("hapy", "sad", "3"), 2)
    arguments = ("small.test", "--data", tmp_path / "mine")
    alone = run(*arguments)
    assert alone.exit_code == 1 and "Only sadness is in common" in alone.stderr
    assert "hapy: did you mean happiness? --labels hapy=happiness" in alone.stderr
    told = run(*arguments, "--labels", "hapy=happiness,3=fear", "--json")
    labels = [part["label"] for part in json.loads(told.stdout)["classes"]]
    assert labels == ["happiness", "sadness", "fear"]
    partly = run(*arguments, "--labels", "3=fear", "--json")
    assert json.loads(partly.stdout)["another_data_set"]["left_out"] == {"hapy": 2}
    assert "did you mean happiness?" in partly.stderr
    wrong = run(*arguments, "--labels", "laughing=happiness")
    assert wrong.exit_code == 1 and "no class folder 'laughing'" in wrong.stderr


def test_a_part_that_is_not_there(run, mine):
    result = run("small.test", "--data", mine, "--split", "PrivateTest")
    assert result.exit_code == 1 and "'PrivateTest' is none of them" in result.stderr


@pytest.mark.parametrize("place", ["..", ".", "a = b. c/test", "x" * 200, "../mine", "Gesichter für mich"])
def test_whatever_a_folder_is_called_its_answers_stay_where_they_belong(run, tmp_path, monkeypatch, place):
    work = tmp_path / "some" / "work"
    work.mkdir(parents=True)
    write_class_folders((work / place).resolve(), ("happy", "sad"), 1)
    monkeypatch.chdir(work)
    result = run("small.test", "--data", place, "--store", "--json")
    assert result.exit_code == 0, result.output
    (stored,) = list_other("small.test")
    assert load_other("small.test", stored.name, stored.part).split == json.loads(result.stdout)["split"]
    (file,) = (tmp_path / "evaluations").rglob("*.npz")
    assert file.parent.parent == tmp_path / "evaluations"
