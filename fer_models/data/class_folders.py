"""Pictures in one folder a class, below train/, val/ and test/ or not: people's own data, and FER2013's repack."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TypeAlias

import numpy as np

from fer_models.data.faces import DataError
from fer_models.data.picture_files import PictureFiles
from fer_models.data.pictures import Listing
from fer_models.labels import FER2013, FERPLUS, LabelSet, expression

_PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "test",
    "test": "test",
    "testing": "test",
}
_LONGEST_LABEL = 60
#: What lies among pictures and is none.
_NOTES = {".txt", ".md", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".html", ".pdf", ".py"}
#: A picture's path, and the person or sequence that it is of where folders tell.
_Member: TypeAlias = tuple[str, str | None]


def list_class_folders(files: PictureFiles) -> Listing:
    """The pictures of a folder, or zip, of class folders.

    Labels are those that the folders' names spell ('happy', 'Anger'), the same in every part; with all of FER2013's
    seven or FERPlus's eight, in that set's order. A name that is no expression is a label of its own, after these. All
    files below a class folder are taken for pictures, but for notes (README.txt, labels.csv). Folders within a
    class, or around classes, are people or sequences, kept together where training rows are divided. One folder around
    everything is looked through, whatever lies beside it.

    Raises DataError naming the folder that is missing or empty, or whose pictures no training picture goes with.
    """
    below = _Tree(files)
    top = PurePosixPath(".")
    while inner := _only_folder(below, top):
        top /= inner
    parts = _part_folders(files, below, top)
    found = {part: _classes(below, folder) for part, folder in parts.items()}
    label_set, labels = _label_set(files, sorted({name for classes in found.values() for name in classes}))
    _check_classes(files, parts, found, labels)
    pictures = [
        (name, labels[class_name], part, person)
        for part, classes in found.items()
        for class_name, members in classes.items()
        for name, person in members
    ]
    names, indices, of_parts, people = zip(*pictures, strict=True)
    return Listing(
        files,
        names,
        np.array(indices),
        np.array(of_parts),
        label_set,
        people=_numbered(people),
        ignored=tuple(sorted(set(files.files).difference(names))),
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


def _only_folder(below: _Tree, top: PurePosixPath) -> str | None:
    """The only folder in ``top``, where it is neither a part nor a class and holds folders; or None."""
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


def _classes(below: _Tree, folder: PurePosixPath) -> dict[str, list[_Member]]:
    """Class folder -> its pictures, each with the person or sequence that folders tell."""
    around = below.folders[folder]
    inside = {name for person in around for name in below.folders[folder / person]}
    if around and not any(map(expression, around)) and inside and all(map(expression, inside)):
        by_class: defaultdict[str, list[_Member]] = defaultdict(list)
        for person in around:
            for name in below.folders[folder / person]:
                by_class[name] += [(path, person) for path, _ in _members(below, folder / person / name)]
        return dict(sorted(by_class.items()))
    return {name: _members(below, folder / name) for name in around}


def _members(below: _Tree, folder: PurePosixPath) -> list[_Member]:
    """All pictures below a class folder, with the folder in it that they lie in."""
    own: list[_Member] = [(str(folder / name), None) for name in below.files[folder] if not _is_note(name)]
    deeper = ((path, person) for person in below.folders[folder] for path, _ in _members(below, folder / person))
    return own + list(deeper)


def _is_note(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _NOTES


def _label_set(files: PictureFiles, classes: list[str]) -> tuple[LabelSet, dict[str, int]]:
    """The labels of class folders and, for each folder's name, the index of its label."""
    spelt: dict[str, str] = {}
    for name in classes:  # of a label that is no expression the first spelling stays
        spelt.setdefault(name.strip().casefold(), name)
    labels = {name: expression(name) or spelt[name.strip().casefold()] for name in classes}
    for name in classes:
        # A backslash is a letter to some systems, but no label of a card may hold one.
        if expression(name) is None and (len(name) > _LONGEST_LABEL or not name.isprintable() or "\\" in name):
            raise DataError(f"{files.root}: a class folder's name is its label; {name[:60]!r} cannot be one.")
    present = set(labels.values())
    known = [label_set for label_set in (FER2013, FERPLUS) if set(label_set.labels) == present]
    expressions = tuple(label for label in FERPLUS.labels if label in present)
    own = LabelSet("own", (*expressions, *sorted(present.difference(expressions))))
    label_set = known[0] if known else own
    return label_set, {name: label_set.index(label) for name, label in labels.items()}


def _check_classes(
    files: PictureFiles,
    parts: Mapping[str, PurePosixPath],
    found: Mapping[str, Mapping[str, list[_Member]]],
    labels: Mapping[str, int],
) -> None:
    """DataError for what no network can be trained on: every class needs a training picture, and there must be two."""
    training = found["train"]
    if len({labels[name] for name in training}) < 2:
        raise DataError(f"{_at(files, parts['train'])} holds no two class folders; each expression needs its own.")
    for part, classes in found.items():
        spelt: dict[int, str] = {}
        for name, members in classes.items():
            if (other := spelt.setdefault(labels[name], name)) != name:
                raise DataError(f"{_at(files, parts[part])} has two folders for one expression: {other}, {name}.")
            if members and not any(training[one] for one in training if labels[one] == labels[name]):
                raise DataError(f"{_at(files, parts[part])} has pictures of {name}, {_at(files, parts['train'])} none.")
            if not members and part == "train":
                raise DataError(f"{_at(files, parts[part] / name)} is empty; no class of training may be.")


def _numbered(people: Sequence[str | None]) -> np.ndarray | None:
    """A number for every person; one of its own for each picture of nobody known; None where nobody is."""
    if not any(people):
        return None
    known = {name: number for number, name in enumerate(dict.fromkeys(filter(None, people)))}
    return np.array([len(known) + place if name is None else known[name] for place, name in enumerate(people)])


def _at(files: PictureFiles, folder: PurePosixPath) -> str:
    return str(files.root / folder)
