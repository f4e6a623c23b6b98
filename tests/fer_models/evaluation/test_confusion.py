"""Every score of a confusion matrix against scikit-learn, and with several matrices at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from fer_models.evaluation import Confusion

#: Labels and answers of some faces; some labels may be neither shown nor answered.
FACES = st.integers(2, 6).flatmap(
    lambda classes: st.tuples(
        st.just(classes),
        st.lists(st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)), min_size=1, max_size=40),
    )
)


@settings(deadline=None, max_examples=60)
@given(FACES)
def test_every_score_is_scikit_learns(faces):
    classes, pairs = faces
    labels, answers = np.array(pairs).T
    found, every = Confusion.of(labels, answers, classes), range(classes)
    assert np.array_equal(found.counts, confusion_matrix(labels, answers, labels=every))
    assert found.count == len(pairs) and found.accuracy == pytest.approx(accuracy_score(labels, answers))
    scores = precision_recall_fscore_support(labels, answers, labels=every, average=None, zero_division=0)
    for ours, theirs in zip((found.precision, found.recall, found.f1, found.support), scores, strict=True):
        assert ours == pytest.approx(theirs)
    assert found.macro_f1 == pytest.approx(f1_score(labels, answers, labels=every, average="macro", zero_division=0))
    weighted = f1_score(labels, answers, labels=every, average="weighted", zero_division=0)
    assert found.weighted(found.f1) == pytest.approx(weighted)
    shown = found.support > 0
    normalised = confusion_matrix(labels, answers, labels=every, normalize="true")
    assert found.row_shares[shown] == pytest.approx(normalised[shown]) and not found.row_shares[~shown].any()
    assert found.answered.tolist() == np.bincount(answers, minlength=classes).tolist()


def test_several_matrices_have_the_scores_of_each():
    counts = np.random.default_rng(0).integers(0, 9, size=(5, 3, 3))
    counts[0, 1] = counts[1, :, 2] = 0
    together = Confusion(counts)
    for name in ("count", "accuracy", "recall", "precision", "f1", "macro_f1", "row_shares"):
        one_by_one = [getattr(Confusion(matrix), name) for matrix in counts]
        np.testing.assert_allclose(getattr(together, name), one_by_one)
    np.testing.assert_allclose(
        together.weighted(together.recall), [np.trace(matrix) / matrix.sum() for matrix in counts]
    )


def test_resamples_have_as_many_faces_in_the_cells_that_have_some():
    counts = np.array([[40, 0], [10, 50]])
    drawn = Confusion(counts).resampled(400, seed=1)
    assert drawn.count.tolist() == [100] * 400 and not drawn.counts[:, 0, 1].any()
    assert drawn.counts.mean(0) == pytest.approx(counts, abs=1.5)  # five standard errors
    assert drawn.counts.std(0)[1, 0] == pytest.approx(3, abs=0.5)  # of a binomial, 100 faces at 0.1
