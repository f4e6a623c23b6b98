"""What a job has changed: answers of its start and of its result to the pictures that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.atomic import written_aside
from fer_models.data.faces import Faces
from fer_models.evaluation.confusion import Confusion
from fer_models.jobs.spec import Spec

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

COMPARISON = "comparison.json"  # in a job's folder


class Comparison(BaseModel):
    """Two confusion matrices (K, K): a row for every true label, a column for every answer, in the order of ``labels``.

    The start answers with those of the labels that it knows; ``unknown`` are the others, for which it cannot be right.
    It is None where it knows fewer than two. ``part`` says which pictures these are.
    """

    model_config = ConfigDict(frozen=True)

    labels: tuple[str, ...]
    unknown: tuple[str, ...]
    part: str
    before: tuple[tuple[int, ...], ...] | None
    after: tuple[tuple[int, ...], ...]

    def confusions(self) -> tuple[Confusion | None, Confusion]:
        """Before and after, from which every score follows."""
        before = None if self.before is None else Confusion(np.array(self.before))
        return before, Confusion(np.array(self.after))


def compare(spec: Spec, weights: Path) -> Comparison:
    """Ask the checkpoint that a job started from, and the ``weights`` that it ended with."""
    # PyTorch comes with these; a page that only reads comparisons does without.
    from fer_models.classifier import load_classifier
    from fer_models.training.partition import plan, read_for

    start, result = load_classifier(spec.checkpoint), load_classifier(weights)
    planned = plan(read_for(spec.recipe, spec.data, start=start.card), spec.recipe, start.card)
    labels, faces = result.labels, planned.scored
    known = [label for label in labels if label in start.labels]
    return Comparison(
        labels=labels,
        unknown=tuple(label for label in labels if label not in known),
        part=planned.scored_name,
        before=_matrix(start, faces, labels, known) if len(known) > 1 else None,
        after=_matrix(result, faces, labels, labels),
    )


def _matrix(
    classifier: Classifier, faces: Faces, labels: Sequence[str], known: Sequence[str]
) -> tuple[tuple[int, ...], ...]:
    """Counts of answers to ``faces``, which are labelled with ``labels``, where only the ``known`` may be answered."""
    from fer_models.evaluation.scores import predict_faces

    outputs = [classifier.labels.index(label) for label in known]
    answers = predict_faces(classifier, faces.images, outputs=outputs).argmax(1)
    places = np.array([labels.index(label) for label in known])
    counts = Confusion.of(faces.labels, places[answers], len(labels)).counts
    return tuple(map(tuple, counts.tolist()))


def write_comparison(folder: Path, spec: Spec, weights: Path) -> None:
    """Compare, and keep it in a job's folder: its pictures may be deleted now."""
    with written_aside(folder / COMPARISON) as aside:
        aside.write_text(compare(spec, weights).model_dump_json() + "\n", encoding="utf-8")


def read_comparison(folder: Path) -> Comparison | None:
    """What ``write_comparison`` kept; None where it did not."""
    file = folder / COMPARISON
    return Comparison.model_validate_json(file.read_text(encoding="utf-8")) if file.exists() else None
