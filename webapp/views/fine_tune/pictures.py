"""A visitor's pictures before they are learnt from: read, faces found, repeats found, and written as class folders.

What is shown is what is learnt from: each picture's crop, in grey.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

import fer_models as fer
from fer_models.data import DataError, near_duplicates
from fer_models.data.class_folders import list_class_folders
from fer_models.data.class_names import likely_label
from fer_models.data.picture_files import picture_files
from fer_models.faces import whole_picture
from fer_models.images import RGBImage
from fer_models.labels import FERPLUS, display_order
from fer_models.preprocessing import to_source

#: A page draws each of them; who has more goes by the command line.
MOST_PICTURES = 5_000
CROP_SIDE = 128  # pixels at most; no network here is given a face with more
_COMPARED_SIDE = 48  # at which repeats are looked for
_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture: what it was called, the label of its class folder, its size, and its crops (s, s) uint8 grey.

    ``face``: the crop of the largest face, None where none was found. ``part``, ``person``: as class folders tell.
    """

    name: str
    label: str
    size: tuple[int, int]
    whole: np.ndarray
    face: np.ndarray | None
    part: str = "train"
    person: int | None = None

    def crop(self, find_faces: bool) -> np.ndarray:
        return self.face if find_faces and self.face is not None else self.whole


@dataclass(frozen=True, eq=False)
class Gathered:
    """Pictures in order, what could not be read (name and reason), and what is no picture.

    ``title``: where they come from.
    """

    title: str
    pictures: tuple[Picture, ...]
    unreadable: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @cached_property
    def labels(self) -> list[str]:
        """Labels of the class folders, in the order in which people are shown them."""
        names = sorted({picture.label for picture in self.pictures})
        return [names[index] for index in display_order(names)]

    @cached_property
    def repeats(self) -> dict[str, tuple[str, bool]]:
        """Pictures that repeat an earlier one, by name: that one's name, and whether exactly."""
        if not self.pictures:
            return {}
        seen = np.stack([to_source(picture.whole, _COMPARED_SIDE) for picture in self.pictures])
        return {
            self.pictures[place].name: (self.pictures[first].name, bool((seen[place] == seen[first]).all()))
            for place, first in near_duplicates(seen)
        }


def make_picture(
    name: str,
    label: str,
    image: RGBImage,
    part: str = "train",
    person: int | None = None,
    find_faces: bool = True,
) -> Picture:
    """Find the largest face of a picture, and keep its crop and the whole."""
    faces = fer.detect_faces(image) if find_faces else []
    height, width = image.shape[:2]
    face = _small(faces[0].crop) if faces else None
    return Picture(name, label, (width, height), _small(whole_picture(image).crop), face, part, person)


def _small(crop: RGBImage) -> np.ndarray:
    return to_source(crop, min(CROP_SIDE, *crop.shape[:2]))


def read_class_pictures(
    place: Path,
    title: str,
    most: int,
    *,
    find_faces: bool = True,
    tell: Callable[[float], object] = lambda share: None,
) -> Gathered:
    """Read a folder or zip of class folders; ``tell`` hears which share is done.

    Raises DataError as ``list_class_folders`` does, and for more than ``most`` pictures.
    """
    files = picture_files(place)
    listing = list_class_folders(files, to_train=False)
    count = len(listing.names)
    if count > most:
        raise DataError(
            f"{title} holds {count:,} pictures; at most {most:,} are read here. ferscope jobs submit takes more."
        )
    people = [None] * count if listing.people is None else listing.people.tolist()
    wrong: list[str] = []
    with files.opened() as opened, ThreadPoolExecutor(os.cpu_count()) as threads:

        def read(index: int) -> Picture | str:
            name, label = listing.names[index], listing.label_set.labels[listing.labels[index]]
            try:
                return make_picture(name, label, opened(name), str(listing.parts[index]), people[index], find_faces)
            except fer.ImageError as error:
                return f"{name}: {error}"

        found: list[Picture] = []
        for start in range(0, count, _AT_ONCE):
            for each in threads.map(read, range(start, min(start + _AT_ONCE, count))):
                if isinstance(each, Picture):
                    found.append(each)
                else:
                    wrong.append(each)
            tell(min(start + _AT_ONCE, count) / count)
    return Gathered(title, tuple(found), tuple(wrong), listing.ignored)


def offered_label(label: str) -> str | None:
    """What a class is likely to mean that is no expression; None where nothing is likely, or it is one."""
    return None if label in FERPLUS.labels else likely_label(label)


@dataclass(frozen=True)
class Selection:
    """What of the gathered pictures is learnt from: as which label each class (None: left out), and without whom."""

    gathered: Gathered
    meant: Mapping[str, str | None]
    excluded: frozenset[str]
    find_faces: bool

    @cached_property
    def used(self) -> list[tuple[Picture, str]]:
        """Pictures with the label as which they are learnt."""
        named = ((each, self.meant.get(each.label, each.label)) for each in self.gathered.pictures)
        return [(each, label) for each, label in named if label is not None and each.name not in self.excluded]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Pictures of every label, in the order in which people are shown them."""
        found = Counter(label for _, label in self.used)
        names = sorted(found)
        return {names[index]: found[names[index]] for index in display_order(names)}

    def write(self, folder: Path) -> None:
        """Write the crops as class folders, below their parts where there are several."""
        parts = {picture.part for picture, _ in self.used}
        for number, (picture, label) in enumerate(self.used):
            place = folder / picture.part / label if len(parts) > 1 else folder / label
            if picture.person is not None:
                place /= f"person-{picture.person}"
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture.crop(self.find_faces)).save(place / f"{number:05d}.png", compress_level=1)


def class_lines(selection: Selection) -> list[list[str]]:
    """A line for every class folder: label, pictures, left out, faces found, repeats, sizes."""
    return [
        _class_line(label, [each for each in selection.gathered.pictures if each.label == label], selection)
        for label in selection.gathered.labels
    ]


def _class_line(label: str, pictures: Sequence[Picture], selection: Selection) -> list[str]:
    repeats = [selection.gathered.repeats[each.name] for each in pictures if each.name in selection.gathered.repeats]
    exact = sum(same for _, same in repeats)
    sides = sorted(min(each.size) for each in pictures)
    return [
        label.capitalize(),
        f"{len(pictures):,}",
        f"{sum(each.name in selection.excluded for each in pictures):,}",
        f"{sum(each.face is not None for each in pictures):,}",
        f"{exact:,}",
        f"{len(repeats) - exact:,}",
        f"{sides[0]:,}" if sides[0] == sides[-1] else f"{sides[0]:,} to {sides[-1]:,}",
    ]


CLASS_HEADS = ["class", "pictures", "left out by hand", "faces found", "exact repeats", "near repeats", "side, pixels"]


def path_tail(name: str) -> str:
    """The end of a picture's name, as it stands below the picture."""
    return PurePosixPath(name).name
