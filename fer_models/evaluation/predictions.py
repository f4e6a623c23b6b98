"""What a checkpoint answered on every face of a split, stored beside its weights as NAME.SPLIT.npz.

Pages and comparisons compute every figure from these files, without the pictures and without running a network.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_models.atomic import written_aside
from fer_models.checkpoints import CheckpointError, find_checkpoint, list_checkpoints, read_card, reason
from fer_models.data.faces import FACES_IN_A_MEAN, Faces
from fer_models.evaluation.other_data import OtherData
from fer_models.evaluation.report import check_predictions
from fer_models.evaluation.scores import Advance, check_labels, predict_faces

if TYPE_CHECKING:  # what is stored is read without PyTorch
    from fer_models.classifier import Classifier

_SPLIT = re.compile(r"(?!averages$)[A-Za-z0-9_-]+")  # NAME.averages.npz is of another kind


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Predictions:
    """A checkpoint's answers on the faces of a split.

    ``names`` K labels in output order; ``rows`` (N,) the faces' numbers in their official file; ``labels`` (N,) true
    indices by ``label_rule``; ``probabilities`` (N, K) float32. Those that were stored have the precision of fp16, so
    their rows sum to 1 only to about 0.001. ``cells`` has the mean face (s, s) uint8 of each cell (true, predicted) of
    the confusion matrix that holds 30 faces or more. Of another data set than the checkpoint's
    ``other`` says what of it was compared, and ``names`` are the labels in common.
    """

    checkpoint: str
    names: tuple[str, ...]
    split: str
    label_rule: str
    rows: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    cells: Mapping[tuple[int, int], np.ndarray] = field(default_factory=dict)
    other: OtherData | None = None


def predict_split(
    classifier: Classifier, faces: Faces, *, split: str, label_rule: str, advance: Advance | None = None
) -> Predictions:
    """Run a classifier over faces, one view each. ValueError when their labels are not the classifier's."""
    check_labels(classifier, faces)
    probabilities = predict_faces(classifier, faces.images, advance=advance)
    return Predictions(
        checkpoint=classifier.card.name,
        names=classifier.labels,
        split=split,
        label_rule=label_rule,
        rows=faces.rows,
        labels=faces.labels,
        probabilities=probabilities,
        cells=mean_faces(faces.images, faces.labels, probabilities.argmax(1)),
    )


def mean_faces(images: np.ndarray, labels: np.ndarray, predicted: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """Mean of the faces (N, s, s) of every cell (true, predicted) with FACES_IN_A_MEAN of them or more, as uint8."""
    means = {}
    for true, answer in sorted(set(zip(labels.tolist(), predicted.tolist(), strict=True))):
        chosen = images[(labels == true) & (predicted == answer)]
        if len(chosen) >= FACES_IN_A_MEAN:
            means[true, answer] = chosen.mean(0).round().astype(np.uint8)
    return means


def packed(predictions: Predictions) -> dict[str, np.ndarray]:
    """Answers and mean faces as arrays of a file; probabilities become fp16, and no face's predicted label changes."""
    return {
        "rows": predictions.rows.astype(np.int64),
        "labels": predictions.labels.astype(np.uint16),
        "probabilities": half_precision(predictions.probabilities),
        "cells": np.array(list(predictions.cells), dtype=np.uint16).reshape(-1, 2),
        "cell_faces": np.array(list(predictions.cells.values()), dtype=np.uint8),
    }


def unpacked(stored: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """What :func:`packed` stored, by the fields of Predictions. KeyError, TypeError, ValueError: damaged."""
    return {
        "rows": stored["rows"],
        "labels": stored["labels"].astype(np.int64, casting="safe"),
        "probabilities": stored["probabilities"].astype(np.float32, casting="safe"),
        "cells": {
            (int(true), int(answer)): face
            for (true, answer), face in zip(stored["cells"], stored["cell_faces"], strict=True)
        },
    }


def save_predictions(predictions: Predictions, weights: Path) -> Path:
    """Write predictions beside the weights that made them; returns the file.

    Probabilities become fp16, but no face's predicted label changes by that.

    Raises ValueError (a split that is no name), OSError.
    """
    file = _file(weights, predictions.split)
    with written_aside(file) as aside, open(aside, "wb") as stream:
        np.savez_compressed(
            stream,
            split=np.array(predictions.split),
            label_rule=np.array(predictions.label_rule),
            weights_sha256=np.array(_sha256(weights)),
            **packed(predictions),  # type: ignore[arg-type]
        )
    return file


def load_predictions(name: str | os.PathLike[str], split: str = "PublicTest") -> Predictions:
    """The stored predictions of a checkpoint, given by name or by the path of its weights.

    Raises CheckpointError: no such checkpoint; none stored for this split; a file that is damaged, or that belongs to
    other weights or other labels than the checkpoint now has.
    """
    weights, card = find_checkpoint(name), read_card(name)
    if not _SPLIT.fullmatch(split):
        raise CheckpointError(f"No predictions on {split!r} are stored with {card.name}.")
    file = _file(weights, split)
    anew = f"'ferscope evaluate {name} --split {split} --store' makes them"
    if not file.is_file():
        raise CheckpointError(f"No predictions on {split} are stored with {card.name}; {anew}.")
    try:
        # Opened here, because np.load leaves a file open that turns out to be no archive.
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
            found = Predictions(
                checkpoint=card.name,
                names=card.labels,
                split=str(stored["split"]),
                label_rule=str(stored["label_rule"]),
                **unpacked(stored),
            )
            made_by = str(stored["weights_sha256"])
        if made_by != _sha256(weights):
            raise CheckpointError(f"The predictions {file.name} are of other weights than {weights.name}; {anew} anew.")
        if found.split != split or found.rows.shape != found.labels.shape:
            raise ValueError("its parts do not fit one another")
        check_predictions(found.labels, found.probabilities, len(card.labels))
    except CheckpointError:
        raise
    # np.load gives an array instead of an archive for a plain .npy file: TypeError, as for values of another kind.
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        why = reason(error).rstrip(".")
        raise CheckpointError(f"The predictions {file.name} are damaged ({why}); {anew} anew.") from error
    return found


def list_predictions() -> list[tuple[str, str]]:
    """Name and split of all predictions stored beside the checkpoints that ``list_checkpoints`` names, sorted."""
    return sorted(
        (name, split)
        for name in list_checkpoints()
        for file in find_checkpoint(name).parent.glob("*.npz")
        if _SPLIT.fullmatch(split := file.name.removeprefix(f"{name}.").removesuffix(".npz"))
        and file.name == f"{name}.{split}.npz"
    )


def _file(weights: Path, split: str) -> Path:
    if not _SPLIT.fullmatch(split):
        raise ValueError(
            "The name of a split has letters, digits, - and _ only, and is not 'averages'; "
            f"'{split}' cannot name a file."
        )
    return weights.with_suffix(f".{split}.npz")


def half_precision(probabilities: np.ndarray) -> np.ndarray:
    half, winner = probabilities.astype(np.float16), probabilities.argmax(1)
    # Rounding keeps order, but may make the winner equal to an earlier label, which argmax would then prefer.
    lost = np.flatnonzero(half.argmax(1) != winner)
    half[lost, winner[lost]] = np.nextafter(half[lost, winner[lost]], np.float16(1))
    return half


def _sha256(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
