"""Symmetric relevance gain and its neighbours, against values known by hand and other people's code."""

import itertools

import numpy as np
import pytest
import torch
from captum.metrics import infidelity as captums
from scipy.stats import ttest_1samp

from fer_models.classifier import load_classifier
from fer_models.explanation.attribution import attribute
from fer_models.explanation.cover import cover
from fer_models.explanation.faithfulness import (
    curves,
    faithfulness,
    gain,
    infidelity,
    interval,
    target_logits,
    verdict,
)
from fer_models.preprocessing import to_source
from tests.support.toy_classifier import ToyClassifier, greys

FACE = greys([[250, 10], [10, 10]])


def one_place_decides(places: np.ndarray) -> np.ndarray:
    """All but sure while the first place is bright, and all but sure that it is not otherwise."""
    return np.where(places[:, 0, 0] > 200, 50.0, -50.0)


def test_the_gain_of_the_best_and_the_worst_map_is_known_by_hand():
    toy = ToyClassifier(one_place_decides)
    best = np.array([[1.0, 0], [0, 0]])
    deletion, insertion = curves(toy, FACE, np.stack([best, -best]), 0, "mean")
    assert deletion == pytest.approx(np.array([[1, 0, 0, 0, 0], [1, 1, 1, 1, 0]]))
    assert insertion == pytest.approx(np.array([[0, 1, 1, 1, 1], [0, 0, 0, 0, 1]]))
    assert gain(deletion, insertion) == pytest.approx([0.75, -0.75])


def test_over_all_orders_the_gain_is_chance_to_the_last_digit():
    toy = ToyClassifier(lambda places: (places[:, 0, 0] * places[:, 1, 0] - 30 * places[:, 0, 1]) / 2000)
    orders = np.array(list(itertools.permutations(range(4)))).reshape(-1, 2, 2)
    found = gain(*curves(toy, greys([[250, 90], [60, 10]]), orders, 0, "mean"))
    assert found.mean() == pytest.approx(0, abs=1e-12) and found.std() > 0.01


def test_equal_values_are_put_in_an_order_by_chance():
    toy = ToyClassifier(one_place_decides)
    found = np.array([gain(*curves(toy, FACE, np.zeros((1, 2, 2)), 0, "mean", seed=seed))[0] for seed in range(400)])
    assert set(found.round(6)) == {0.75, 0.25, -0.25, -0.75}
    low, high = ttest_1samp(found, 0).confidence_interval(0.999)
    assert low < 0 < high


def test_the_fill_alone_gives_no_gain():
    """Whatever is covered, each cover costs the same: the order does not matter."""
    toy = ToyClassifier(lambda places: (places < 100).sum((1, 2)) * 0.7 - 1)
    values = np.random.default_rng(0).random((20, 2, 2))
    assert gain(*curves(toy, greys([[20] * 2] * 2), values, 0, "grey")) == pytest.approx(np.zeros(20), abs=1e-12)


def test_steps_of_several_places_and_no_more_steps_than_places():
    toy = ToyClassifier(one_place_decides, grid=4)
    face, values = greys([[250, 10, 10, 10]] + [[10] * 4] * 3), np.eye(4)[None]
    assert curves(toy, face, values, 0, "mean", steps=8)[0].shape == (1, 9)
    assert curves(toy, face, values, 0, "mean", steps=99)[0].shape == (1, 17)
    assert toy.pictures < 2 * (9 + 17)  # a picture that two curves pass through is looked at once


def test_a_picture_is_looked_at_once():
    toy = ToyClassifier(one_place_decides)
    curves(toy, FACE, np.stack([np.arange(4).reshape(2, 2)] * 5), 0, "mean")
    assert toy.pictures == 8  # none, all, three from either end


def test_deletion_and_insertion_are_what_the_network_answers(classifier, crop):
    """One step, by covering the face by hand."""
    source = to_source(crop, 48)
    values = np.zeros((1, 4, 4))
    values[0, 1, 2] = 1
    deletion, insertion = curves(classifier, source, values, 3, "blur", steps=16)
    assert deletion[0, 0] == insertion[0, -1] == pytest.approx(classifier.predict([crop])[0, 3], abs=1e-6)
    without = cover(classifier, source, (24, 12, 36, 24), "blur").probabilities[1, 3]
    alone = np.ones((48, 48), bool)
    alone[12:24, 24:36] = False
    assert deletion[0, 1] == pytest.approx(without, abs=1e-6)
    assert insertion[0, 1] == pytest.approx(cover(classifier, source, alone, "blur").probabilities[1, 3], abs=1e-6)


@pytest.mark.parametrize("name", ["a_mobilenet.ferplus", "mobilenetv3_cpsca.ferplus"])
def test_on_a_trained_network_chance_scores_nothing_and_covering_is_near_the_top(name, crop):
    classifier = load_classifier(name)
    source = to_source(crop, 48)
    target = int(classifier.predict([crop])[0].argmax())
    sets = np.concatenate([np.zeros((1, 16), bool), np.eye(16, dtype=bool)])
    logits = target_logits(classifier, source, sets, target, "mean")
    covering = (logits[0] - logits[1:]).reshape(1, 4, 4)
    random = np.random.default_rng(0).random((60, 4, 4))
    found = gain(*curves(classifier, source, np.concatenate([covering, random]), target, "mean"))
    low, high = ttest_1samp(found[1:], 0).confidence_interval(0.999)
    assert low < 0 < high
    assert (found[0] > found[1:]).mean() > 0.9


def test_infidelity_is_captums():
    rng = np.random.default_rng(0)
    weights, map_, sets = rng.normal(size=9), rng.normal(size=9), rng.random((64, 9)) < 0.5

    def logit(shown: torch.Tensor) -> torch.Tensor:  # of places that are shown (1) or covered (0)
        return torch.sin(shown @ torch.tensor(weights))

    shown = torch.ones(1, 9, dtype=torch.float64)

    def perturb(inputs):
        covered = torch.tensor(sets, dtype=torch.float64)
        return covered, torch.ones_like(covered) - covered

    expected = captums(
        logit, perturb, shown, torch.tensor(map_)[None], n_perturb_samples=64, normalize=True,
        max_examples_per_batch=64,
    )  # fmt: skip
    change = (logit(shown) - logit(torch.tensor(~sets, dtype=torch.float64))).numpy()
    assert infidelity(map_[None], sets, change) == pytest.approx(expected.numpy())
    assert infidelity(-7 * map_[None], sets, change) == pytest.approx(expected.numpy())  # scale does not decide
    assert infidelity(np.zeros((1, 9)), sets, change) == pytest.approx((change**2).mean())


def test_a_map_that_says_what_covering_does_has_no_infidelity_and_full_correlation():
    weights = np.array([[3.0, -1], [0.5, 2]])
    toy = ToyClassifier(lambda places: (places * weights).sum((1, 2)) / 200 - 3)
    face = greys([[200, 200], [100, 180]])
    truth = weights * (np.array([[200, 200], [100, 180]]) - 127.5)
    rows = faithfulness(toy, face, {"truth": truth, "lie": -truth}, 0, grids=[2], fills=["grey"])
    truth_, lie = rows[:2]
    assert truth_.infidelity == pytest.approx(0, abs=1e-4)  # greys are whole numbers: 127.5 is none
    assert truth_.correlation == pytest.approx(1) and lie.correlation == pytest.approx(-1)
    assert truth_.gain == pytest.approx(-lie.gain) and truth_.gain > 0.1


def test_intervals_are_scipys():
    values = np.random.default_rng(0).normal(1, 2, 30)
    expected = ttest_1samp(values, 0).confidence_interval()
    assert interval(values) == pytest.approx((values.mean(), *expected))
    assert interval(values[:1])[1:] == (-np.inf, np.inf)


def test_verdicts():
    assert [verdict(0.1, 0.3), verdict(-0.1, 0.3), verdict(-0.3, -0.1)] == ["yes", "cannot tell", "no"]


def test_a_row_for_each_map_and_each_control(classifier, crop):
    cam = np.random.default_rng(0).normal(size=(4, 4))
    rows = faithfulness(classifier, crop, {"cam": cam}, mean_map=np.ones((4, 4)), steps=4)
    assert [row.name for row in rows] == ["cam", "random", "edges", "face prior", "network mean"]
    assert [row.control for row in rows] == [False] + [True] * 4
    grid = classifier.layers[-1].side
    assert set(rows[0].deletion) == set(itertools.product((grid, 8), ("blur", "mean")))
    for row in rows:
        ways = np.array([gain(row.deletion[way], row.insertion[way]) for way in row.deletion])
        assert (row.gain, *row.interval) == pytest.approx(interval(ways))
        assert row.name not in row.ahead and len(row.ahead) == 4 - row.control
        assert row.interval[0] <= row.gain <= row.interval[1]
    cam_, prior = rows[0], rows[3]
    assert cam_.ahead["face prior"][0] == pytest.approx(cam_.gain - prior.gain)
    assert cam_.verdict == verdict(*cam_.ahead["face prior"][1:])


@pytest.mark.parametrize(
    ("maps", "more", "says"),
    [
        ({}, {}, "no map"),
        ({"edges": np.ones((4, 4))}, {}, "control"),
        ({"map": np.ones(4)}, {}, "height, width"),
        ({"map": np.full((4, 4), np.nan)}, {}, "finite"),
        ({"map": np.ones((4, 4))}, {"fills": ["blurr"]}, "Did you mean 'blur'"),
        ({"map": np.ones((4, 4))}, {"target": "joy"}, "labels"),
        ({"map": np.ones((4, 4))}, {"grids": [1]}, "2 to 48"),
    ],
)
def test_what_cannot_be_measured_is_said(classifier, crop, maps, more, says):
    with pytest.raises(ValueError, match=says):
        faithfulness(classifier, crop, maps, **more)


def test_an_attribution_is_measured_as_its_values_and_only_for_its_own_target(classifier, crop):
    found = attribute(classifier, crop, "grad-cam", target=2)
    (row, *_) = faithfulness(classifier, crop, [found], target=2)
    (plain, *_) = faithfulness(classifier, crop, {"1": found.values}, target=2)
    assert (row.name, row.gain, row.interval) == ("1", plain.gain, plain.interval)
    with pytest.raises(ValueError, match=f"explains {classifier.labels[2]}; .* {classifier.labels[3]}"):
        faithfulness(classifier, crop, [found], target=3)
