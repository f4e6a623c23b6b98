"""The confusion matrix, from which every score of answers follows."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Confusion:
    """Numbers of faces, ``counts`` (..., K, K): a row for every true label, a column for every answer.

    Leading axes hold several matrices, as resamples of the bootstrap do; every score then has them too. Scores are
    shares, 0 to 1; a share of no faces is 0, as scikit-learn has it.
    """

    counts: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, answers: np.ndarray, classes: int) -> "Confusion":
        """Of answers (N,) to faces with ``labels`` (N,), both indices below ``classes``."""
        cells = np.bincount(labels.astype(np.int64) * classes + answers, minlength=classes**2)
        return cls(cells.reshape(classes, classes))

    @property
    def count(self) -> np.ndarray:
        """(...) all faces."""
        return self.counts.sum((-2, -1))

    @property
    def right(self) -> np.ndarray:
        """(..., K) faces of each label that were answered with it."""
        return np.diagonal(self.counts, axis1=-2, axis2=-1)

    @property
    def support(self) -> np.ndarray:
        """(..., K) faces of each label."""
        return self.counts.sum(-1)

    @property
    def answered(self) -> np.ndarray:
        """(..., K) faces that were answered with each label."""
        return self.counts.sum(-2)

    @property
    def accuracy(self) -> np.ndarray:
        """(...) share of right answers."""
        return _share(self.right.sum(-1), self.count)

    @property
    def recall(self) -> np.ndarray:
        """(..., K) share of each label's faces that were answered with it."""
        return _share(self.right, self.support)

    @property
    def precision(self) -> np.ndarray:
        """(..., K) share of the answers with each label that were right."""
        return _share(self.right, self.answered)

    @property
    def f1(self) -> np.ndarray:
        """(..., K) harmonic mean of precision and recall."""
        return _share(2 * self.right, self.support + self.answered)

    @property
    def macro_f1(self) -> np.ndarray:
        """(...) mean of all labels' F1, also of those that are neither shown nor answered."""
        return self.f1.mean(-1)

    @property
    def row_shares(self) -> np.ndarray:
        """(..., K, K) each cell as a share of its row."""
        return _share(self.counts, self.support[..., None])

    def weighted(self, scores: np.ndarray) -> np.ndarray:
        """(...) mean of scores (..., K) of the labels, weighted by their faces."""
        return _share((scores * self.support).sum(-1), self.count)

    def resampled(self, resamples: int, seed: int) -> "Confusion":
        """Matrices (resamples, K, K) of as many faces, drawn with replacement from those of one matrix (K, K).

        Drawing N faces with replacement and counting them by cell is one draw of a multinomial over the cells.
        """
        count = int(self.count)
        drawn = np.random.default_rng(seed).multinomial(count, self.counts.ravel() / count, size=resamples)
        return Confusion(drawn.reshape(resamples, *self.counts.shape))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)  # a whole of no faces has no part
