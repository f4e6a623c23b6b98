"""Robustness: accuracy on changed copies of the same faces, and what each change costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.card import Score
from fer_models.data.faces import Faces
from fer_models.evaluation.comparison import paired_interval
from fer_models.evaluation.distortions import DISTORTIONS, Distortion
from fer_models.evaluation.scores import Advance, check_labels, predict_faces, score

if TYPE_CHECKING:
    from fer_models.classifier import Classifier


class RobustnessScore(BaseModel):
    """Score under one distortion; ``drop`` is the clean accuracy minus this one, with its paired 95 % interval."""

    model_config = ConfigDict(frozen=True)

    name: str
    parameter: str
    score: Score
    drop: float
    drop_interval: tuple[float, float]


def measure_robustness(
    classifier: Classifier,
    faces: Faces,
    *,
    split: str,
    label_rule: str,
    distortions: Sequence[Distortion] = DISTORTIONS,
    clean: np.ndarray | None = None,
    seed: int = 0,
    outputs: Sequence[int] | None = None,
    advance: Advance | None = None,
) -> list[RobustnessScore]:
    """Score a classifier on faces distorted at the source side, in the order of ``distortions``.

    Args:
        classifier, faces: with the same labels, else ValueError.
        split, label_rule: of the faces, for the scores.
        distortions: what to do to the faces.
        clean: (N, K) probabilities of the faces as they are, if they are known already.
        seed: of the noise.
        outputs: the labels that the network can answer with, by their indices, if not with all.
        advance: called with the number of faces just done.
    """
    check_labels(classifier, faces, outputs)
    if clean is None:
        clean = predict_faces(classifier, faces.images, outputs=outputs, advance=advance)
    clean_right = clean.argmax(1) == faces.labels
    found = []
    for distortion in distortions:
        probabilities = predict_faces(classifier, distortion(faces.images, seed), outputs=outputs, advance=advance)
        right = probabilities.argmax(1) == faces.labels
        lost, won = int((clean_right & ~right).sum()), int((right & ~clean_right).sum())
        found.append(
            RobustnessScore(
                name=distortion.name,
                parameter=distortion.parameter,
                score=score(
                    faces.labels,
                    probabilities,
                    faces.label_set.labels,
                    split=split,
                    label_rule=label_rule,
                    note=f"{distortion.name}, {distortion.parameter}",
                ),
                drop=(lost - won) / len(faces),
                drop_interval=paired_interval(lost, won, len(faces)),
            )
        )
    return found
