"""Covering a part of a face."""

import numpy as np
import pytest

from fer_models.explanation.cover import FILLS, cover, covered, filling
from fer_models.preprocessing import to_source


@pytest.fixture
def crop() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)


@pytest.mark.parametrize("fill", FILLS)
def test_what_is_covered_is_the_fill_and_the_rest_the_face(crop, fill):
    source = to_source(crop, 48)
    mask = np.zeros((48, 48), bool)
    mask[10:20, 5:40] = True
    picture = covered(source, mask, fill)
    assert np.array_equal(picture[~mask], source[~mask])
    assert np.array_equal(picture[mask], filling(source, fill).round().astype(np.uint8)[mask])
    assert picture.dtype == np.uint8


def test_the_fills_by_their_own_definition(crop):
    source = to_source(crop, 48)
    assert filling(source, "mean") == pytest.approx(np.float64(source).mean(), abs=1e-3)
    assert filling(source, "grey") == pytest.approx(127.5)
    assert filling(source, "blur").std() < 0.1 * source.std()
    noise = filling(source, "noise")
    assert np.array_equal(noise, filling(source, "noise")) and not np.array_equal(noise, filling(source, "noise", 1))


def test_before_and_after_are_what_the_network_answers_to_both_pictures(classifier, crop):
    seen = cover(classifier, crop, (20, 40, 68, 80))
    assert seen.probabilities == pytest.approx(classifier.predict([crop, seen.picture]), abs=1e-6)
    assert seen.change == pytest.approx(seen.logits[1] - seen.logits[0])
    assert seen.share == pytest.approx(48 * 40 / 96**2)


def test_a_box_is_the_mask_of_its_pixels_and_is_cut_at_the_edges(classifier, crop):
    mask = np.zeros((96, 96), bool)
    mask[:30, 60:] = True
    by_mask, by_box = cover(classifier, crop, mask, "blur"), cover(classifier, crop, (60, -10, 500, 30), "blur")
    assert np.array_equal(by_mask.picture, by_box.picture)


def test_covering_everything_leaves_nothing_of_the_face(classifier, crop):
    source = to_source(crop, 48)
    assert len(np.unique(cover(classifier, crop, (0, 0, 96, 96)).picture)) == 1
    assert covered(source, np.zeros((3, 48, 48)), "noise").shape == (3, 48, 48)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ((100, 100, 120, 120), "outside"),
        ((10, 10, 10, 40), "no area"),
        ((40, 10, 10, 40), "no area"),
        ((1, 2, 3), "four numbers"),
        ((0, 0, np.nan, 9), "four numbers"),
        (np.ones((48, 48), bool), "48 x 48"),
        (np.zeros((96, 96), bool), "covers nothing"),
        (np.ones((96, 96)), "booleans"),
    ],
)
def test_what_cannot_be_covered_is_said(classifier, crop, where, says):
    with pytest.raises(ValueError, match=says):
        cover(classifier, crop, where)


def test_an_unknown_fill_suggests_the_nearest(classifier, crop):
    with pytest.raises(ValueError, match="Did you mean 'blur'"):
        cover(classifier, crop, (0, 0, 9, 9), "blurr")
    with pytest.raises(ValueError, match="'None' is no fill"):
        cover(classifier, crop, (0, 0, 9, 9), None)
