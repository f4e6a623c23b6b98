"""Many picture files to grey faces of one side."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from fer_models.data.cache import Table, cached
from fer_models.data.faces import DataError, Faces
from fer_models.data.picture_files import Opener, PictureFiles
from fer_models.faces import YUNET_VARIABLE, DetectorError, detect_faces, whole_picture
from fer_models.images import ImageError, RGBImage
from fer_models.labels import LabelSet
from fer_models.preprocessing import to_source

#: Told how many of how many are done.
Advance: TypeAlias = Callable[[int, int], None]

_AT_ONCE = 256  # pictures given to the threads; what stops the reading waits for these only


@dataclass(frozen=True)
class Listing:
    """The pictures of a data set before they are read.

    ``names`` (N,) paths below the root of ``files``; ``labels`` (N,) int64; ``parts`` (N,) 'train', 'val' or 'test';
    ``people`` (N,) numbers of those shown, or of sequences, where the data set or names tell them, and
    ``kept_together`` that in words; ``ignored`` files that are no pictures; ``told`` names of class folders with the
    labels that they were said to have; ``hints`` sentences on names that are not understood.
    """

    files: PictureFiles
    names: tuple[str, ...]
    labels: np.ndarray
    parts: np.ndarray
    label_set: LabelSet
    people: np.ndarray | None = None
    kept_together: str = ""
    ignored: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()

    def understood(self) -> str:
        """What was found, in a line: classes with the counts of their pictures, parts, people, what is ignored."""
        shown = [part for part in ("train", "val", "test") if (self.parts == part).any()]
        counts = [np.bincount(self.labels[self.parts == part], minlength=len(self.label_set)) for part in shown]
        classes = ", ".join(
            f"{label} {' + '.join(f'{count[index]:,}' for count in counts)}"
            for index, label in enumerate(self.label_set.labels)
        )
        parts = f" ({' + '.join(shown)})" if len(shown) > 1 else ""
        people = f"; {self.kept_together}" if self.kept_together else ""
        ignored = f"; ignored: {', '.join(self.ignored[:3])}" if self.ignored else ""
        more = f" and {len(self.ignored) - 3:,} more" if len(self.ignored) > 3 else ""
        told = f"; {self.renamed}" if self.told else ""
        hints = "".join(f"; {hint}" for hint in self.hints)
        return f"{len(self.names):,} pictures{parts}: {classes}{told}{people}{ignored}{more}{hints}."

    @property
    def renamed(self) -> str:
        """Which folders were said to have which labels, in words; empty where none was."""
        told = ", ".join(f"{name} as {label}" for name, label in self.told.items())
        return f"read {told}" if told else ""


@dataclass(frozen=True)
class Pictures:
    """What reading a listing gave: faces whose ``rows`` are places in the listing, their parts, and what went wrong.

    ``skipped`` names every picture left out, with the reason; ``without_face`` counts those in which no face was found,
    so that the whole picture was taken.
    """

    faces: Faces
    parts: np.ndarray
    skipped: tuple[str, ...]
    without_face: int


def read_pictures(
    listing: Listing, name: str, *, side: int, align: bool, skip_bad: bool, advance: Advance | None = None
) -> Pictures:
    """Read a listing's pictures, from the cache where they have been read before.

    Args:
        name: of the data set, for the cache.
        side: of the faces, in pixels.
        align: find the face and take its crop as `detect_faces` frames it (the largest one; where none is found, the
            whole picture); else the whole picture. A picture that is not square is made so by repeating edge pixels.
        skip_bad: leave out pictures that cannot be read, instead of raising.
        advance: told how many are read, and of how many, while they are not read from the cache.

    Raises DataError when a picture cannot be read.
    """
    options: dict[str, str | int | bool] = {
        "side": side,
        "align": align,
        "yunet": os.environ.get(YUNET_VARIABLE, "") if align else "",
    }
    root = listing.files.root

    def read() -> Table:
        with listing.files.opened() as open_picture:
            return _read(listing.names, open_picture, side, align, advance)

    images, facts = cached(name, root, listing.files.sources(listing.names), read, options)
    rows, skipped = facts["rows"], tuple(facts["skipped"].tolist())
    if skipped and not skip_bad:
        count = "One picture" if len(skipped) == 1 else f"{len(skipped)} pictures"
        raise DataError(
            f"{count} in {root} cannot be read: {' '.join(skipped[:3])}{' ...' if skipped[3:] else ''} "
            "Repair or remove what is named, or have unreadable pictures skipped (`skip_bad`)."
        )
    labels, parts = listing.labels[rows], listing.parts[rows]
    targets = np.eye(len(listing.label_set), dtype=np.float32)[labels]
    people = None if listing.people is None else listing.people[rows]
    faces = Faces(images, labels, targets, rows, listing.label_set, people)
    return Pictures(faces, parts, skipped, int(facts["without_face"]))


def _read(
    names: tuple[str, ...], open_picture: Opener, side: int, align: bool, advance: Advance | None = None
) -> Table:
    images = np.empty((len(names), side, side), np.uint8)
    without_face = np.zeros(len(names), dtype=bool)

    def read_one(index: int) -> str | None:
        """Fill one place; returns what is wrong with the picture, if anything is."""
        try:
            image = open_picture(names[index])
        except ImageError as error:
            return f"{names[index]}: {error}"
        face = _largest_face(image) if align else None
        without_face[index] = align and face is None
        images[index] = to_source(_square(image) if face is None else face, side)
        return None

    wrong: list[str | None] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(names), _AT_ONCE):
            wrong += threads.map(read_one, range(start, min(start + _AT_ONCE, len(names))))
            if advance is not None:
                advance(len(wrong), len(names))
    rows = np.array([index for index, trouble in enumerate(wrong) if trouble is None], dtype=np.int64)
    facts = {
        "rows": rows,
        "skipped": np.array([trouble for trouble in wrong if trouble is not None], dtype=str),
        "without_face": np.array(without_face.sum()),
    }
    return (images if len(rows) == len(names) else images[rows]), facts


def _largest_face(image: RGBImage) -> RGBImage | None:
    try:
        faces = detect_faces(image)
    except DetectorError as error:
        raise DataError(str(error)) from error
    return faces[0].crop if faces else None


def _square(image: RGBImage) -> RGBImage:
    height, width = image.shape[:2]
    return image if height == width else whole_picture(image).crop
