"""FERPlus's own folders of PNGs: the same faces and labels as the files that they are made of."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_models.data import DataError, read_parts, understood
from tests.support.fer2013_files import write_files

FOLDERS = {"Training": "FER2013Train", "PublicTest": "FER2013Valid", "PrivateTest": "FER2013Test"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def files(tmp_path) -> Path:
    return write_files(tmp_path / "files", private=12, leaks=(), labels=(0, 1, 5))


def write_folders(files: Path, folder: Path, box: bool = True) -> Path:
    """What FERPlus's script makes of the two files; with the box that its own label.csv have, or without."""
    with open(files / "fer2013.csv") as pixels, open(files / "fer2013new.csv") as votes:
        for face, row in zip(csv.DictReader(pixels), csv.reader(list(votes)[1:]), strict=True):
            place = folder / FOLDERS[face["Usage"]]
            place.mkdir(parents=True, exist_ok=True)
            values = np.array(face["pixels"].split(), np.uint8).reshape(48, 48)
            Image.fromarray(values).save(place / row[1])
            with open(place / "label.csv", "a", newline="") as out:
                csv.writer(out).writerow([row[1], *(["(0, 0, 48, 48)"] if box else []), *row[2:]])
    return folder


@pytest.mark.parametrize("rule", ["ferplus-majority", "ferplus-probability", "ferplus-argmax-8"])
@pytest.mark.parametrize("box", [True, False])
def test_they_are_read_as_the_files_that_they_are_made_of(files, tmp_path, rule, box):
    folder = write_folders(files, tmp_path / "folders", box)
    expected, found = (read_parts(place, rule, keep_leaks=True) for place in (files, folder))
    assert found.names == expected.names == ("Training", "PublicTest", "PrivateTest")
    for one, other in (
        (found.training, expected.training),
        (found.validation, expected.validation),
        (found.test, expected.test),
    ):
        for name in ("images", "labels", "targets"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert "FERPlus's own folders: Training 48, PublicTest 16, PrivateTest 12" in found.dataset
    assert understood(rule, folder) == "FER2013 pictures, FERPlus votes: Training 48, PublicTest 16, PrivateTest 12."


def test_repeated_pictures_are_left_out(files, tmp_path):
    folder = write_folders(files, tmp_path / "folders")
    (folder / "FER2013Train" / "fer0000007.png").write_bytes((folder / "FER2013Test" / "fer0000070.png").read_bytes())
    assert read_parts(folder).leaked_rows_left_out == 1


def test_of_a_picture_that_is_named_twice_the_later_votes_count(files, tmp_path):
    folder = write_folders(files, tmp_path / "folders")
    with open(folder / "FER2013Train" / "label.csv", "a") as out:
        out.write("fer0000000.png,0,0,0,0,0,0,10,0,0,0\n")  # as FERPlus has it of three: one picture, two rows
    training = read_parts(folder, keep_leaks=True).training
    assert len(training) == 48 and training.label_set.labels[training.labels[0]] == "fear"


def test_labels_of_fer2013_are_not_in_them(files, tmp_path):
    folder = write_folders(files, tmp_path / "folders")
    with pytest.raises(DataError, match="do not hold FER2013's labels"):
        read_parts(folder, "fer2013", keep_leaks=True)
    with pytest.raises(DataError, match=r"fer2013\.csv is missing"):
        understood("fer2013", folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fer0000001.png,", "fer0000001.gif,", "FER2013Train/label.csv, line 2: a picture's name"),
        ("fer0000001.png,", "../fer0000001.png,", "line 2: a picture's name"),
        ("fer0000001.png,", "fer9.png,", r"One picture .* FER2013Train/fer9\.png"),
        ('fer0000001.png,"(0, 0, 48, 48)"', 'fer0000001.png,"(0, 0, 40, 48)"', r"line 2: the box is \(0, 0, 40, 48\)"),
        ('fer0000001.png,"(0, 0, 48, 48)",0', 'fer0000001.png,"(0, 0, 48, 48)",x', "line 2: invalid literal"),
        ('fer0000001.png,"(0, 0, 48, 48)",0', 'fer0000001.png,"(0, 0, 48, 48)",-1', "line 2: a number of votes"),
        ('fer0000001.png,"(0, 0, 48, 48)",0,8', "fer0000001.png,8", "line 2: a picture's name"),
    ],
)
def test_label_files_that_are_not_right(files, tmp_path, old, new, message):
    folder = write_folders(files, tmp_path / "folders")
    file = folder / "FER2013Train" / "label.csv"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_parts(folder, keep_leaks=True)
