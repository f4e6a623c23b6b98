"""FER2013 (Goodfellow et al. 2013) and its FERPlus votes (Barsoum et al. 2016), in their official files.

``fer2013.csv``: emotion, pixels (2,304 numbers), Usage. ``fer2013new.csv``: one line of ten votes for every line of the
former. ``leaks.csv`` (ours, optional): numbers of rows whose pixels occur in a test part as well.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_models.data.faces import DataError, Faces
from fer_models.labels import FER2013, FERPLUS

SIDE = 48
SPLITS = ("Training", "PublicTest", "PrivateTest")
VOTE_COLUMNS = (*FERPLUS.labels, "unknown", "NF")
LABEL_RULES = ("ferplus-majority", "fer2013")


@dataclass(frozen=True)
class Fer2013:
    """The files as they are: one entry a row of ``fer2013.csv``.

    ``faces`` (N, 48, 48) uint8; ``emotion`` (N,) FER2013 index; ``usage`` (N,) split names; ``votes`` (N, 10) counts in
    the order of VOTE_COLUMNS, or None without ``fer2013new.csv``; ``leaks`` the row numbers of ``leaks.csv``, or None.
    """

    faces: np.ndarray
    emotion: np.ndarray
    usage: np.ndarray
    votes: np.ndarray | None
    leaks: frozenset[int] | None


def read_fer2013(folder: str | Path) -> Fer2013:
    """Read the official files in ``folder``.

    Raises DataError naming the file and the line when one is missing, cut short, or does not fit the other.
    """
    folder = Path(folder)
    faces, emotion, usage = _read_pixels(folder / "fer2013.csv")
    votes_file, leaks_file = folder / "fer2013new.csv", folder / "leaks.csv"
    votes = _read_votes(votes_file, len(faces)) if votes_file.exists() else None
    leaks = _read_leaks(leaks_file) if leaks_file.exists() else None
    return Fer2013(faces, emotion, usage, votes, leaks)


def select_faces(data: Fer2013, split: str, label_rule: str = "ferplus-majority", keep_leaks: bool = False) -> Faces:
    """Rows of one split with a label by ``label_rule``.

    Training rows whose pixels occur in a test part are left out unless ``keep_leaks``; test parts are always whole.

    Raises:
        ValueError: unknown split or rule.
        DataError: the split has no rows, the votes are missing, or leaks.csv is.
    """
    if split not in SPLITS:
        raise ValueError(f"A split is one of {', '.join(SPLITS)}, not '{split}'.")
    if label_rule not in LABEL_RULES:
        raise ValueError(f"A label rule is one of {', '.join(LABEL_RULES)}, not '{label_rule}'.")
    rows = np.flatnonzero(data.usage == split)
    if not len(rows):
        raise DataError(f"fer2013.csv holds no rows of the split {split}.")
    if split == "Training" and not keep_leaks:
        if data.leaks is None:
            raise DataError("leaks.csv is missing beside fer2013.csv; put it there, or keep leaked rows knowingly.")
        rows = rows[~np.isin(rows, list(data.leaks))]
    if label_rule == "fer2013":
        labels = data.emotion[rows]
        return Faces(data.faces[rows], labels, np.eye(7, dtype=np.float32)[labels], rows, FER2013)
    if data.votes is None:
        raise DataError("fer2013new.csv (the FERPlus votes) is missing beside fer2013.csv.")
    labels, targets = majority(data.votes[rows])
    kept = labels >= 0
    return Faces(data.faces[rows[kept]], labels[kept], targets[kept], rows[kept], FERPLUS)


def majority(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """FERPlus's ``majority`` rule: drop single votes; keep a row if its top column has more than half of what remains
    (over all ten columns) and is one of the eight expressions.

    Args:
        votes: (N, 10) counts in the order of VOTE_COLUMNS.

    Returns: labels (N,) int64, -1 where the rule keeps nothing; soft targets (N, 8) float32, each row the remaining
    votes for the eight expressions divided by their sum (zeros where there are none).
    """
    remaining = np.where(votes <= 1, 0, votes)
    top = remaining.argmax(1)
    kept = (remaining.max(1) > remaining.sum(1) / 2) & (top < len(FERPLUS))
    expressions = remaining[:, : len(FERPLUS)].astype(np.float32)
    targets = expressions / np.maximum(expressions.sum(1, keepdims=True), 1)
    return np.where(kept, top, -1).astype(np.int64), targets


def _read_pixels(file: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    faces, emotion, usage = [], [], []
    for line, row in _rows(file, ("emotion", "pixels", "Usage")):
        try:
            pixels = np.array(row["pixels"].split(), dtype=np.int64)
            label = int(row["emotion"])
        except ValueError as error:
            raise DataError(f"{file.name}, line {line}: {error}.") from error
        if len(pixels) != SIDE * SIDE or pixels.min() < 0 or pixels.max() > 255:
            raise DataError(f"{file.name}, line {line}: 2304 values from 0 to 255 expected, {len(pixels)} found.")
        if not 0 <= label < len(FER2013):
            raise DataError(f"{file.name}, line {line}: emotion {label} is not 0 to 6.")
        if row["Usage"] not in SPLITS:
            raise DataError(f"{file.name}, line {line}: Usage '{row['Usage']}' is not one of {', '.join(SPLITS)}.")
        faces.append(pixels.astype(np.uint8).reshape(SIDE, SIDE))
        emotion.append(label)
        usage.append(row["Usage"])
    return np.stack(faces), np.array(emotion), np.array(usage)


def _read_votes(file: Path, expected: int) -> np.ndarray:
    votes = []
    for line, row in _rows(file, VOTE_COLUMNS):
        try:
            votes.append([int(row[column]) for column in VOTE_COLUMNS])
        except ValueError as error:
            raise DataError(f"{file.name}, line {line}: {error}.") from error
    if len(votes) != expected:
        raise DataError(f"{file.name} has {len(votes)} rows, fer2013.csv {expected}; they must go line by line.")
    return np.array(votes)


def _read_leaks(file: Path) -> frozenset[int]:
    rows = _rows(file, ("row",), may_be_empty=True)
    try:
        return frozenset(int(row["row"]) for _, row in rows)
    except ValueError as error:
        raise DataError(f"{file.name}: {error}.") from error


def _rows(file: Path, columns: tuple[str, ...], may_be_empty: bool = False) -> list[tuple[int, dict[str, str]]]:
    """Lines of a CSV file with their numbers, checked to have ``columns`` in every line."""
    try:
        with open(file, newline="", encoding="utf-8") as lines:
            rows = list(enumerate(csv.DictReader(lines), start=2))
    except FileNotFoundError:
        raise DataError(f"{file.name} is missing in {file.parent}.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file.name} cannot be read: {error}.") from error
    if not rows and not may_be_empty:
        raise DataError(f"{file.name} is empty.")
    for line, row in rows:
        missing = [column for column in columns if row.get(column) is None]
        if missing:
            raise DataError(f"{file.name}, line {line}: no value for {', '.join(missing)}.")
    return rows
