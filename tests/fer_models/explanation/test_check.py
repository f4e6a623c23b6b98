"""The live check of a map, on networks whose answer to every patch is known by hand."""

import numpy as np
import pytest

from fer_models.explanation.check import check, part_at
from tests.support.toy_classifier import ToyClassifier, greys

# 4 x 4 squares of 12 pixels: dark but for the square that the network looks at, and its neighbour.
MOUTH, HAIR = (3, 1), (0, 0)


def face() -> np.ndarray:
    squares = [[40] * 4 for _ in range(4)]
    squares[MOUTH[0]][MOUTH[1]] = 200
    return greys(squares, side=48)


def map_at(*places: tuple[int, int], low: float = 0.0) -> np.ndarray:
    values = np.full((4, 4), low, np.float32)
    for place, strength in zip(places, (3, 2, 1), strict=False):
        values[place] = strength
    return values


@pytest.fixture
def network() -> ToyClassifier:
    """Its logit is a hundredth of the grey where the mouth is: covered by the face's mean grey, 50, it loses 1.5."""
    return ToyClassifier(lambda places: places[:, MOUTH[0], MOUTH[1]] / 100, grid=4, side=48)


def test_a_map_of_what_matters_is_green_with_the_numbers(network):
    found = check(network, face(), map_at(MOUTH), grid=4)
    assert found.colour == "green"
    assert found.strongest == found.most == pytest.approx(1.5)
    assert found.elsewhere == pytest.approx(1.5 / 16)  # of 16 places one matters
    assert found.strongest_box == found.most_box == (0.25, 0.75, 0.5, 1.0)
    assert "1.50" in found.sentence and "0.09" in found.sentence and "here" in found.sentence
    assert found.alike is None


def test_a_map_of_what_does_not_matter_is_red_and_says_where_it_does(network):
    found = check(network, face(), map_at(HAIR, MOUTH), grid=4)
    assert found.colour == "red"
    assert (found.strongest, found.most) == pytest.approx((0, 1.5))
    assert found.strongest_box == (0, 0, 0.25, 0.25) and found.most_box == (0.25, 0.75, 0.5, 1.0)
    assert "background" in found.sentence and "mouth" in found.sentence and "1.50" in found.sentence


def test_a_place_that_matters_less_than_half_as_much_as_another_is_amber():
    # The square beside the mouth counts a third: covering it with the mean, 50, takes (200 - 50) / 300.
    picture = face()
    picture[36:, 24:36] = 200
    mean = picture.mean()
    network = ToyClassifier(lambda places: places[:, 3, 1] / 100 + places[:, 3, 2] / 300, grid=4, side=48)
    found = check(network, picture, map_at((3, 2)), grid=4)
    assert (found.strongest, found.most) == pytest.approx(((200 - mean) / 300, (200 - mean) / 100), abs=0.01)
    assert found.colour == "amber"


def test_covering_that_raises_the_score_is_red():
    against = ToyClassifier(lambda places: places[:, 3, 3] / 100 - places[:, 3, 1] / 100, grid=4, side=48)
    picture = face()
    picture[36:, 36:] = 200
    found = check(against, picture, map_at(MOUTH), "here", grid=4)
    assert found.colour == "red" and found.strongest < -1 and "raises" in found.sentence


def test_a_map_that_every_face_gets_is_no_more_than_amber(network):
    same, other = map_at(MOUTH, low=0.1), map_at(HAIR, low=0.1)
    found = check(network, face(), same, mean_map=same, grid=4)
    assert found.alike == pytest.approx(1) and found.colour == "amber" and "every face" in found.sentence
    found = check(network, face(), same, mean_map=other, grid=4)
    assert found.alike < 0 and found.colour == "green"
    assert f"\N{MINUS SIGN}{-found.alike:.2f} of 1" in found.sentence
    assert check(network, face(), same, mean_map=np.ones((4, 4)), grid=4).alike is None


def test_a_map_without_a_strong_place_or_a_network_that_uses_none_cannot_be_checked(network):
    found = check(network, face(), -map_at(MOUTH), grid=4)
    assert found.colour == "amber" and np.isnan(found.strongest) and found.strongest_box is None
    blind = ToyClassifier(lambda places: np.ones(len(places)), grid=4, side=48)
    found = check(blind, face(), map_at(MOUTH), grid=4)
    assert found.colour == "amber" and (found.strongest, found.most) == (0, 0)


def test_the_strongest_place_of_a_fine_map_is_where_most_of_it_lies_together(network):
    values = np.zeros((48, 48), np.float32)
    values[2, 2] = 9  # one bright pixel in the hair, and a whole mouth
    values[36:48, 12:24] = 1
    assert check(network, face(), values, grid=4).strongest_box == (0.25, 0.75, 0.5, 1.0)


def test_the_predicted_label_is_checked_unless_another_is_named(classifier, crop):
    values = np.random.default_rng(0).normal(size=(4, 4))
    predicted = int(classifier.predict([crop]).argmax())
    assert check(classifier, crop, values) == check(classifier, crop, values, predicted)
    logits = classifier.logits([crop])[0]
    found = check(classifier, crop, values, int(logits.argmin()))
    assert found.most >= max(found.strongest, found.elsewhere)


def test_parts_are_named_by_what_a_box_lies_on():
    assert part_at((0.37, 0.7, 0.62, 0.85)) == "the mouth"
    assert part_at((0.2, 0.3, 0.4, 0.45)) == "the eyes"
    assert part_at((0, 0, 0.25, 0.15)).startswith("forehead")


@pytest.mark.parametrize("values", [np.ones(4), np.full((4, 4), np.nan)])
def test_what_is_no_map_is_refused(network, values):
    with pytest.raises(ValueError, match="map"):
        check(network, face(), values)
