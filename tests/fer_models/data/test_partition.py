"""Random partitions, the held-out tenth and repeated pictures."""

import dataclasses

import numpy as np
import pytest

from fer_models.data import DataError, Faces, hold_out_tenth, random_partition
from fer_models.data.partition import every_fifth, repeats
from fer_models.labels import FER2013


def faces(rows, classes=7):
    rows = np.asarray(rows)
    labels = rows % classes
    images = np.tile(rows.astype("<u4").view(np.uint8).reshape(-1, 1, 4), (1, 4, 1))  # no two alike
    return Faces(images, labels, np.eye(7, dtype=np.float32)[labels], rows, FER2013)


@pytest.mark.parametrize(("share", "expected"), [(0.8, 81), (0.9, 91)])
def test_random_partition_divides_all_rows(share, expected):
    whole = faces(range(101))
    training, test = random_partition(whole, share, seed=3)
    assert len(training) == expected
    assert sorted([*training.rows, *test.rows]) == list(range(101))
    for part in (training, test):
        np.testing.assert_array_equal(part.images[:, 0, 0], part.rows)
        np.testing.assert_array_equal(part.labels, part.rows % 7)
        np.testing.assert_array_equal(part.targets.argmax(1), part.labels)


def test_random_partition_is_the_seed_s():
    whole = faces(range(200))
    tests = [random_partition(whole, 0.8, seed)[1].rows.tolist() for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]
    assert not np.array_equal(np.diff(tests[0]), np.full(39, 5))  # drawn, not counted off


def test_random_partition_of_too_few():
    with pytest.raises(DataError, match="1 faces are too few"):
        random_partition(faces([4]), 0.8, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        random_partition(faces(range(9)), 1.0, 0)


@pytest.mark.parametrize("period", [2, 7, 8, 10, 24])
def test_a_tenth_of_every_regular_order(period):
    """Whatever regular order the file has, each of its classes gives about a tenth."""
    rows = np.arange(24_000)
    rest, tenth = hold_out_tenth(faces(rows))
    assert sorted([*rest.rows, *tenth.rows]) == rows.tolist()
    shares = np.bincount(tenth.rows % period, minlength=period) / np.bincount(rows % period)
    np.testing.assert_allclose(shares, 0.1, atol=0.005)


def test_the_tenth_depends_on_row_numbers_alone():
    _, whole = hold_out_tenth(faces(range(5_000)))
    some = np.random.default_rng(0).permutation(5_000)[:3_000]
    _, part = hold_out_tenth(faces(some))
    assert set(part.rows.tolist()) == set(whole.rows.tolist()) & set(some.tolist())
    # Of the first numbers by hand: the fractional part of r * 0.618034 is below 0.1.
    assert whole.rows[:6].tolist() == [0, 5, 13, 26, 34, 47]


def test_a_tenth_of_few_rows():
    rest, tenth = hold_out_tenth(faces([1, 2, 3]))
    assert len(tenth) == 1 and len(rest) == 2
    rest, tenth = hold_out_tenth(faces([0, 5]))  # both numbers are among the held out
    assert len(tenth) == len(rest) == 1
    with pytest.raises(DataError, match="cannot be held out of 1"):
        hold_out_tenth(faces([0]))


def test_nobody_and_no_picture_is_on_both_sides_of_the_tenth():
    some = faces(range(200))
    some.images[7] = some.images[5]  # row 5 is held out
    rest, tenth = hold_out_tenth(some)
    assert 5 in tenth.rows and {5, 7}.isdisjoint(rest.rows) and len(rest) + len(tenth) == 199
    people = dataclasses.replace(faces(range(200)), people=np.arange(200) // 8)
    rest, tenth = hold_out_tenth(people)
    assert set(tenth.people.tolist()) == {0, 5, 13} and len(rest) + len(tenth) == 200
    assert set(rest.people.tolist()).isdisjoint(tenth.people.tolist())
    with pytest.raises(DataError, match="cannot be held out"):
        hold_out_tenth(dataclasses.replace(people, people=np.zeros(200, dtype=int)))


def test_every_fifth_of_the_people():
    people = np.array([9, 2, 4, 4, 30, 7, 12, 13, 14, 15, 30])  # sorted: 2 4 7 9 12 | 13 14 15 30
    assert every_fifth(people).tolist() == [person == 12 for person in people.tolist()]


def test_repeats_are_the_same_pixels_exactly():
    rng = np.random.default_rng(0)
    others = rng.integers(0, 256, (5, 6, 6), dtype=np.uint8)
    images = rng.integers(0, 256, (4, 6, 6), dtype=np.uint8)
    images[1], images[3] = others[4], others[0]
    images[3, 5, 5] ^= 1  # one grey value off
    assert repeats(images, others).tolist() == [False, True, False, False]
    assert repeats(images, others[:0]).tolist() == [False] * 4
