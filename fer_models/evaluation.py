"""Scores of a checkpoint on a split, computed by scikit-learn and SciPy."""

import numpy as np
import torch
from scipy.stats import binomtest
from sklearn.metrics import f1_score, recall_score

from fer_models.card import Score
from fer_models.classifier import Classifier
from fer_models.data.faces import Faces
from fer_models.preprocessing import to_input


def predict_faces(classifier: Classifier, images: np.ndarray, batch_size: int = 256) -> np.ndarray:
    """Probabilities (N, K) float32 of grey source-side faces (N, s, s) uint8: one view, no test-time augmentation."""
    parts = []
    with torch.inference_mode():
        for faces in torch.from_numpy(images).split(batch_size):
            parts.append(classifier.network(to_input(faces, classifier.card.preprocessing)).softmax(1))
    return torch.cat(parts).numpy()


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

    A label without pictures has recall 0 and counts in macro-F1 as 0.
    """
    predicted, every = probabilities.argmax(1), list(range(len(names)))
    right = int((predicted == labels).sum())
    interval = binomtest(right, len(labels)).proportion_ci(0.95, method="wilson")
    recall = recall_score(labels, predicted, labels=every, average=None, zero_division=0)
    return Score(
        split=split,
        label_rule=label_rule,
        count=len(labels),
        accuracy=right / len(labels),
        interval=(interval.low, interval.high),
        macro_f1=f1_score(labels, predicted, labels=every, average="macro", zero_division=0),
        recall=dict(zip(names, map(float, recall), strict=True)),
        note=note,
    )


def evaluate(classifier: Classifier, faces: Faces, *, split: str, label_rule: str, note: str = "") -> Score:
    """Score a classifier on faces with the same labels. ValueError when the labels differ."""
    if classifier.labels != faces.label_set.labels:
        raise ValueError(
            f"{classifier.card.name} answers with {', '.join(classifier.labels)}; "
            f"these faces are labelled {', '.join(faces.label_set.labels)}."
        )
    probabilities = predict_faces(classifier, faces.images)
    return score(faces.labels, probabilities, classifier.labels, split=split, label_rule=label_rule, note=note)
