"""FERPlus as its authors' script lays it out (github.com/microsoft/FERPlus): three folders of PNGs with their votes.

``FER2013Train``, ``FER2013Valid`` and ``FER2013Test``, each with ``label.csv``, which has no header: a picture's name,
in the copies that come with the code also its box, then ten votes in the order of VOTE_COLUMNS.
"""

import csv
from pathlib import Path

import numpy as np

from fer_models.data.faces import DataError
from fer_models.data.fer2013 import SIDE, SPLITS, Fer2013
from fer_models.data.ferplus import VOTE_COLUMNS
from fer_models.data.picture_files import FolderFiles
from fer_models.data.pictures import Listing, read_pictures
from fer_models.labels import FERPLUS

_FOLDERS = dict(zip(("FER2013Train", "FER2013Valid", "FER2013Test"), SPLITS, strict=True))
_LABELS = "label.csv"
_WHOLE = f"(0, 0, {SIDE}, {SIDE})"


def is_ferplus_folders(folder: Path) -> bool:
    """Whether a folder holds FERPlus as folders of PNGs, and not as ``fer2013.csv``."""
    return (folder / "FER2013Train" / _LABELS).is_file() and not (folder / "fer2013.csv").exists()


def read_ferplus_folders(folder: Path) -> Fer2013:
    """All pictures that the three ``label.csv`` name, those that are there; from the cache where they were read before.

    Rows are numbered from 0 over all three, without those that FERPlus took out of FER2013: not as in fer2013.csv.
    FER2013's own labels are not known.

    Raises DataError naming the file and the line that is not right, or the pictures that cannot be read.
    """
    # FERPlus names three pictures twice, and its script writes the later one over the other: the later votes are its.
    votes = {
        f"{place}/{name}": counts
        for place in _FOLDERS
        if (folder / place / _LABELS).is_file()
        for name, counts in _rows(folder / place / _LABELS)
    }
    usage = np.array([_FOLDERS[name.partition("/")[0]] for name in votes])
    listing = Listing(FolderFiles(folder), tuple(votes), np.zeros(len(votes), np.int64), usage, FERPLUS)
    faces = read_pictures(listing, "ferplus", side=SIDE, align=False, skip_bad=False).faces
    return Fer2013(faces.images, None, usage, np.array(list(votes.values())), None)


def _rows(file: Path) -> list[tuple[str, list[int]]]:
    """The names and votes of a ``label.csv``."""
    rows = []
    try:
        with open(file, newline="", encoding="utf-8-sig") as lines:
            reader = csv.reader(lines)
            for row in filter(None, reader):
                where = f"{file.parent.name}/{file.name}, line {reader.line_num}"
                name, *box = row[: -len(VOTE_COLUMNS)] or [""]
                if not name.lower().endswith(".png") or "/" in name or "\\" in name or len(box) > 1:
                    raise DataError(f"{where}: a picture's name, its box or none, and ten votes are expected.")
                if box and box != [_WHOLE]:
                    raise DataError(f"{where}: the box is {box[0]}; only whole pictures, {_WHOLE}, are read.")
                try:
                    counts = [int(count) for count in row[-len(VOTE_COLUMNS) :]]
                except ValueError as error:
                    raise DataError(f"{where}: {error}.") from error
                if min(counts) < 0:
                    raise DataError(f"{where}: a number of votes is negative.")
                rows.append((name, counts))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file} cannot be read: {error}.") from error
    if not rows:
        raise DataError(f"{file} is empty.")
    return rows
