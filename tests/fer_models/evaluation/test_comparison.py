"""McNemar's test against counting by hand and the chi-square approximation; the paired interval against resampling."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, chi2

from fer_models.evaluation import Predictions, compare
from fer_models.evaluation.comparison import mcnemar, paired_interval
from fer_models.labels import FER2013, FERPLUS


def answers(both: int, only_a: int, only_b: int, neither: int) -> tuple[Predictions, Predictions]:
    """Two checkpoints' predictions that are right on so many faces, shuffled."""
    right_a = np.array([1] * both + [1] * only_a + [0] * only_b + [0] * neither)
    right_b = np.array([1] * both + [0] * only_a + [1] * only_b + [0] * neither)
    rng = np.random.default_rng(0)
    order, labels = rng.permutation(len(right_a)), rng.integers(0, 8, len(right_a))

    def predictions(name, right):
        answered = np.where(right[order] == 1, labels, (labels + 3) % 8)
        return Predictions(
            name, FERPLUS.labels, "PublicTest", "ferplus-majority", np.arange(len(labels)), labels, np.eye(8)[answered]
        )

    return predictions("a.test", right_a), predictions("b.test", right_b)


def test_few_faces_that_only_one_got_right_by_hand():
    found = compare(*answers(50, 10, 2, 7))
    assert (found.both_right, found.only_a, found.only_b, found.neither, found.count) == (50, 10, 2, 7, 69)
    # Two tails of 12 tosses of a fair coin: (1 + 12 + 66) of 4,096 in each.
    assert found.p_value == pytest.approx(2 * 79 / 4096)
    assert found.difference == pytest.approx(60 / 69 - 52 / 69)
    assert compare(*reversed(answers(50, 10, 2, 7))).difference == -found.difference


def test_many_approach_chi_square():
    found = compare(*answers(2_400, 190, 150, 459))
    with_continuity = (abs(190 - 150) - 1) ** 2 / (190 + 150)
    assert found.p_value == pytest.approx(chi2.sf(with_continuity, 1), abs=0.001)
    assert 0.01 < found.p_value < 0.05


def test_two_that_never_disagree():
    found = compare(*answers(10, 0, 0, 5))
    assert found.p_value == 1 and found.difference == 0
    low, high = found.difference_interval
    assert low < 0 < high and low == pytest.approx(-high)


@pytest.mark.parametrize(("only_a", "only_b", "count"), [(190, 150, 3_199), (3, 9, 60), (0, 1, 5)])
def test_the_paired_interval_is_walds_of_the_enlarged_sample(only_a, only_b, count):
    # Every face twice and each of the four outcomes once: the shares are those of half a face added to each cell.
    differences = np.repeat([1.0, -1.0, 0.0], [2 * only_a + 1, 2 * only_b + 1, 2 * (count - only_a - only_b) + 2])
    half = 1.959963984540054 * differences.std() / np.sqrt(count + 2)
    low, high = paired_interval(only_a, only_b, count)
    assert (low, high) == pytest.approx((differences.mean() - half, differences.mean() + half))


def test_the_paired_interval_is_close_to_a_paired_bootstrap():
    a, b = answers(2_400, 190, 150, 459)
    right = [part.probabilities.argmax(1) == part.labels for part in (a, b)]
    theirs = bootstrap(
        right,
        lambda a, b, axis: a.mean(axis) - b.mean(axis),
        paired=True,
        n_resamples=4_000,
        method="percentile",
        rng=0,
    ).confidence_interval
    assert compare(a, b).difference_interval == pytest.approx(tuple(theirs), abs=0.0008)


def test_only_the_same_faces_and_labels_are_compared():
    a, b = answers(5, 1, 1, 1)
    with pytest.raises(ValueError, match="cannot be compared: they answer with other labels"):
        compare(a, replace(b, names=FER2013.labels, probabilities=b.probabilities[:, :7]))
    with pytest.raises(ValueError, match="8 faces of PublicTest, the other on 7 of PublicTest"):
        compare(a, replace(b, rows=b.rows[1:], labels=b.labels[1:], probabilities=b.probabilities[1:]))
    with pytest.raises(ValueError, match="not the same faces"):
        compare(a, replace(b, split="PrivateTest"))
    with pytest.raises(ValueError, match="two rules, ferplus-majority and ferplus-argmax-8"):
        compare(a, replace(b, labels=(b.labels + 1) % 8, label_rule="ferplus-argmax-8"))


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (3, 0), (5, 5), (7, 6), (154, 142), (0, 3_199), (1_700, 1_499)])
def test_mcnemars_p_value_is_scipys(only_a, only_b):
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1
    assert mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-6)
