"""Scores against scikit-learn's report, intervals against SciPy's."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import classification_report

from fer_models.evaluation import score
from fer_models.evaluation.scores import wilson_interval

NAMES = ("neutral", "happiness", "anger", "fear")


def test_score_equals_scikit_learns_and_scipys():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 500)  # nobody shows fear: it has no recall and counts in macro-F1
    probabilities = rng.dirichlet(np.ones(4), 500) + 0.4 * np.eye(4)[labels]
    found = score(labels, probabilities, NAMES, split="PublicTest", label_rule="r")
    predicted = probabilities.argmax(1)
    report = classification_report(
        labels, predicted, labels=range(4), target_names=NAMES, output_dict=True, zero_division=0
    )
    right = int((predicted == labels).sum())
    assert found.accuracy == right / 500 and found.count == 500
    assert found.interval == pytest.approx(tuple(binomtest(right, 500).proportion_ci(method="wilson")))
    assert found.macro_f1 == pytest.approx(report["macro avg"]["f1-score"])
    assert found.recall == pytest.approx({name: report[name]["recall"] for name in NAMES[:3]})


@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (0, 13), (13, 13), (1, 3_199), (3_198, 3_199)])
def test_wilsons_interval_is_scipys_to_its_ends(right, count):
    low, high = wilson_interval(right, count)
    assert (low, high) == pytest.approx(tuple(binomtest(right, count).proportion_ci(method="wilson")))
    assert 0 <= low <= right / count <= high <= 1


def test_a_label_without_faces_is_not_said_to_be_missed():
    labels = np.array([0, 1, 2, 2])
    perfect = score(labels, np.eye(4)[labels], NAMES, split="PublicTest", label_rule="r")
    assert perfect.accuracy == 1 and perfect.recall == {"neutral": 1, "happiness": 1, "anger": 1}
    assert "recognised" not in perfect.sentence()


def test_a_score_is_told_in_a_sentence_with_its_conditions():
    labels = np.array([0, 1, 2, 3])
    found = score(labels, np.eye(4)[[0, 1, 2, 0]], NAMES, split="PublicTest", label_rule="r", note="n")
    assert found.sentence() == (
        "Accuracy 75.0 % on PublicTest, 4 faces labelled by the rule r (95 % interval 30.0 to 95.4 %; "
        "macro-F1 66.6 %; 1 seed; n). It recognised no face of fear."
    )
