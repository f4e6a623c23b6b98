"""Report and calibration against scikit-learn, SciPy's bootstrap and a few lines of plain Python."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import classification_report, confusion_matrix, f1_score

from fer_models.evaluation import Confusion, Report, make_report, measure_calibration
from fer_models.labels import FERPLUS

NAMES = ("neutral", "happiness", "anger", "fear")


@pytest.fixture(scope="module")
def answers() -> tuple[np.ndarray, np.ndarray]:
    """600 faces of uneven classes, none of them fear, and probabilities that are often right."""
    rng = np.random.default_rng(3)
    labels = rng.choice(3, 600, p=(0.6, 0.35, 0.05))
    probabilities = rng.dirichlet(np.ones(4), 600) + 0.5 * np.eye(4)[labels]
    return labels, (probabilities / probabilities.sum(1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def report(answers) -> Report:
    return make_report(*answers, NAMES)


def test_all_figures_are_scikit_learns(answers, report):
    labels, probabilities = answers
    predicted = probabilities.argmax(1)
    assert np.array_equal(report.confusion, confusion_matrix(labels, predicted, labels=range(4)))
    expected = classification_report(
        labels, predicted, labels=range(4), target_names=NAMES, output_dict=True, zero_division=0
    )
    assert report.count == 600 and report.accuracy == pytest.approx((labels == predicted).mean())
    assert report.macro_f1 == pytest.approx(expected["macro avg"]["f1-score"])
    for part in report.classes:
        theirs = expected[part.label]
        assert part.answered == (predicted == NAMES.index(part.label)).sum()
        assert (part.precision, part.recall, part.f1, part.support) == pytest.approx(
            (theirs["precision"], theirs["recall"], theirs["f1-score"], theirs["support"])
        )


def test_a_label_without_faces_has_no_interval(report):
    fear = report.classes[3]
    assert (fear.label, fear.support, fear.recall, fear.recall_interval) == ("fear", 0, 0, None)


def test_the_expected_calibration_error_and_the_curve_written_out(answers):
    labels, probabilities = answers
    found = measure_calibration(labels, probabilities)
    members = [[] for _ in range(15)]
    for label, row in zip(labels, probabilities.tolist(), strict=True):
        confidence = max(row)
        members[math.ceil(confidence * 15) - 1].append((confidence, row.index(confidence) == label))
    error = 0.0
    for bin_, faces in zip(found.bins, members, strict=True):
        assert bin_.count == len(faces)
        if not faces:
            assert bin_.confidence is None and bin_.accuracy is None
            continue
        confidence, accuracy = (sum(column) / len(faces) for column in zip(*faces, strict=True))
        assert (bin_.confidence, bin_.accuracy) == pytest.approx((confidence, accuracy))
        assert bin_.low < confidence <= bin_.high
        error += len(faces) / 600 * abs(accuracy - confidence)
    assert found.ece == pytest.approx(error) and 0.01 < error < 0.5
    assert sum(not faces for faces in members) > 0


def test_calibration_by_hand():
    # Sure and right twice, sure and wrong once, 0.6 and right once, in two bins.
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.4, 0.6]])
    found = measure_calibration(np.array([0, 1, 1, 1]), probabilities, bins=5)
    assert found.ece == pytest.approx(3 / 4 * (1 - 2 / 3) + 1 / 4 * (1 - 0.6))
    assert [bin_.count for bin_ in found.bins] == [0, 0, 1, 0, 3]  # 0.6 is the upper edge of (0.4, 0.6]
    above_one = np.array([[1.0000001, 0.0]], dtype=np.float32)  # as a softmax in single precision may give
    assert measure_calibration(np.array([0]), above_one).bins[-1].count == 1


def test_intervals_are_those_of_scipys_bootstrap(answers, report):
    labels, probabilities = answers
    predicted = probabilities.argmax(1)

    def macro_f1(labels, predicted):
        return f1_score(labels, predicted, labels=range(4), average="macro", zero_division=0)

    def theirs(statistic, resamples, *arrays):
        found = bootstrap(
            arrays, statistic, paired=True, vectorized=False, n_resamples=resamples, method="percentile", rng=5
        )
        return tuple(found.confidence_interval)

    accuracy = theirs(lambda labels, predicted: (labels == predicted).mean(), 4_000, labels, predicted)
    assert report.accuracy_interval == pytest.approx(accuracy, abs=0.004)  # its width is 0.06
    assert report.macro_f1_interval == pytest.approx(theirs(macro_f1, 1_000, labels, predicted), abs=0.015)
    # A label's faces resampled on their own: the spread of how many they are hardly matters.
    happy = (predicted == labels)[labels == 1]
    recall = theirs(np.mean, 4_000, happy)
    assert report.classes[1].recall_interval == pytest.approx(recall, abs=0.012)


def test_the_bootstrap_of_macro_f1_computed_by_scikit_learn_on_every_resample(answers, report):
    labels, probabilities = answers
    predicted = probabilities.argmax(1)
    few = make_report(labels, probabilities, NAMES, resamples=40, seed=9)
    cells = np.indices((4, 4)).reshape(2, -1)
    values = []
    for drawn in Confusion(confusion_matrix(labels, predicted, labels=range(4))).resampled(40, seed=9).counts:
        assert drawn.sum() == 600
        true, answer = np.repeat(cells, drawn.ravel(), axis=1)
        values.append(f1_score(true, answer, labels=range(4), average="macro", zero_division=0))
    assert few.macro_f1_interval == pytest.approx(tuple(np.percentile(values, (2.5, 97.5))))
    assert make_report(labels, probabilities, NAMES) == report
    assert make_report(labels, probabilities, NAMES, seed=1).accuracy_interval != report.accuracy_interval


def test_where_the_bootstrap_would_claim_certainty_wilsons_interval_stands():
    labels = np.array([0] * 30 + [1] * 18)
    report = make_report(labels, np.eye(2)[np.zeros(48, int)], NAMES[:2])  # neutral, whatever is shown
    always, never = report.classes
    assert always.recall_interval == pytest.approx(tuple(binomtest(30, 30).proportion_ci(method="wilson")))
    assert never.recall_interval == pytest.approx(tuple(binomtest(0, 18).proportion_ci(method="wilson")))
    assert never.recall_interval[1] > 0.1
    perfect = make_report(labels, np.eye(2)[labels], NAMES[:2])
    assert perfect.accuracy == 1 and perfect.accuracy_interval[0] < 1


def test_a_label_that_a_resample_may_miss(recwarn):
    labels = np.array([0] * 50 + [1, 1])
    probabilities = np.eye(2)[[0] * 51 + [1]]  # one of the two rare faces is recognised
    rare = make_report(labels, probabilities, NAMES[:2]).classes[1]
    assert rare.recall == 0.5 and rare.recall_interval == (0, 1) and not recwarn.list


def test_a_report_survives_json(report):
    assert Report.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        (np.array([], dtype=int), np.empty((0, 8)), "no faces"),
        (np.array([0, 1]), np.full((3, 8), 0.125), "shape"),
        (np.array([0, 1]), np.full((2, 7), 1 / 7), "shape"),
        (np.array([0, 8]), np.full((2, 8), 0.125), "from 0 to 7"),
        (np.array([0, -1]), np.full((2, 8), 0.125), "from 0 to 7"),
        (np.array([0.0, 1.0]), np.full((2, 8), 0.125), "whole numbers"),
        (np.array([0, 1]), np.full((2, 8), np.nan), "between 0 and 1"),
        (np.array([0, 1]), np.full((2, 8), 3.0), "between 0 and 1"),
    ],
)
def test_what_cannot_be_scored(labels, probabilities, message):
    with pytest.raises(ValueError, match=message):
        make_report(labels, probabilities, FERPLUS.labels)
