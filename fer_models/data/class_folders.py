"""Pictures in one folder a class, below train/, val/ and test/ or not: people's own data, and FER2013's repack."""

from collections import defaultdict
from pathlib import PurePosixPath

import numpy as np

from fer_models.data.faces import DataError
from fer_models.data.picture_files import PictureFiles
from fer_models.data.pictures import Listing
from fer_models.labels import FER2013, FERPLUS, LabelSet, expression

_PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "dev": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "eval": "test",
    "testing": "test",
}
_LONGEST_LABEL = 60


def list_class_folders(files: PictureFiles) -> Listing:
    """The pictures of a folder, or zip, of class folders.

    Labels are those that the folders' names spell ('happy', 'Anger'); with all of FER2013's seven or FERPlus's eight,
    in that set's order. Where a name is no expression, all folders' names are the labels, sorted. Every file below a
    class folder, at any depth, is taken for a picture. A single folder around everything is looked through, whatever
    files lie beside it. Parts may spell a class differently ('Angry', 'anger'); only train must have all classes.

    Raises DataError naming the folder that is missing, empty, or of a class that train has not.
    """
    below = _Tree(files)
    top = PurePosixPath(".")
    while inner := _only_folder(below, top):
        top /= inner
    parts = _part_folders(files, below, top)
    classes = below.folders[parts["train"]]
    if len(classes) < 2:
        raise DataError(f"{_at(files, parts['train'])} holds no two class folders; each expression needs its own.")
    label_set, labels = _label_set(files, classes)
    spelt = {_plain(name): label for name, label in labels.items()}
    names: list[str] = []
    found: list[tuple[int, str]] = []
    for part, folder in parts.items():
        for class_name in below.folders[folder]:
            label = labels.get(class_name, spelt.get(_plain(class_name)))
            if label is None:
                raise DataError(f"{_at(files, folder)} has the class {class_name}, which {parts['train']} has not.")
            pictures = below.pictures(folder / class_name)
            if part == "train" and not pictures:
                raise DataError(f"{_at(files, folder / class_name)} is empty; no class to learn may be.")
            names += pictures
            found += [(label, part)] * len(pictures)
    return Listing(
        files, tuple(names), np.array([label for label, _ in found]), np.array([part for _, part in found]), label_set
    )


def list_repack(files: PictureFiles) -> Listing:
    """FER2013 as folders of pictures: train/ and test/, each with angry disgust fear happy neutral sad surprise.

    Its test is the official PublicTest and PrivateTest, merged (7,178 pictures).
    """
    listing = list_class_folders(files)
    tested = listing.labels[listing.parts == "test"]
    whole = set(listing.parts) == {"train", "test"} and len(np.unique(tested)) == len(FER2013)
    if listing.label_set is not FER2013 or not whole:
        raise DataError(
            f"{files.root} is not FER2013 in folders: train/ and test/ are expected, each with "
            "angry, disgust, fear, happy, neutral, sad and surprise."
        )
    return listing


class _Tree:
    """Names of what lies directly in each folder."""

    def __init__(self, files: PictureFiles) -> None:
        self.files: defaultdict[PurePosixPath, list[str]] = defaultdict(list)
        self.folders: defaultdict[PurePosixPath, list[str]] = defaultdict(list)
        for paths, names in ((files.files, self.files), (files.folders, self.folders)):
            for path in map(PurePosixPath, paths):
                names[path.parent].append(path.name)

    def pictures(self, folder: PurePosixPath) -> list[str]:
        """Paths of all files below ``folder``, those directly in it first."""
        inner = [path for name in self.folders[folder] for path in self.pictures(folder / name)]
        return [str(folder / name) for name in self.files[folder]] + inner


def _only_folder(below: _Tree, top: PurePosixPath) -> str | None:
    """The one folder in ``top``, if it is neither a part nor a class, or None."""
    folders = below.folders[top]
    if len(folders) != 1 or folders[0].lower() in _PARTS or expression(folders[0]):
        return None
    return folders[0] if below.folders[top / folders[0]] else None


def _part_folders(files: PictureFiles, below: _Tree, top: PurePosixPath) -> dict[str, PurePosixPath]:
    """Folders of 'train', 'val' and 'test', those that are there; 'train' is ``top`` where nothing is divided."""
    named = [(_PARTS.get(name.lower()), name) for name in below.folders[top]]
    if not any(part for part, _ in named):
        return {"train": top}
    parts: dict[str, PurePosixPath] = {}
    for part, name in named:
        if part is None or part in parts:
            raise DataError(f"{_at(files, top)} holds {name} beside other parts; train, val and test are read.")
        parts[part] = top / name
    if "train" not in parts:
        raise DataError(f"{_at(files, top)} has no folder train.")
    return {part: parts[part] for part in ("train", "val", "test") if part in parts}


def _label_set(files: PictureFiles, classes: list[str]) -> tuple[LabelSet, dict[str, int]]:
    """The labels of class folders and, for each folder, the index of its label."""
    spelt = {name: expression(name) for name in classes}
    if None in spelt.values():
        for name in classes:
            # A backslash is a letter to some systems, but no label of a card may hold one.
            if len(name) > _LONGEST_LABEL or not name.isprintable() or "\\" in name:
                raise DataError(f"{files.root}: a class folder's name is its label; {name[:60]!r} cannot be one.")
        return LabelSet("own", tuple(classes)), {name: index for index, name in enumerate(classes)}
    labels = {name: label for name, label in spelt.items() if label is not None}
    if len(set(labels.values())) < len(labels):
        raise DataError(f"{files.root} has two folders for one expression: {', '.join(sorted(labels))}.")
    present = set(labels.values())
    known = [label_set for label_set in (FER2013, FERPLUS) if set(label_set.labels) == present]
    own = LabelSet("own", tuple(label for label in FERPLUS.labels if label in present))
    label_set = known[0] if known else own
    return label_set, {name: label_set.index(label) for name, label in labels.items()}


def _plain(class_name: str) -> str:
    """What one class is called in all parts: the expression, or its letters without their case."""
    return expression(class_name) or class_name.strip().casefold()


def _at(files: PictureFiles, folder: PurePosixPath) -> str:
    return str(files.root / folder)
