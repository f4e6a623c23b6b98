"""FER2013's repack, RAF-DB and RaFD: small made-up data in each layout."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from fer_models.data import DataError, read_parts
from fer_models.faces import detect_faces, whole_picture
from fer_models.images import open_image
from fer_models.labels import FER2013, RAF_DB, RAFD
from fer_models.preprocessing import to_source
from tests.support.made_up_data import (
    RAFD_SPELLINGS,
    REPACK_CLASSES,
    save,
    write_class_folders,
    write_raf_db,
    write_rafd,
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FERSCOPE_YUNET", raising=False)


def grey(picture: np.ndarray, side: int) -> np.ndarray:
    return to_source(picture, side)


# --- FER2013 as folders -----------------------------------------------------------------------------------------------


@pytest.fixture
def repack(tmp_path) -> Path:
    write_class_folders(tmp_path / "repack" / "train", REPACK_CLASSES, count=3)
    return write_class_folders(tmp_path / "repack" / "test", REPACK_CLASSES, count=2, first=7).parent


def test_the_repack(repack):
    shutil.copy(repack / "test/fear/8.png", repack / "train/fear/8.png")
    parts = read_parts(repack, "fer2013", any_count=True)
    assert parts.names == ("train", None, "test (PublicTest + PrivateTest)")
    assert (
        parts.dataset.startswith("FER2013 (image-folder repack) (other numbers of faces than are official: train ")
        and parts.validation is None
    )
    assert (len(parts.training), len(parts.test), parts.leaked_rows_left_out) == (21, 14, 1)
    assert parts.training.label_set is FER2013 and parts.training.images.shape[1:] == (48, 48)
    np.testing.assert_array_equal(parts.test.images[3], grey(open_image(repack / "test/disgust/8.png"), 48))
    with pytest.raises(DataError, match="train 22 instead of 28,709"):
        read_parts(repack, "fer2013")


def test_a_repack_without_all_of_it(repack):
    with pytest.raises(DataError, match=r"fer2013\.csv is missing .* FERPlus's votes"):
        read_parts(repack, "ferplus-majority")
    shutil.move(repack / "test" / "disgust", repack.parent / "disgust")
    with pytest.raises(DataError, match="is not FER2013 in folders"):
        read_parts(repack, "fer2013", any_count=True)
    shutil.move(repack.parent / "disgust", repack / "test" / "disgust")
    shutil.rmtree(repack / "train" / "disgust")
    with pytest.raises(DataError, match=r"has pictures of disgust, .* none"):
        read_parts(repack, "fer2013")
    shutil.rmtree(repack / "test" / "disgust")
    with pytest.raises(DataError, match="is not FER2013 in folders"):
        read_parts(repack, "fer2013")
    shutil.rmtree(repack / "train")
    with pytest.raises(DataError, match="no folder train"):
        read_parts(repack, "fer2013")


# --- RAF-DB -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".", "..", "Image", "Image/aligned"])
def test_raf_db(tmp_path, place):
    basic = write_raf_db(tmp_path / "outer" / "basic")
    if place == "Image/aligned":  # the list above the pictures, as some copies have it
        shutil.move(basic / "EmoLabel" / "list_patition_label.txt", basic)
    parts = read_parts(basic / place, "raf-db", any_count=True)
    assert parts.names == ("train", None, "test") and parts.dataset.startswith("RAF-DB (other numbers of faces")
    assert parts.training.label_set is RAF_DB and parts.training.images.shape == (21, 100, 100)
    assert parts.training.labels.tolist() == list(range(7)) * 3
    assert parts.test.rows.tolist() == list(range(21, 35))
    picture = open_image(basic / "Image/aligned/train_00004_aligned.jpg")
    np.testing.assert_array_equal(parts.training.images[4], grey(picture, 100))


def test_raf_db_s_counts_and_leaks(tmp_path):
    basic = write_raf_db(tmp_path / "basic")
    with pytest.raises(DataError, match="train 21 instead of 12,271"):
        read_parts(basic, "raf-db")
    aligned = basic / "Image" / "aligned"
    shutil.copy(aligned / "test_00002_aligned.jpg", aligned / "train_00009_aligned.jpg")
    parts = read_parts(basic, "raf-db", any_count=True)
    assert parts.leaked_rows_left_out == 1 and 9 not in parts.training.rows
    assert len(parts.test) == 14


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("train_00003.jpg 4", "train_00003.jpg 8", r"list_patition_label\.txt, line 4: the label is 1 to 7, not '8'"),
        ("train_00003.jpg 4", "train_00003.jpg", "line 4: the label is 1 to 7, not ''"),
        ("train_00003.jpg 4", "other_00003.jpg 4", "line 4: 'train_00001.jpg 5' is the form"),
        ("train_00003.jpg 4", "train_/../../x.jpg 4", "line 4: 'train_00001.jpg 5' is the form"),
        ("train_00003.jpg 4", "train_00002.jpg 4", "names a picture twice"),
        ("train_00003.jpg 4", "train_99999.jpg 4", r"One picture .* train_99999_aligned\.jpg: .*cannot be read"),
    ],
)
def test_raf_db_s_list(tmp_path, old, new, message):
    file = write_raf_db(tmp_path / "basic") / "EmoLabel" / "list_patition_label.txt"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_parts(tmp_path / "basic", "raf-db", any_count=True)


def test_raf_db_s_missing_files(tmp_path):
    basic = write_raf_db(tmp_path / "basic")
    (basic / "EmoLabel" / "list_patition_label.txt").rename(tmp_path / "aside")
    with pytest.raises(DataError, match=r"list_patition_label\.txt \(RAF-DB's labels\) is missing"):
        read_parts(basic, "raf-db")
    (tmp_path / "aside").rename(basic / "EmoLabel" / "list_patition_label.txt")
    shutil.rmtree(basic / "Image")
    with pytest.raises(DataError, match=r"train_00001_aligned\.jpg \.\.\.\) are missing"):
        read_parts(basic, "raf-db")


@pytest.mark.parametrize("outer", [".", "DATASET"])
def test_raf_db_in_numbered_folders(tmp_path, outer):
    basic = write_raf_db(tmp_path / "basic")
    for line in (basic / "EmoLabel" / "list_patition_label.txt").read_text().splitlines():
        name, number = line.split()
        picture = basic / "Image" / "aligned" / f"{name.removesuffix('.jpg')}_aligned.jpg"
        target = tmp_path / "copy" / outer / name.partition("_")[0] / number / picture.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, target)
    (tmp_path / "copy" / "train_labels.csv").write_text("x")
    official, copy = (read_parts(place, "raf-db", any_count=True) for place in (basic, tmp_path / "copy"))
    assert copy.training.label_set is RAF_DB and copy.names == official.names and copy.dataset == official.dataset
    for one, other in ((copy.training, official.training), (copy.test, official.test)):
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_array_equal(one.images, other.images)
    with pytest.raises(DataError, match="train 21 instead of 12,271"):
        read_parts(tmp_path / "copy", "raf-db")
    for part in ("train", "test"):
        shutil.rmtree(tmp_path / "copy" / outer / part / "7")
    with pytest.raises(DataError, match="is not RAF-DB in folders"):
        read_parts(tmp_path / "copy", "raf-db", any_count=True)


# --- RaFD -------------------------------------------------------------------------------------------------------------


def test_rafd_by_people(tmp_path):
    folder = write_rafd(tmp_path / "rafd")  # people 2, 4, ... 20: every fifth is 10 and 20
    parts = read_parts(folder, "rafd", any_count=True, align=False)
    assert parts.training.label_set is RAFD and parts.training.images.shape == (64, 112, 112)
    assert parts.names == ("four fifths of the people", None, "a fifth of the people, none of them in training")
    names = sorted(file.name for file in folder.iterdir())
    people = {
        part: {names[row][8:10] for row in faces.rows}
        for part, faces in (("train", parts.training), ("test", parts.test))
    }
    assert people["test"] == {"10", "20"} and not people["train"] & people["test"]
    for faces in (parts.training, parts.test):
        spelt = [names[row].split("_")[4] for row in faces.rows]
        assert [RAFD_SPELLINGS[label] for label in faces.labels] == spelt
    first = whole_picture(open_image(folder / names[parts.test.rows[0]])).crop
    np.testing.assert_array_equal(parts.test.images[0], grey(first, 112))


def test_rafd_finds_faces_by_default(tmp_path, astronaut):
    folder = write_rafd(tmp_path / "rafd", people=5)
    photo = save(astronaut, folder / "more" / "Rafd045_08_Caucasian_female_happy_left.jpg")
    parts = read_parts(folder, "rafd", any_count=True)
    assert parts.dataset.endswith("(no face found in 40 of 41 pictures, taken whole)")
    row = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.jpg")).index(str(photo.relative_to(folder)))
    expected = grey(detect_faces(open_image(photo))[0].crop, 112)
    np.testing.assert_array_equal(parts.training.images[parts.training.rows == row][0], expected)


def test_rafd_s_bad_input(tmp_path):
    folder = write_rafd(tmp_path / "rafd", people=5)
    with pytest.raises(DataError, match="all 40 instead of 8,040"):
        read_parts(folder, "rafd")
    name = "Rafd090_02_Caucasian_male_angry_frontal.jpg"
    os.makedirs(folder / "copy")
    shutil.copy(next(folder.glob("Rafd090_02*angry*")), folder / "copy" / name)
    with pytest.raises(DataError, match="are the same picture"):
        read_parts(folder, "rafd", any_count=True)
    (folder / "copy" / name).rename(folder / "copy" / name.replace("angry", "bored"))
    with pytest.raises(DataError, match=r"Rafd090_02_Caucasian_male_bored_frontal\.jpg is not named like"):
        read_parts(folder, "rafd", any_count=True)
    (folder / "copy" / name.replace("angry", "bored")).rename(folder / "copy" / name.replace("090", "091"))
    with pytest.raises(DataError, match="is not named like"):
        read_parts(folder, "rafd", any_count=True)
    with pytest.raises(DataError, match=r"RaFD's pictures .* are missing"):
        read_parts(write_class_folders(tmp_path / "other", ("happy", "sad")), "rafd")
