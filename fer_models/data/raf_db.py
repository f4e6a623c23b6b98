"""RAF-DB (Li, Deng, Du 2017), its basic expressions: aligned faces of 100 pixels and one list of labels."""

from pathlib import Path

import numpy as np

from fer_models.data.class_folders import list_class_folders
from fer_models.data.class_names import NUMBERED
from fer_models.data.faces import DataError
from fer_models.data.picture_files import FolderFiles, picture_files
from fer_models.data.pictures import Listing
from fer_models.labels import RAF_DB

SIDE = 100
LABEL_FILE = "list_patition_label.txt"  # spelt so in the data set


def list_raf_db(folder: Path) -> Listing:
    """The pictures that ``list_patition_label.txt`` names, as `Image/aligned/NAME_aligned.jpg`.

    ``folder`` is the official `basic` folder (the list in `EmoLabel`), one that holds it, or its `Image` or `aligned`;
    or one with folders `train/1` to `train/7` and `test/1` to `test/7`, as copies have them.

    Raises DataError naming the file or the line that is missing or wrong.
    """
    if next((place for way in ("", "*/") for place in folder.glob(f"{way}[Tt]rain/[1-7]")), None):
        return _list_numbered(folder)
    label_file, aligned = _find_label_file(folder), _find_aligned(folder)
    names, labels, parts = [], [], []
    for line, text in _lines(label_file):
        name, _, number = text.partition(" ")
        part = name.partition("_")[0]
        if part not in ("train", "test") or not name.endswith(".jpg") or "/" in name:
            raise DataError(f"{LABEL_FILE}, line {line}: 'train_00001.jpg 5' is the form, not '{text}'.")
        if number.strip() not in map(str, range(1, len(RAF_DB) + 1)):
            raise DataError(f"{LABEL_FILE}, line {line}: the label is 1 to {len(RAF_DB)}, not '{number}'.")
        names.append(f"{name.removesuffix('.jpg')}_aligned.jpg")
        labels.append(int(number) - 1)
        parts.append(part)
    if not names:
        raise DataError(f"{label_file} is empty.")
    if len(set(names)) < len(names):
        raise DataError(f"{label_file} names a picture twice.")
    return Listing(FolderFiles(aligned), tuple(names), np.array(labels), np.array(parts), RAF_DB)


def _list_numbered(folder: Path) -> Listing:
    """Pictures in folders that are called by RAF-DB's numbers, in the order of the official list."""
    listing = list_class_folders(picture_files(folder), NUMBERED["raf-db"])
    if set(listing.label_set.labels) != set(RAF_DB.labels):
        raise DataError(f"{folder} is not RAF-DB in folders: train/1 to train/7 and test/1 to test/7 are expected.")
    official = np.array([RAF_DB.index(label) for label in listing.label_set.labels])
    order = sorted(
        range(len(listing.names)), key=lambda place: (listing.parts[place] != "train", Path(listing.names[place]).name)
    )
    return Listing(
        listing.files,
        tuple(listing.names[place] for place in order),
        official[listing.labels[order]],
        listing.parts[order],
        RAF_DB,
        ignored=listing.ignored,
    )


def _find_label_file(folder: Path) -> Path:
    places = (folder, folder / "basic", folder.parent, folder.parent.parent)
    candidates = [place / inside / LABEL_FILE for place in places for inside in ("", "EmoLabel")]
    found = [file for file in candidates if file.is_file()]
    if not found:
        raise DataError(f"{LABEL_FILE} (RAF-DB's labels) is missing in {folder} and above it.")
    return found[0]


def _find_aligned(folder: Path) -> Path:
    candidates = [folder / inside for inside in ("Image/aligned", "basic/Image/aligned", "aligned", "")]
    for place in candidates:
        if next(place.glob("*_aligned.jpg"), None):
            return place
    raise DataError(f"RAF-DB's aligned faces (Image/aligned/train_00001_aligned.jpg ...) are missing in {folder}.")


def _lines(file: Path) -> list[tuple[int, str]]:
    """Lines with their numbers, but for blank ones."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        return [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file.name} cannot be read: {error}.") from error
