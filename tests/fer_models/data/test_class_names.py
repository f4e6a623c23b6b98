"""What the names of class folders mean, and what they are said to mean."""

from pathlib import Path

import numpy as np
import pytest

from fer_models.data import DataError, likely_label, read_labels, read_parts, understood
from fer_models.labels import FER2013, FERPLUS, RAF_DB
from tests.support.made_up_data import REPACK_CLASSES, write_class_folders

#: RAF-DB's readme: 1 surprise, 2 fear, 3 disgust, 4 happiness, 5 sadness, 6 anger, 7 neutral.
RAF_NUMBERS = dict(
    zip("1234567", ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"), strict=True)
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def misspelt(tmp_path) -> Path:
    """FER2013's seven, one of them misspelt."""
    return write_class_folders(tmp_path / "mine", (*REPACK_CLASSES[:-1], "suprise"))


def test_a_misspelt_folder_is_offered_the_nearest_label_and_not_taken_for_it(misspelt):
    parts = read_parts(misspelt, "folder")
    assert "suprise" in parts.training.label_set.labels and "surprise" not in parts.training.label_set.labels
    assert "suprise: did you mean surprise? `labels` suprise=surprise" in parts.understood


def test_several_names_are_offered_as_one_option(tmp_path):
    write_class_folders(tmp_path / "mine", ("Wut", "Freude", "bored"), count=1)
    said = understood("folder", tmp_path / "mine")
    assert "Freude, Wut: did you mean happiness, anger? `labels` Freude=happiness,Wut=anger." in said
    labels = read_labels(said.rstrip(".").rpartition(" ")[2])
    assert read_parts(tmp_path / "mine", "folder", labels=labels).training.label_set.labels == (
        "happiness",
        "anger",
        "bored",
    )


def test_a_folder_is_read_as_it_was_told(misspelt):
    parts = read_parts(misspelt, "folder", labels={"SUPRISE": "Surprised"})
    assert parts.training.label_set is FER2013
    files = sorted(misspelt.rglob("*.png"))
    shown = [FER2013.labels[label] for label in parts.training.labels]
    assert [name for name, file in zip(shown, files, strict=True) if file.parent.name == "suprise"] == ["surprise"] * 3
    assert "suprise as surprise" in parts.understood and "suprise as surprise" in parts.dataset
    assert "did you mean" not in parts.understood


def test_folders_that_are_told_one_label_are_one_class(tmp_path):
    write_class_folders(tmp_path / "mine", ("happy", "grin", "sad", "down", "bored", "tired"), count=2)
    parts = read_parts(tmp_path / "mine", "folder", labels={"grin": "happiness", "down": "sad", "tired": "bored"})
    assert parts.training.label_set.labels == ("happiness", "sadness", "bored")
    assert np.bincount(parts.training.labels).tolist() == [4, 4, 4]


def test_a_folder_may_be_told_to_mean_what_another_was_told(tmp_path):
    write_class_folders(tmp_path / "mine", ("happy", "a", "b"), count=2)
    parts = read_parts(tmp_path / "mine", "folder", labels={"a": "b", "b": "fear"})
    assert parts.training.label_set.labels == ("happiness", "fear")
    assert np.bincount(parts.training.labels).tolist() == [2, 4]


def test_numbers_of_a_data_set_by_its_name(tmp_path):
    for part, first in (("train", 0), ("test", 9)):
        write_class_folders(tmp_path / "raf" / part, tuple(RAF_NUMBERS), count=2, first=first)
    assert read_labels("raf-db") == RAF_NUMBERS
    assert "`labels` raf-db" in understood("folder", tmp_path / "raf")
    parts = read_parts(tmp_path / "raf", "folder", labels=read_labels("RAF-DB"))
    names = [parts.test.label_set.labels[label] for label in parts.test.labels]
    assert names == [label for label in RAF_NUMBERS.values() for _ in range(2)]


def test_numbers_of_fer2013_and_affectnet():
    assert list(read_labels("fer2013").values()) == list(FER2013.labels)
    # Mollahosseini et al. 2017, table 3 and the readme: 0 neutral, 1 happy, 2 sad, 3 surprise, 4 fear, 5 disgust ...
    affectnet = read_labels("affectnet")
    assert [affectnet[str(number)] for number in range(8)] == [
        "neutral",
        "happiness",
        "sadness",
        "surprise",
        "fear",
        "disgust",
        "anger",
        "contempt",
    ]


def test_labels_as_a_text():
    assert read_labels("a = fear, b=c=anger,") == {"a": "fear", "b=c": "anger"}
    assert read_labels("raf-db,1=fear")["1"] == "fear" and read_labels("") == {}
    for wrong in ("suprise", "a=", "=fear", "raf"):
        with pytest.raises(DataError, match=rf"FOLDER=LABEL.*not '{wrong}'"):
            read_labels(wrong)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"suprise": "surprize"}, r"suprise=surprize: surprize is no expression .*Did you mean surprise\?"),
        ({"suprise": "xyz"}, r"suprise=xyz: xyz is no expression .*Expressions are neutral, "),
        ({"surpise": "surprise"}, r"has no class folder 'surpise' .*there are .*suprise"),
    ],
)
def test_labels_that_cannot_be_meant(misspelt, labels, message):
    with pytest.raises(DataError, match=message):
        read_parts(misspelt, "folder", labels=labels)


def test_labels_are_for_class_folders_of_one_s_own(tmp_path):
    write_class_folders(tmp_path / "repack" / "train", REPACK_CLASSES)
    write_class_folders(tmp_path / "repack" / "test", REPACK_CLASSES)
    with pytest.raises(DataError, match="class folders of one's own"):
        read_parts(tmp_path / "repack", "fer2013", any_count=True, labels={"happy": "sadness"})


def test_a_part_s_misspelt_folder_is_named_with_what_it_may_mean(tmp_path):
    write_class_folders(tmp_path / "mine" / "train", ("happy", "surprise"))
    write_class_folders(tmp_path / "mine" / "test", ("suprise",))
    with pytest.raises(DataError, match=r"has pictures of suprise, .* none\. Suprise: did you mean surprise\?"):
        read_parts(tmp_path / "mine", "folder")
    parts = read_parts(tmp_path / "mine", "folder", labels={"suprise": "surprise"})
    assert [parts.test.label_set.labels[label] for label in parts.test.labels] == ["surprise"] * 3


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Suprise", "surprise"),
        ("disguest", "disgust"),
        ("contemp", "contempt"),
        ("unhappy", "sadness"),  # nearest in letters to its opposite
        ("Wut", "anger"),
        ("TRISTE", "sadness"),
        ("überrascht", "surprise"),
        ("bored", None),
        ("1", None),
    ],
)
def test_what_a_name_is_likely_to_mean(name, label):
    assert likely_label(name) == label
    assert label is None or label in FERPLUS.labels


def test_raf_db_s_numbers_are_its_label_set():
    assert tuple(RAF_NUMBERS.values()) == RAF_DB.labels
