"""read_parts: FER2013's files with and without leaks.csv and parts, random partitions, counts, wrong questions."""

import numpy as np
import pytest

from fer_models.data import LABEL_RULES, DataError, read_parts
from fer_models.data.catalogue import _CSV_ROWS
from fer_models.labels import FER2013, FERPLUS
from tests.support.fer2013_files import repeat_row, write_files
from tests.support.made_up_data import REPACK_CLASSES, write_class_folders, write_raf_db, write_rafd


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))


def test_three_parts(tmp_path):
    parts = read_parts(write_files(tmp_path, private=10))
    assert parts.names == ("Training", "PublicTest", "PrivateTest")
    assert (len(parts.training), len(parts.validation), len(parts.test)) == (46, 16, 10)
    assert parts.test.rows.tolist() == list(range(64, 74))
    assert parts.dataset == "FER2013 pictures, FERPlus votes" and parts.leaked_rows_left_out == 2
    assert parts.training.label_set is FERPLUS
    np.testing.assert_allclose(parts.validation.targets[1], [0, 0.8, 0.2, 0, 0, 0, 0, 0])


def test_a_part_that_is_kept_back(tmp_path):
    parts = read_parts(write_files(tmp_path), "fer2013")
    assert parts.names == ("Training", "PublicTest", None) and parts.test is None
    assert parts.dataset == "FER2013" and parts.training.label_set is FER2013


def test_leaks_of_the_list_and_of_the_pixels(tmp_path):
    write_files(tmp_path, private=10)  # leaks.csv names rows 0 and 3
    repeat_row(tmp_path, 50, 7)
    repeat_row(tmp_path, 70, 8)
    parts = read_parts(tmp_path)
    assert set(range(48)) - set(parts.training.rows.tolist()) == {0, 3, 7, 8}
    assert parts.leaked_rows_left_out == 4 and len(parts.validation) == 16
    (tmp_path / "leaks.csv").unlink()
    parts = read_parts(tmp_path)
    assert set(range(48)) - set(parts.training.rows.tolist()) == {7, 8}
    kept = read_parts(tmp_path, keep_leaks=True)
    assert len(kept.training) == 48 and kept.leaked_rows_left_out is None


def test_leaks_that_cannot_be_known(tmp_path):
    write_files(tmp_path)
    (tmp_path / "leaks.csv").unlink()
    with pytest.raises(DataError, match=r"leaks\.csv is missing"):
        read_parts(tmp_path)
    assert len(read_parts(tmp_path, keep_leaks=True).training) == 48
    assert read_parts(tmp_path, partition="random-8:2").leaked_rows_left_out == 0  # no official test part in question


@pytest.mark.parametrize(("partition", "share"), [("random-8:2", 80), ("random-9:1", 90)])
def test_random_partitions(tmp_path, partition, share):
    write_files(tmp_path, training=60, test=20, private=20)
    for row in range(0, 40, 2):
        repeat_row(tmp_path, row, row + 40)  # every pair of rows 40 apart shows one picture
    parts = read_parts(tmp_path, partition=partition, seed=5)
    assert parts.names == (
        f"random {share} % (seed 5)",
        None,
        f"random {100 - share} % (seed 5)",
    )
    assert parts.validation is None and len(parts.test) == 100 - share
    assert len(parts.training) + parts.leaked_rows_left_out == share
    assert parts.leaked_rows_left_out > 0
    shown = {face.tobytes() for face in parts.test.images}
    assert not any(face.tobytes() in shown for face in parts.training.images)
    kept = read_parts(tmp_path, partition=partition, seed=5, keep_leaks=True)
    assert len(kept.training) == share and kept.leaked_rows_left_out is None
    np.testing.assert_array_equal(kept.test.rows, parts.test.rows)
    assert read_parts(tmp_path, partition=partition, seed=6).test.rows.tolist() != parts.test.rows.tolist()


def test_random_partitions_say_what_they_drew_from(tmp_path):
    assert (
        "random 20 % of Training + PublicTest (seed 0)"
        in read_parts(write_files(tmp_path / "two"), partition="random-8:2").names[2]
    )
    raf_db = read_parts(write_raf_db(tmp_path / "basic"), "raf-db", partition="random-8:2", any_count=True)
    assert raf_db.names[2] == "random 20 % (seed 0)"
    rafd = read_parts(write_rafd(tmp_path / "rafd"), "rafd", partition="random-8:2", any_count=True, align=False)
    assert rafd.names[2] == "random 20 % (seed 0)" and len(rafd.test) == 16
    write_class_folders(tmp_path / "repack" / "train", REPACK_CLASSES, count=3)
    write_class_folders(tmp_path / "repack" / "test", REPACK_CLASSES, count=2, first=9)
    repack = read_parts(tmp_path / "repack", "fer2013", partition="random-9:1", any_count=True)
    assert len(repack.training) == 32 and len(repack.test) == 3  # of 35


def test_counts_of_a_file_that_is_cut_short(tmp_path):
    write_files(tmp_path, training=1_000, test=4)
    with pytest.raises(
        DataError,
        match=r"fer2013\.csv has .*: Training 1,000 instead of 28,709, PublicTest 4 instead of 3,589\. .*any_count",
    ):
        read_parts(tmp_path)
    parts = read_parts(tmp_path, any_count=True)
    assert len(parts.training) == 998 and parts.dataset.endswith(
        "(other numbers of faces than are official: Training 1,000 instead of 28,709, PublicTest 4 instead of 3,589)"
    )


def test_one_whole_part_does_not_excuse_a_short_one(tmp_path, monkeypatch):
    monkeypatch.setitem(_CSV_ROWS, "Training", 1_000)  # a whole Training, without writing 28,709 rows
    with pytest.raises(DataError, match=r"official: PublicTest 900 instead of 3,589\."):
        read_parts(write_files(tmp_path, training=1_000, test=900))


def test_an_empty_class(tmp_path, monkeypatch):
    monkeypatch.setitem(_CSV_ROWS, "Training", 1_000)
    monkeypatch.setitem(_CSV_ROWS, "PublicTest", 8)
    write_files(tmp_path, training=1_000, test=8, labels=(0, 1, 2, 3, 4, 6, 7))
    with pytest.raises(DataError, match=r"fer2013\.csv holds no training face of disgust; no class may be empty"):
        read_parts(tmp_path)


@pytest.mark.parametrize("rule", [rule for rule in LABEL_RULES if rule.startswith("ferplus")])
def test_every_rule_of_the_votes(tmp_path, rule):
    parts = read_parts(write_files(tmp_path), rule)
    assert len(parts.validation) == 16 and parts.validation.labels.tolist() == [0, 1] * 8


def test_what_cannot_be_asked(tmp_path):
    write_files(tmp_path)
    with pytest.raises(ValueError, match=r"A label rule is one of ferplus-majority, .*folder, not 'majority'"):
        read_parts(tmp_path, "majority")
    with pytest.raises(ValueError, match="A partition is one of official, random-8:2, random-9:1, not '8:2'"):
        read_parts(tmp_path, partition="8:2")
    with pytest.raises(ValueError, match="cut out already, 48 pixels wide"):
        read_parts(tmp_path, side=100)
    with pytest.raises(DataError, match=r"fer2013\.csv is missing"):
        read_parts(tmp_path / "none")
    (tmp_path / "fer2013new.csv").unlink()
    with pytest.raises(DataError, match=r"fer2013new\.csv"):
        read_parts(tmp_path)
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n0," + "7 " * 2304 + ",PublicTest\n")
    with pytest.raises(DataError, match="no row is left to train on"):
        read_parts(tmp_path, "fer2013")
