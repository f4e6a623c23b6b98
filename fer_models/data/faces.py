"""What a reader of any data set returns."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_models.labels import LabelSet

#: A mean is stored or shown in place of pictures only when it is of so many faces that it is nobody's.
FACES_IN_A_MEAN = 30


class DataError(ValueError):
    """A data set that is missing, incomplete or not what its format says; the message names the file."""


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Faces:
    """Labelled grey faces.

    ``images`` (N, s, s) uint8; ``labels`` (N,) int64; ``targets`` (N, K) float32, rows sum to 1 (votes, or one-hot);
    ``rows`` (N,) the number of each in its official file; ``people`` (N,) the number of who is shown, where known.
    """

    images: np.ndarray
    labels: np.ndarray
    targets: np.ndarray
    rows: np.ndarray
    label_set: LabelSet
    people: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, which: np.ndarray) -> "Faces":
        """Copies of the faces that ``which`` names, by index (M,) or by a mask (N,) of bool."""
        arrays = (self.images[which], self.labels[which], self.targets[which], self.rows[which])
        return Faces(*arrays, self.label_set, None if self.people is None else self.people[which])

    def under(self, label_set: LabelSet) -> "Faces":
        """The same faces with more labels. DataError naming one of theirs that is not in ``label_set``."""
        for label in self.label_set.labels:
            if label not in label_set.labels:
                known = ", ".join(label_set.labels)
                raise DataError(f"'{label}' is none of the labels {known}; say which it means by `labels`.")
        places = np.array([label_set.index(label) for label in self.label_set.labels])
        targets = np.zeros((len(self), len(label_set)), dtype=self.targets.dtype)
        targets[:, places] = self.targets
        return replace(self, labels=places[self.labels], targets=targets, label_set=label_set)


def spread(images: np.ndarray, count: int) -> np.ndarray:
    """``count`` of ``images`` (N, ...), or all where there are fewer, evenly spaced over them."""
    return images[np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)]


def check_classes(where: str, training_labels: np.ndarray, label_set: LabelSet) -> None:
    """DataError, naming the file or folder ``where``, when a class has no training face."""
    empty = np.setdiff1d(np.arange(len(label_set)), training_labels)
    if len(empty):
        missing = ", ".join(label_set.labels[label] for label in empty)
        raise DataError(f"{where} holds no training face of {missing}; no class may be empty.")


def data_folder(folder: str | Path | None = None) -> Path:
    """The folder (or zip file of class folders) given, else FERSCOPE_DATA; DataError when there is none."""
    chosen = folder or os.environ.get("FERSCOPE_DATA")
    if not chosen:
        raise DataError("Say where the data set is, by `data` or by the environment variable FERSCOPE_DATA.")
    path = Path(chosen)
    if not path.is_dir() and not (is_zip(path) and path.is_file()):
        raise DataError(f"There is no folder {chosen}.")
    return path


def is_zip(path: Path) -> bool:
    """Whether a path is named as a zip file."""
    return path.suffix.lower() == ".zip"
