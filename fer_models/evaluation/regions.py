"""From which part of the face does a network read each expression? Over a data set, kept as NAME.regions.json.

On faces that the network recognises: what covering each region costs the expression's score, and beside it how much of
Grad-CAM lies there. The regions are the same for every face, and larger ones hide more, see
:mod:`fer_models.face_parts`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.checkpoints import weights_key
from fer_models.data.faces import Faces
from fer_models.evaluation.scores import Advance, check_labels
from fer_models.evaluation.stored import Measured, load_measured
from fer_models.explanation.attribution import attribute
from fer_models.explanation.faithfulness import interval
from fer_models.explanation.regions import RegionShare, cover_regions, shares
from fer_models.face_parts import REGIONS

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

KIND = "regions"
FACES = 60  # of each expression
FILL = "mean"
BATCH = 32  # faces that are looked at before it is seen whether they suffice
METHOD = "grad-cam"  # whose shares stand beside what covering does


class RegionScore(BaseModel):
    """One expression and one region.

    ``change`` of the expression's logit when the region is covered, after less before, mean over ``faces`` faces, with
    its 95 % interval (None of a single face); ``share`` of Grad-CAM's positive part in the region, 0..1, and ``lift``,
    that by the region's area, are means over the same faces.
    """

    model_config = ConfigDict(frozen=True)

    label: str
    region: str
    faces: int
    change: float
    interval: tuple[float, float] | None
    share: float
    lift: float


class RegionScores(Measured):
    """All expressions of a checkpoint, labels in its own order and regions in theirs.

    Only of faces that are recognised; an expression without any is left out.
    """

    split: str
    label_rule: str
    fill: str
    seed: int
    rows: tuple[RegionScore, ...]

    def of(self, label: str) -> dict[str, RegionScore]:
        """Every region of an expression; none for one that was not measured."""
        return {row.region: row for row in self.rows if row.label == label}

    @property
    def labels(self) -> tuple[str, ...]:
        """The expressions that were measured."""
        return tuple(dict.fromkeys(row.label for row in self.rows))


def measure_regions(
    classifier: Classifier,
    faces: Faces,
    *,
    split: str,
    label_rule: str,
    command: str = "",
    count: int = FACES,
    seed: int = 0,
    advance: Advance | None = None,
) -> RegionScores:
    """Measure every expression.

    Args:
        classifier: from load_classifier.
        faces: labelled as the classifier answers.
        split, label_rule: which faces these are.
        command: that can measure it again.
        count: of recognised faces an expression, drawn by chance; all where there are fewer.
        seed: of the draw.
        advance: called with 1 after each label.

    Raises ValueError when the labels are not the classifier's.
    """
    check_labels(classifier, faces)
    drawn = np.random.default_rng(seed).permutation(len(faces))
    rows: list[RegionScore] = []
    for label, name in enumerate(classifier.labels):
        images = _recognised(classifier, faces.images[drawn[faces.labels[drawn] == label]], label, count)
        covering = [cover_regions(classifier, image, label, FILL) for image in images]
        marked = [shares(attribute(classifier, image, METHOD, label).values) for image in images]
        rows += [_score(name, region, covering, marked) for region in REGIONS if images]
        if advance:
            advance(1)
    return RegionScores(
        checkpoint=classifier.card.name,
        weights=weights_key(classifier.file) if classifier.file else "",
        command=command,
        split=split,
        label_rule=label_rule,
        fill=FILL,
        seed=seed,
        rows=tuple(rows),
    )


def load_regions(name: str | os.PathLike[str]) -> RegionScores | None:
    """What is stored beside a checkpoint, see ``load_measured``."""
    return load_measured(name, KIND, RegionScores)


def _recognised(classifier: Classifier, images: np.ndarray, label: int, count: int) -> list[np.ndarray]:
    """The first ``count`` of images (N, s, s), all of one label, that are given it."""
    found: list[np.ndarray] = []
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        found += [*batch[classifier.logits(list(batch)).argmax(1) == label]]
        if len(found) >= count:
            break
    return found[:count]


def _score(
    label: str,
    region: str,
    covering: Sequence[Mapping[str, float]],
    marked: Sequence[Mapping[str, RegionShare]],
) -> RegionScore:
    change, low, high = interval(np.array([face[region] for face in covering]))
    share, lift = np.mean([face[region] for face in marked], 0)
    return RegionScore(
        label=label,
        region=region,
        faces=len(covering),
        change=change,
        interval=(low, high) if len(covering) > 1 else None,
        share=float(share),
        lift=float(lift),
    )
