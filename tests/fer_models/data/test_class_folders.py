"""Class folders: small made-up data."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from fer_models.data import DataError, hold_out_tenth, read_parts
from fer_models.faces import detect_faces, whole_picture
from fer_models.images import open_image
from fer_models.labels import FER2013, FERPLUS
from fer_models.preprocessing import to_source
from tests.support.made_up_data import REPACK_CLASSES, draw, save, write_class_folders


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FERSCOPE_YUNET", raising=False)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three classes, none of them named as a label set spells it, without parts."""
    return write_class_folders(tmp_path / "mine", ("surprised", "Happy", "sad"))


def grey(picture: np.ndarray, side: int) -> np.ndarray:
    return to_source(picture, side)


def test_class_folders_without_parts(folder):
    parts = read_parts(folder, "folder")
    assert parts.names == ("all pictures", None, None) and parts.validation is None and parts.test is None
    assert parts.leaked_rows_left_out is None and parts.skipped == ()
    faces = parts.training
    assert faces.label_set.labels == ("happiness", "surprise", "sadness")  # in FERPlus's order
    assert faces.images.shape == (9, 112, 112) and faces.rows.tolist() == list(range(9))
    for index, name in enumerate(("Happy", "sad", "surprised")):  # the folders' own order
        label = faces.label_set.index({"Happy": "happiness", "sad": "sadness", "surprised": "surprise"}[name])
        assert faces.labels[3 * index : 3 * index + 3].tolist() == [label] * 3
        for number in range(3):
            expected = grey(open_image(folder / name / f"{number}.png"), 112)
            np.testing.assert_array_equal(faces.images[3 * index + number], expected)
    np.testing.assert_array_equal(faces.targets.argmax(1), faces.labels)


def test_parts_of_class_folders(tmp_path):
    for first, part in ((0, "Training"), (3, "valid"), (5, "test")):
        write_class_folders(tmp_path / "set" / part, REPACK_CLASSES, count=2, first=first)
    shutil.copy(tmp_path / "set/valid/happy/3.png", tmp_path / "set/Training/sad/copy.png")
    shutil.copy(tmp_path / "set/test/happy/6.png", tmp_path / "set/Training/happy/copy.png")
    (tmp_path / "set/Training/.DS_Store").write_text("x")
    (tmp_path / "set/test/happy/Thumbs.db").write_text("x")
    parts = read_parts(tmp_path / "set", "folder")
    assert parts.names == ("train", "val", "test")
    assert (len(parts.training), len(parts.validation), len(parts.test)) == (14, 14, 14)
    assert parts.leaked_rows_left_out == 2
    assert parts.training.label_set is FER2013 and set(parts.test.labels.tolist()) == set(range(7))
    kept = read_parts(tmp_path / "set", "folder", keep_leaks=True)
    assert len(kept.training) == 16 and kept.leaked_rows_left_out is None


def test_label_sets_of_class_folders(tmp_path):
    eight = write_class_folders(tmp_path / "eight", (*REPACK_CLASSES, "contempt"), count=1)
    assert read_parts(eight, "folder").training.label_set is FERPLUS
    own = write_class_folders(tmp_path / "own", ("happy", "bored", "asleep"), count=1)
    faces = read_parts(own, "folder").training  # names that are no expression do not take the others' meaning
    assert faces.label_set.labels == ("happiness", "asleep", "bored") and faces.labels.tolist() == [1, 2, 0]


def test_a_folder_around_everything(tmp_path):
    write_class_folders(tmp_path / "outer" / "inner" / "train", ("happy", "sad"))
    assert len(read_parts(tmp_path / "outer", "folder").training) == 6


def test_parts_need_not_have_the_same_folders(tmp_path):
    write_class_folders(tmp_path / "set" / "train", ("Angry", "happiness", "FEAR"))
    write_class_folders(tmp_path / "set" / "Dev", ("angry",), first=10)
    write_class_folders(tmp_path / "set" / "test", ("anger", "Happy"), first=20)
    (tmp_path / "set" / "test" / "fearful").mkdir()  # empty
    parts = read_parts(tmp_path / "set", "folder")
    assert parts.names == ("train", "val", "test") and parts.training.label_set.labels == ("happiness", "anger", "fear")
    assert np.bincount(parts.training.labels).tolist() == [3, 3, 3]
    assert parts.validation.labels.tolist() == [1] * 3
    assert sorted(parts.test.labels.tolist()) == [0] * 3 + [1] * 3
    assert parts.understood == "18 pictures (train + val + test): happiness 3 + 0 + 3, anger 3 + 3 + 3, fear 3 + 0 + 0."


def test_own_labels_of_another_case(tmp_path):
    write_class_folders(tmp_path / "set" / "train", ("Bored", "happy"))
    write_class_folders(tmp_path / "set" / "eval", ("bored",), first=3, count=2)
    parts = read_parts(tmp_path / "set", "folder")
    assert [parts.test.label_set.labels[label] for label in parts.test.labels] == ["Bored", "Bored"]


@pytest.mark.parametrize("layout", ["{label}/{person}", "{person}/{label}"])
def test_folders_of_people_are_kept_together(tmp_path, layout):
    for number, person in enumerate(("subject1", "S2", "x")):
        for label in ("happy", "sad"):
            name = layout.format(label=label, person=person)
            write_class_folders((tmp_path / "set" / name).parent, (Path(name).name,), count=4, first=8 * number)
    parts = read_parts(tmp_path / "set", "folder")
    faces = parts.training
    assert len(faces) == 24 and faces.label_set.labels == ("happiness", "sadness")
    files = sorted((tmp_path / "set").rglob("*.png"))
    named = [next(part for part in file.parts if part in ("subject1", "S2", "x")) for file in files]
    of = dict(zip(map(str, files), named, strict=True))
    assert len(set(faces.people.tolist())) == 3
    by_number: dict[int, set[str]] = {}
    for image, number in zip(faces.images, faces.people.tolist(), strict=True):
        same = [of[str(file)] for file in files if np.array_equal(grey(open_image(file), 112), image)]
        by_number.setdefault(number, set()).update(same)
    assert sorted(map(sorted, by_number.values())) == [["S2"], ["subject1"], ["x"]]
    assert "3 people or sequences by folder" in parts.understood and "3 people" in parts.dataset
    rest, tenth = hold_out_tenth(faces)
    assert not set(rest.people.tolist()) & set(tenth.people.tolist())


def test_what_lies_beside_the_pictures_is_ignored_and_said(tmp_path):
    write_class_folders(tmp_path / "set" / "inner", ("happy", "sad"))
    for name in ("README.md", "inner/labels.csv", "inner/sad/notes.TXT"):
        (tmp_path / "set" / name).write_text("x")
    for place in (tmp_path / "set", Path(shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path / "set"))):
        parts = read_parts(place, "folder")
        assert len(parts.training) == 6 and parts.skipped == ()
        assert parts.understood.endswith("; ignored: README.md, inner/labels.csv, inner/sad/notes.TXT.")


def test_pictures_that_are_not_square_are_made_so(tmp_path):
    write_class_folders(tmp_path / "set", ("happy", "sad"), count=1)
    wide = draw(0, 5, side=80, height=50)
    save(wide, tmp_path / "set" / "happy" / "wide.png")
    images = read_parts(tmp_path / "set", "folder", side=48).training.images
    np.testing.assert_array_equal(images[1], grey(whole_picture(wide).crop, 48))
    assert (images[1][0] == images[1][6]).all()  # edge pixels repeated above the picture


def test_aligned_faces_of_class_folders(tmp_path, astronaut):
    write_class_folders(tmp_path / "set", ("happy", "sad"), count=1)
    save(astronaut, tmp_path / "set" / "happy" / "photo.png")
    parts = read_parts(tmp_path / "set", "folder", align=True)
    assert parts.dataset == "own pictures in class folders (no face found in 2 of 3 pictures, taken whole)"
    np.testing.assert_array_equal(parts.training.images[1], grey(detect_faces(astronaut)[0].crop, 112))
    whole = read_parts(tmp_path / "set", "folder")
    np.testing.assert_array_equal(whole.training.images[1], grey(astronaut, 112))
    assert whole.dataset == "own pictures in class folders"


def test_an_empty_class(folder):
    (folder / "neutral").mkdir()
    with pytest.raises(DataError, match=r"neutral is empty"):
        read_parts(folder, "folder")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: [shutil.rmtree(f / name) for name in ("sad", "surprised")], "no two class folders"),
        (lambda f: (f / "sad").rename(f / "happiness"), "two folders for one expression: Happy, happiness"),
        (lambda f: (f / "sad").rename(f / "train"), "holds Happy beside other parts"),
        (lambda f: (f / "sad").rename(f / ("a" * 61)), "cannot be one"),
        (lambda f: (f / "sad").rename(f / "a\x07b"), "cannot be one"),
        (lambda f: (f / "sad").rename(f / "a\\b"), "cannot be one"),
    ],
)
def test_class_folders_that_cannot_be_meant(folder, change, message):
    change(folder)
    with pytest.raises(DataError, match=message):
        read_parts(folder, "folder")


def test_parts_that_do_not_fit(tmp_path):
    write_class_folders(tmp_path / "set" / "val", ("happy", "sad"))
    write_class_folders(tmp_path / "set" / "test", ("happy", "sad"))
    with pytest.raises(DataError, match="no folder train"):
        read_parts(tmp_path / "set", "folder")
    write_class_folders(tmp_path / "set" / "train", ("happy", "sad"))
    write_class_folders(tmp_path / "set" / "val", ("fear",))
    with pytest.raises(DataError, match=r"val has pictures of fear, .*train none"):
        read_parts(tmp_path / "set", "folder")
    with pytest.raises(DataError, match="no folder"):
        read_parts(tmp_path / "none", "folder")


def test_corrupt_pictures_among_good_ones(folder):
    good = (folder / "sad" / "0.png").read_bytes()
    (folder / "sad" / "1.png").write_bytes(good[: len(good) // 2])
    (folder / "Happy" / "notes.jpg").write_text("not a picture")
    for _ in range(2):  # the second time from the cache
        with pytest.raises(DataError, match=r"2 pictures in .* Happy/notes\.jpg: .* sad/1\.png: .*cut short"):
            read_parts(folder, "folder")
        parts = read_parts(folder, "folder", skip_bad=True)
        assert len(parts.training) == 8
        assert [text.partition(":")[0] for text in parts.skipped] == ["Happy/notes.jpg", "sad/1.png"]
        # Rows are places among all files, read or not.
        assert parts.training.rows.tolist() == [0, 1, 2, 4, 6, 7, 8, 9]
        assert np.bincount(parts.training.labels).tolist() == [3, 3, 2]


def test_a_class_that_only_has_corrupt_pictures(folder):
    for file in (folder / "sad").iterdir():
        file.write_bytes(b"")
    with pytest.raises(DataError, match="no training face of sadness"):
        read_parts(folder, "folder", skip_bad=True)
