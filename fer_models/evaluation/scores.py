"""One score of a checkpoint on a split, as its card states it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from fer_models.card import Score
from fer_models.data.faces import Faces
from fer_models.evaluation.confusion import Confusion

if TYPE_CHECKING:  # scores of stored answers need no PyTorch
    from torch import Tensor

    from fer_models.classifier import Classifier

#: Standard normal quantile of 95 % intervals.
Z = NormalDist().inv_cdf(0.975)

#: Called with the number of faces just done, for a progress bar.
Advance = Callable[[int], None]


def predict_faces(
    classifier: Classifier,
    images: np.ndarray,
    batch_size: int = 256,
    *,
    outputs: Sequence[int] | None = None,
    advance: Advance | None = None,
) -> np.ndarray:
    """Probabilities (N, K) float32 of grey source-side faces (N, s, s) uint8: one view, no test-time augmentation.

    With ``outputs`` the network can answer with these K of its labels only, by their indices.
    """
    from fer_models.classifier import as_array

    logits = face_logits(classifier, images, batch_size, advance=advance)
    return as_array((logits if outputs is None else logits[:, list(outputs)]).softmax(1))


def face_logits(
    classifier: Classifier, images: np.ndarray, batch_size: int = 256, *, advance: Advance | None = None
) -> Tensor:
    """Scores before the softmax, (N, K), of grey source-side faces (N, s, s) uint8; a batch at a time."""
    import torch

    parts = []
    with torch.inference_mode():
        for faces in torch.from_numpy(images).split(batch_size):
            parts.append(classifier.network(classifier.to_input(faces)))
            if advance:
                advance(len(faces))
        return torch.cat(parts)


def score(
    labels: np.ndarray,
    probabilities: np.ndarray,
    names: tuple[str, ...],
    *,
    split: str,
    label_rule: str,
    note: str = "",
) -> Score:
    """Accuracy with its 95 % Wilson interval, macro-F1 and recall of every label.

    Args:
        labels: (N,) true indices.
        probabilities: (N, K).
        names: K labels.

    A label without pictures counts in macro-F1 as 0, as in scikit-learn; it has no recall and is left out there.
    """
    confusion = Confusion.of(labels, probabilities.argmax(1), len(names))
    return Score(
        split=split,
        label_rule=label_rule,
        count=len(labels),
        accuracy=float(confusion.accuracy),
        interval=wilson_interval(int(confusion.right.sum()), len(labels)),
        macro_f1=float(confusion.macro_f1),
        recall={
            name: float(recall)
            for name, recall, faces in zip(names, confusion.recall, confusion.support, strict=True)
            if faces
        },
        note=note,
    )


def wilson_interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of the share ``right / count`` (Wilson 1927)."""
    share, z2 = right / count, Z**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    # At the ends the two are equal, but for rounding.
    return (0.0 if right == 0 else centre - half), (1.0 if right == count else centre + half)


def evaluate(classifier: Classifier, faces: Faces, *, split: str, label_rule: str, note: str = "") -> Score:
    """Score a classifier on faces with the same labels. ValueError when the labels differ."""
    check_labels(classifier, faces)
    probabilities = predict_faces(classifier, faces.images)
    return score(faces.labels, probabilities, classifier.labels, split=split, label_rule=label_rule, note=note)


def check_labels(classifier: Classifier, faces: Faces, outputs: Sequence[int] | None = None) -> None:
    """ValueError when a classifier's labels, or those of ``outputs``, are not in the same order those of the faces."""
    labels = classifier.labels if outputs is None else tuple(classifier.labels[output] for output in outputs)
    if labels != faces.label_set.labels:
        raise ValueError(
            f"{classifier.card.name} answers with {', '.join(classifier.labels)}; "
            f"these faces are labelled {', '.join(faces.label_set.labels)}."
        )
