"""Readers of FER2013 and FERPlus: the official counts, the rules by hand, and every damage named."""

import dataclasses

import numpy as np
import pytest

from fer_models.data import (
    DataError,
    data_folder,
    hold_out_tenth,
    majority,
    read_fer2013,
    read_parts,
    select_faces,
)
from fer_models.data.partition import repeats
from fer_models.labels import FER2013, FERPLUS, RAF_DB, RAFD, expression
from tests.support.fer2013_files import write_files


@pytest.fixture(scope="module")
def official(fer2013_dir):
    return read_fer2013(fer2013_dir)


# docs/papers.md, 0: rows that FERPlus's rules keep of each part.
OFFICIAL = {
    "ferplus-majority": {"Training": 25_060, "PublicTest": 3_199, "PrivateTest": 3_153},
    "ferplus-probability": {"Training": 27_956, "PublicTest": 3_505, "PrivateTest": 3_505},
    "ferplus-multi-target": {"Training": 27_671, "PublicTest": 3_472, "PrivateTest": 3_472},
    "ferplus-argmax-10": {"Training": 28_389, "PublicTest": 3_553, "PrivateTest": 3_546},
    "ferplus-argmax-8": {"Training": 28_559, "PublicTest": 3_579, "PrivateTest": 3_573},
    "fer2013": {"Training": 28_709, "PublicTest": 3_589, "PrivateTest": 3_589},
}


@pytest.mark.fer2013
@pytest.mark.parametrize("rule", OFFICIAL)
def test_official_counts_of_every_rule(official, rule):
    present = set(np.unique(official.usage).tolist())
    assert {"Training", "PublicTest"} <= present  # PrivateTest may be kept back
    for split in present:
        found = select_faces(official, split, rule, keep_leaks=True)
        assert len(found) == OFFICIAL[rule][split]
        np.testing.assert_allclose(found.targets.sum(1), 1, rtol=1e-6)


@pytest.mark.fer2013
def test_official_classes(official):
    whole = select_faces(official, "Training", keep_leaks=True)
    assert np.bincount(whole.labels).tolist() == [8740, 7287, 3149, 3014, 2100, 119, 532, 119]
    assert len(select_faces(official, "Training")) == 24_446
    seven = select_faces(official, "Training", "fer2013", keep_leaks=True)
    assert np.bincount(seven.labels).tolist() == [3995, 436, 4097, 7215, 4830, 3171, 4965]


@pytest.mark.fer2013
def test_pixel_search_finds_the_published_leaks(official, fer2013_dir):
    named = [line.split(",") for line in (fer2013_dir / "leaks.csv").read_text().splitlines()[1:]]
    in_public_test = {int(row) for row, part in named if part == "PublicTest"}
    training, test = (np.flatnonzero(official.usage == part) for part in ("Training", "PublicTest"))
    found = training[repeats(official.faces[training], official.faces[test])]
    assert set(found.tolist()) == in_public_test
    assert len(found) == 351


@pytest.mark.fer2013
def test_official_parts(official, fer2013_dir):
    parts = read_parts(fer2013_dir)
    assert len(parts.training) == 24_446 and parts.leaked_rows_left_out == 614
    assert len(parts.validation) == 3_199 and parts.names[:2] == ("Training", "PublicTest")
    np.testing.assert_array_equal(parts.training.rows, select_faces(official, "Training").rows)
    assert len(read_parts(fer2013_dir, keep_leaks=True).training) == 25_060


@pytest.mark.fer2013
@pytest.mark.parametrize("rule", OFFICIAL)
def test_a_tenth_of_the_official_rows(official, rule):
    training = select_faces(official, "Training", rule)
    rest, tenth = hold_out_tenth(training)
    assert 0.097 < len(tenth) / len(training) < 0.103
    shares = np.bincount(tenth.labels) / np.bincount(training.labels)
    assert len(shares) == len(training.label_set) and shares.min() > 0.05
    assert not set(rest.rows.tolist()) & set(tenth.rows.tolist())


@pytest.mark.fer2013
def test_random_split_of_the_official_rows(official, fer2013_dir):
    parts = read_parts(fer2013_dir, "fer2013", partition="random-9:1", seed=4)
    whole = len(official.usage)
    assert len(parts.test) == whole - round(0.9 * whole)
    assert len(parts.training) + parts.leaked_rows_left_out == round(0.9 * whole)
    assert parts.leaked_rows_left_out > 0
    assert not repeats(parts.training.images, parts.test.images).any()


@pytest.mark.fer2013
def test_no_training_picture_occurs_in_the_test_part(official):
    test = {face.tobytes() for face in official.faces[official.usage == "PublicTest"]}
    kept = select_faces(official, "Training").images
    assert not any(face.tobytes() in test for face in kept)
    assert any(face.tobytes() in test for face in select_faces(official, "Training", keep_leaks=True).images)


def votes(**counts):
    row = [0] * 10
    for name, count in counts.items():
        row[(*FERPLUS.labels, "unknown", "NF").index(name)] = count
    return row


@pytest.mark.parametrize(
    ("counts", "label"),
    [
        ({"anger": 6, "fear": 4}, "anger"),
        ({"anger": 5, "fear": 5}, None),  # half is not more than half
        ({"anger": 5, "fear": 4, "disgust": 1}, "anger"),  # the single vote is dropped first: 5 of 9
        ({"unknown": 6, "neutral": 4}, None),
        ({"NF": 10}, None),
        ({"contempt": 3, "neutral": 2, "unknown": 2}, None),  # 3 of 7: unknown counts in the sum
        ({"contempt": 4, "neutral": 1, "unknown": 2, "fear": 1}, "contempt"),
        ({"sadness": 1, "fear": 1}, None),
        ({}, None),
    ],
)
def test_majority_by_hand(counts, label):
    labels, targets = majority(np.array([votes(**counts)]))
    assert labels[0] == (-1 if label is None else FERPLUS.index(label))
    remaining = {name: n for name, n in counts.items() if n > 1 and name in FERPLUS.labels}
    for name, share in zip(FERPLUS.labels, targets[0], strict=True):
        assert share == pytest.approx(remaining.get(name, 0) / max(sum(remaining.values()), 1))


def test_made_up_files(tmp_path):
    data = read_fer2013(write_files(tmp_path))
    training, test = select_faces(data, "Training"), select_faces(data, "PublicTest")
    assert len(training) == 46 and 0 not in training.rows and 3 not in training.rows
    assert test.rows.tolist() == list(range(48, 64))
    assert test.labels.tolist() == [0, 1] * 8
    np.testing.assert_allclose(test.targets[1], [0, 0.8, 0.2, 0, 0, 0, 0, 0])
    first = (tmp_path / "fer2013.csv").read_text().splitlines()[49].split(",")[1].split()
    assert test.images[0].ravel().tolist() == list(map(int, first))
    seven = select_faces(data, "PublicTest", "fer2013")
    assert seven.label_set is FER2013 and seven.targets[1].tolist() == [0, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("file", ["fer2013.csv", "fer2013new.csv", "leaks.csv"])
def test_a_byte_order_mark_is_passed_over(tmp_path, file):
    write_files(tmp_path)
    (tmp_path / file).write_bytes(b"\xef\xbb\xbf" + (tmp_path / file).read_bytes())
    assert select_faces(read_fer2013(tmp_path), "Training").rows.tolist() == [1, 2, *range(4, 48)]


def replace(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("fer2013.csv", "PublicTest", "Publictest", r"fer2013\.csv, line 50: Usage 'Publictest'"),
        ("fer2013.csv", "\n1,", "\n7,", r"fer2013\.csv, line 3: emotion 7"),
        ("fer2013.csv", "\n1,", "\n1,256 ", r"line 3: 2304 values from 0 to 255 expected, 2305 found"),
        ("fer2013.csv", "\n1,", "\n1,-1 ", r"2304 values from 0 to 255 expected"),
        ("fer2013.csv", "\n1,", "\n1,x ", r"fer2013\.csv, line 3"),
        ("fer2013.csv", "emotion,pixels,Usage", "emotion,Usage", r"fer2013\.csv, line 1: no column pixels"),
        ("fer2013new.csv", "Training,fer0000005.png,0,8,2,0,0,0,0,0,0,0\n", "", r"has 63 rows, fer2013\.csv 64"),
        ("fer2013new.csv", ",8,0,2,", ",eight,0,2,", r"fer2013new\.csv, line 2"),
        ("fer2013new.csv", ",8,0,2,", ",-8,0,2,", r"fer2013new\.csv, line 2: a number of votes is negative"),
        (
            "fer2013new.csv",
            "PublicTest,",
            "Training,",
            r"fer2013new\.csv, line 50: a row of Training, but .* PublicTest",
        ),
        ("leaks.csv", "row", "line", r"leaks\.csv, line 1: no column row"),
    ],
)
def test_damaged_files_are_named(tmp_path, file, old, new, message):
    write_files(tmp_path)
    replace(tmp_path / file, old, new)
    with pytest.raises(DataError, match=message):
        read_fer2013(tmp_path)


def test_kaggles_header_is_read_by_name(tmp_path):
    plain = read_fer2013(write_files(tmp_path / "plain"))
    file = write_files(tmp_path / "kaggle") / "fer2013.csv"
    rows = [line.split(",") for line in file.read_text().splitlines()[1:]]
    lines = [f"{emotion}, {usage}, {pixels}" for emotion, pixels, usage in rows]
    file.write_text("emotion, Usage, pixels\n" + "\n".join(lines) + "\n")
    kaggle = read_fer2013(file.parent)
    np.testing.assert_array_equal(kaggle.faces, plain.faces)
    np.testing.assert_array_equal(kaggle.emotion, plain.emotion)
    np.testing.assert_array_equal(kaggle.usage, plain.usage)


def test_blank_lines_count_in_the_number_of_a_line(tmp_path):
    file = write_files(tmp_path) / "fer2013.csv"
    lines = file.read_text().splitlines()
    lines[3] = "9" + lines[3][1:]
    file.write_text("\n".join([lines[0], "", "", *lines[1:]]) + "\n")
    with pytest.raises(DataError, match=r"line 6: emotion 9"):
        read_fer2013(tmp_path)


def test_missing_files(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"fer2013\.csv is missing"):
        read_fer2013(tmp_path)
    write_files(tmp_path)
    (tmp_path / "leaks.csv").unlink()
    data = read_fer2013(tmp_path)
    with pytest.raises(DataError, match=r"leaks\.csv is missing"):
        select_faces(data, "Training")
    assert len(select_faces(data, "Training", keep_leaks=True)) == 48
    whole = read_fer2013(write_files(tmp_path / "whole", private=10))
    without_list = dataclasses.replace(whole, leaks=None)
    assert len(select_faces(without_list, "Training")) == 48  # both test parts are there to compare with
    (tmp_path / "fer2013new.csv").unlink()
    with pytest.raises(DataError, match=r"fer2013new\.csv"):
        select_faces(read_fer2013(tmp_path), "PublicTest")
    with pytest.raises(DataError, match="no rows of the split PrivateTest"):
        select_faces(data, "PrivateTest")
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    with pytest.raises(DataError, match=r"fer2013\.csv is empty"):
        read_fer2013(tmp_path)
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    with pytest.raises(DataError, match="FERSCOPE_DATA"):
        data_folder()
    with pytest.raises(DataError, match="no folder"):
        data_folder(tmp_path / "none")
    with pytest.raises(DataError, match="no folder"):
        data_folder(tmp_path / "fer2013.csv")


def test_a_label_is_found_in_its_set_and_another_is_named():
    assert FERPLUS.labels[FERPLUS.index("fear")] == "fear" and len(FERPLUS) == 8
    with pytest.raises(ValueError, match="'joy' is not one of neutral"):
        FERPLUS.index("joy")


def test_spellings_of_expressions():
    for label_set in (FERPLUS, FER2013, RAF_DB, RAFD):
        assert [expression(label) for label in label_set.labels] == list(label_set.labels)
    spelt = {"Happy": "happiness", "SAD": "sadness", "angry": "anger", "surprised": "surprise", " Fearful": "fear"}
    assert {name: expression(name) for name in spelt} == spelt
    assert expression("bored") is None and expression("") is None
