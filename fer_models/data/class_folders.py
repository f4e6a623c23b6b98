"""Pictures in one folder a class, below train/, val/ and test/ or not: people's own data, and FER2013's repack."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TypeAlias

import numpy as np

from fer_models.data.class_names import ClassNames
from fer_models.data.faces import DataError
from fer_models.data.people import groups_by_name, groups_by_pattern, in_words, numbered
from fer_models.data.picture_files import PictureFiles
from fer_models.data.pictures import Listing
from fer_models.labels import FER2013

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
#: What lies among pictures and is none.
_NOTES = {".txt", ".md", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".html", ".pdf", ".py"}
#: A picture's path, and the person or sequence that it is of where folders tell.
_Member: TypeAlias = tuple[str, str | None]


def list_class_folders(
    files: PictureFiles, labels: Mapping[str, str] | None = None, group: str | None = None, *, to_train: bool = True
) -> Listing:
    """The pictures of a folder, or zip, of class folders.

    Labels are those that the folders' names spell ('happy', 'Anger'), the same in every part; with all of FER2013's
    seven or FERPlus's eight, in that set's order. A name that is no expression is a label of its own, after these,
    unless ``labels`` maps it to another (see ``ClassNames``); folders that are mapped to one label are one class. All
    files below a class folder are taken for pictures, but for notes (README.txt, labels.csv). Folders within a
    class, or around classes, are people or sequences, kept together where training rows are divided; where there are
    none, names may tell (see ``PATTERNS``), and before both ``group``, a regular expression searched for in paths below
    the folder. One folder around everything is looked through, whatever lies beside it.

    Raises DataError naming the folder that is missing or empty, or whose pictures no training picture goes with. What
    is only to be scored, unless ``to_train``, needs no train/, and any of its classes may be empty.
    """
    names = ClassNames(labels)
    below = _Tree(files)
    top = PurePosixPath(".")
    while inner := _only_folder(below, top, names):
        top /= inner
    parts = _part_folders(files, below, top)
    if to_train and "train" not in parts:
        raise DataError(f"{_at(files, top)} has no folder train.")
    found = {part: _classes(below, folder, names) for part, folder in parts.items()}
    folders = sorted({name for classes in found.values() for name in classes})
    label_set, meant = names.label_set(str(files.root), folders)
    if to_train:
        _check_classes(files, parts, found, names, meant)
    pictures = [
        (name, label_set.index(meant[class_name]), part, person)
        for part, classes in found.items()
        for class_name, members in classes.items()
        for name, person in members
    ]
    if not pictures:
        raise DataError(f"{files.root} holds no class folders with pictures.")
    paths, indices, of_parts, people = zip(*pictures, strict=True)
    groups, how = _groups(paths, indices, people, group)
    return Listing(
        files,
        paths,
        np.array(indices),
        np.array(of_parts),
        label_set,
        people=numbered(groups) if how else None,
        kept_together=in_words(groups, of_parts, how) if how else "",
        ignored=tuple(sorted(set(files.files).difference(paths))),
        told={name: label for name, label in meant.items() if names.is_told(name)},
        hints=names.hints(folders),
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


def _only_folder(below: _Tree, top: PurePosixPath, names: ClassNames) -> str | None:
    """The only folder in ``top``, where it is neither a part nor a class and holds folders; or None."""
    folders = below.folders[top]
    if len(folders) != 1 or folders[0].lower() in _PARTS or names.means(folders[0]):
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
    return {part: parts[part] for part in ("train", "val", "test") if part in parts}


def _classes(below: _Tree, folder: PurePosixPath, names: ClassNames) -> dict[str, list[_Member]]:
    """Class folder -> its pictures, each with the person or sequence that folders tell."""
    around = below.folders[folder]
    inside = {name for person in around for name in below.folders[folder / person]}
    if around and not any(map(names.means, around)) and inside and all(map(names.means, inside)):
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


def _check_classes(
    files: PictureFiles,
    parts: Mapping[str, PurePosixPath],
    found: Mapping[str, Mapping[str, list[_Member]]],
    names: ClassNames,
    meant: Mapping[str, str],
) -> None:
    """DataError for what no network can be trained on: every class needs a training picture, and there must be two."""
    training = found["train"]
    if len({meant[name] for name in training}) < 2:
        raise DataError(f"{_at(files, parts['train'])} holds no two class folders; each expression needs its own.")
    learnt = {meant[name] for name, members in training.items() if members}
    for part, classes in found.items():
        spelt: dict[str, str] = {}
        for name, members in classes.items():
            # What was mapped to a label on purpose may be one class with other folders.
            if not names.is_told(name) and (other := spelt.setdefault(meant[name], name)) != name:
                raise DataError(f"{_at(files, parts[part])} has two folders for one expression: {other}, {name}.")
            if members and meant[name] not in learnt:
                hints = "".join(f" {hint[0].upper()}{hint[1:]}." for hint in names.hints([name, *training]))
                raise DataError(
                    f"{_at(files, parts[part])} has pictures of {name}, {_at(files, parts['train'])} none.{hints}"
                )
            if part == "train" and meant[name] not in learnt:
                raise DataError(f"{_at(files, parts[part] / name)} is empty; no class of training may be.")


def _groups(
    paths: Sequence[str], labels: Sequence[int], people: Sequence[str | None], pattern: str | None
) -> tuple[Sequence[str | None], str]:
    """The person or sequence of each picture, and how that is known; '' where it is not."""
    if pattern:
        return groups_by_pattern(paths, pattern), f"the pattern {pattern}"
    if any(people):
        return people, "folder"
    found = groups_by_name(paths, labels)
    return (found[0], f"name (as in {found[1]})") if found else (people, "")


def _at(files: PictureFiles, folder: PurePosixPath) -> str:
    return str(files.root / folder)
