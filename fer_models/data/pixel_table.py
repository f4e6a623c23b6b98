"""Faces as rows of a CSV file, as Kaggle's copies of FER2013 have them: emotion, pixels and, or not, Usage."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_models.data.cache import Table, cached
from fer_models.data.faces import DataError
from fer_models.data.fer2013 import csv_rows
from fer_models.labels import FER2013, expression

_COLUMNS = ("emotion", "pixels")


@dataclass(frozen=True)
class PixelTable:
    """The rows of such a file.

    ``faces`` (N, s, s) uint8; ``names`` (N,) of their labels; ``parts`` (N,) what Usage says, or ''.
    """

    faces: np.ndarray
    names: np.ndarray
    parts: np.ndarray


def find_pixel_table(place: Path) -> Path | None:
    """``place`` itself if it is a CSV file, or the only one directly in it that has the columns; else None.

    Raises DataError where several have them.
    """
    if place.suffix.lower() == ".csv" and place.is_file():
        return place
    found = [file for file in sorted(place.glob("*.csv")) if _has_columns(file)] if place.is_dir() else []
    if len(found) > 1:
        raise DataError(f"{place} holds several tables: {', '.join(file.name for file in found)}; name one of them.")
    return found[0] if found else None


def read_pixel_table(file: Path) -> PixelTable:
    """Read all rows; from the cache where they have been read before.

    An emotion is a number in FER2013's order, 0 to 6, or an expression's name.

    Raises DataError naming the file and the line where one is not so, or where its faces are not square or not of one
    size.
    """
    faces, facts = cached("table", file, [file], lambda: _read(file))
    return PixelTable(faces, facts["names"], facts["parts"])


def _read(file: Path) -> Table:
    faces: list[np.ndarray] = []
    names, parts = [], []
    for line, row in csv_rows(file, _COLUMNS, optional=("Usage",)):
        try:
            pixels = np.fromstring(row["pixels"], dtype=np.int64, sep=" ")
        except ValueError as error:
            raise DataError(f"{file.name}, line {line}: {error}.") from error
        side = math.isqrt(len(pixels))
        if not side or side**2 != len(pixels) or pixels.min() < 0 or pixels.max() > 255:
            raise DataError(
                f"{file.name}, line {line}: the values of a square, 0 to 255, are expected, not these {len(pixels)}."
            )
        if faces and side != len(faces[0]):
            raise DataError(f"{file.name}, line {line}: {side} pixels wide, but {len(faces[0])} in the lines before.")
        faces.append(pixels.astype(np.uint8).reshape(side, side))
        names.append(_label(file, line, row["emotion"]))
        parts.append(row["Usage"])
    return np.stack(faces), {"names": np.array(names), "parts": np.array(parts)}


def _label(file: Path, line: int, emotion: str) -> str:
    if emotion.isdecimal() and int(emotion) < len(FER2013):
        return FER2013.labels[int(emotion)]
    label = expression(emotion)
    if label is None:
        raise DataError(f"{file.name}, line {line}: emotion '{emotion}' is neither 0 to 6 nor an expression.")
    return label


def _has_columns(file: Path) -> bool:
    try:
        with open(file, newline="", encoding="utf-8-sig") as lines:
            head = {name.strip().lower() for name in next(csv.reader(lines), [])}
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    return head.issuperset(_COLUMNS)
