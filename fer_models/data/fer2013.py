"""FER2013 (Goodfellow et al. 2013) and its FERPlus votes (Barsoum et al. 2016), in their official files.

``fer2013.csv``: emotion, pixels (2,304 numbers), Usage. ``fer2013new.csv``: one line of ten votes for every line of the
former. ``leaks.csv`` (ours, optional): numbers of rows whose pixels occur in a test part as well.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_models.data.cache import Table, cached
from fer_models.data.faces import DataError, Faces
from fer_models.data.ferplus import RULES, STANDARD_RULE, VOTE_COLUMNS
from fer_models.data.partition import repeats
from fer_models.labels import FER2013, FERPLUS

SIDE = 48
SPLITS = ("Training", "PublicTest", "PrivateTest")


@dataclass(frozen=True)
class Fer2013:
    """The files as they are: one entry a row of ``fer2013.csv``.

    ``faces`` (N, 48, 48) uint8; ``emotion`` (N,) FER2013 index, or None in FERPlus's own folders; ``usage`` (N,) split
    names; ``votes`` (N, 10) counts in the order of VOTE_COLUMNS, or None without ``fer2013new.csv``; ``leaks`` the row
    numbers of ``leaks.csv``, or None.
    """

    faces: np.ndarray
    emotion: np.ndarray | None
    usage: np.ndarray
    votes: np.ndarray | None
    leaks: frozenset[int] | None


def read_fer2013(folder: str | Path) -> Fer2013:
    """Read the official files in ``folder``; from the cache where they have been read before.

    Raises DataError naming the file and the line when one is missing, cut short, or does not fit the other.
    """
    folder = Path(folder)
    pixels_file, votes_file, leaks_file = (folder / name for name in ("fer2013.csv", "fer2013new.csv", "leaks.csv"))
    has_votes = votes_file.exists()

    def read() -> Table:
        faces, emotion, usage = _read_pixels(pixels_file)
        votes = {"votes": _read_votes(votes_file, usage)} if has_votes else {}
        return faces, {"emotion": emotion, "usage": usage, **votes}

    sources = (pixels_file, votes_file) if has_votes else (pixels_file,)
    faces, facts = cached("fer2013", pixels_file, sources, read)
    leaks = _read_leaks(leaks_file) if leaks_file.exists() else None
    return Fer2013(faces, facts["emotion"], facts["usage"], facts.get("votes"), leaks)


def select_faces(data: Fer2013, split: str, label_rule: str = STANDARD_RULE, keep_leaks: bool = False) -> Faces:
    """Rows of one split with a label by ``label_rule``.

    Training rows that ``leaked_rows`` finds are left out unless ``keep_leaks``; test parts are always whole.

    Raises:
        ValueError: unknown split or rule.
        DataError: the split has no rows, the votes are missing, or which rows are leaked cannot be known.
    """
    if split not in SPLITS:
        raise ValueError(f"A split is one of {', '.join(SPLITS)}, not '{split}'.")
    rows = np.flatnonzero(data.usage == split)
    if not len(rows):
        raise DataError(f"fer2013.csv holds no rows of the split {split}.")
    if split == "Training" and not keep_leaks:
        rows = rows[~leaked_rows(data)[rows]]
    return label_rows(data, rows, label_rule)


def leaked_rows(data: Fer2013) -> np.ndarray:
    """(N,) bool: rows of Training in leaks.csv, and those whose pixels occur in a test part that is there.

    Raises DataError when neither leaks.csv nor both test parts are there: then leaked rows cannot be known.
    """
    if data.leaks is None and not {"PublicTest", "PrivateTest"} <= set(data.usage.tolist()):
        raise DataError(
            "leaks.csv is missing beside fer2013.csv, and without both PublicTest and PrivateTest repeated pictures "
            "cannot be found; put what is missing there, or keep leaked rows knowingly."
        )
    training = data.usage == "Training"
    leaked = np.isin(np.arange(len(training)), list(data.leaks or ()))
    leaked[training] |= repeats(data.faces[training], data.faces[~training])
    return leaked & training


def label_rows(data: Fer2013, rows: np.ndarray, label_rule: str) -> Faces:
    """Those of ``rows`` (N,), indices into the files, that ``label_rule`` gives a label.

    Raises ValueError for an unknown rule, DataError when it needs votes and there are none.
    """
    if label_rule == "fer2013":
        if data.emotion is None:
            raise DataError("FERPlus's own folders do not hold FER2013's labels; fer2013.csv does.")
        labels = data.emotion[rows]
        return Faces(data.faces[rows], labels, np.eye(7, dtype=np.float32)[labels], rows, FER2013)
    if label_rule not in RULES:
        raise ValueError(f"Its label rule is fer2013 or one of {', '.join(RULES)}, not '{label_rule}'.")
    if data.votes is None:
        raise DataError("fer2013new.csv (the FERPlus votes) is missing beside fer2013.csv.")
    labels, targets = RULES[label_rule].label(data.votes[rows])
    kept = labels >= 0
    return Faces(data.faces[rows[kept]], labels[kept], targets[kept], rows[kept], FERPLUS)


def _read_pixels(file: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    faces, emotion, usage = [], [], []
    for line, row in csv_rows(file, ("emotion", "pixels", "Usage")):
        try:
            pixels = np.fromstring(row["pixels"], dtype=np.int64, sep=" ")  # five times as fast as split and int
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


def _read_votes(file: Path, usage: np.ndarray) -> np.ndarray:
    """Votes (N, 10) of the rows whose splits are ``usage`` (N,)."""
    votes, splits, numbers = [], [], []
    for line, row in csv_rows(file, ("Usage", *VOTE_COLUMNS)):
        try:
            votes.append([int(row[column]) for column in VOTE_COLUMNS])
        except ValueError as error:
            raise DataError(f"{file.name}, line {line}: {error}.") from error
        if min(votes[-1]) < 0:
            raise DataError(f"{file.name}, line {line}: a number of votes is negative.")
        splits.append(row["Usage"])
        numbers.append(line)
    if len(votes) != len(usage):
        raise DataError(f"{file.name} has {len(votes)} rows, fer2013.csv {len(usage)}; they must go line by line.")
    if differ := np.flatnonzero(np.array(splits) != usage).tolist():
        raise DataError(
            f"{file.name}, line {numbers[differ[0]]}: a row of {splits[differ[0]]}, but fer2013.csv has one of "
            f"{usage[differ[0]]} there; they must go line by line."
        )
    return np.array(votes)


def _read_leaks(file: Path) -> frozenset[int]:
    try:
        return frozenset(int(row["row"]) for _, row in csv_rows(file, ("row",), may_be_empty=True))
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{file.name}: {error}.") from error


def csv_rows(
    file: Path, columns: tuple[str, ...], optional: tuple[str, ...] = (), may_be_empty: bool = False
) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with the numbers of their last lines, checked to have ``columns`` in every row.

    Columns go by name, in any order and case; spaces around names and values do not count, as Kaggle's files have them.
    Those that are ``optional`` are '' where they are missing.
    """
    empty = True
    wanted = {column.lower(): column for column in (*columns, *optional)}
    try:
        # -sig: spreadsheets may put a byte order mark before the first column's name.
        with open(file, newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            names = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = [wanted.get(name.lower(), name) for name in names]
            absent = [column for column in columns if column not in reader.fieldnames]
            if names and absent:
                raise DataError(f"{file.name}, line 1: no column {', '.join(absent)} among {', '.join(names)}.")
            for row in reader:
                missing = [column for column in columns if row[column] is None]
                if missing:
                    raise DataError(f"{file.name}, line {reader.line_num}: no value for {', '.join(missing)}.")
                empty = False
                yield reader.line_num, {column: (row.get(column) or "").strip() for column in wanted.values()}
    except FileNotFoundError:
        raise DataError(f"{file.name} is missing in {file.parent}.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file.name} cannot be read: {error}.") from error
    if empty and not may_be_empty:
        raise DataError(f"{file.name} is empty.")
