"""Faces of any data set with its own labels, to be scored on: nothing of it is divided or checked for training."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_models.data.catalogue import DATA_SETS, PictureFolder
from fer_models.data.class_folders import list_class_folders
from fer_models.data.faces import DataError, Faces, is_zip
from fer_models.data.picture_files import picture_files
from fer_models.data.pictures import Listing, read_pictures
from fer_models.data.pixel_table import find_pixel_table, read_pixel_table
from fer_models.labels import LabelSet
from fer_models.preprocessing import to_source

#: Parts in the order in which one is taken unless it is named; where none of these is there, all pictures are.
_PREFERRED = ("PublicTest", "PrivateTest", "test", "val")
ALL = "all"


@dataclass(frozen=True)
class Labelled:
    """Faces of one ``part``, or 'all'; their label set is that of the whole data set.

    ``source`` is what their labels come from, in words. ``unreadable`` counts pictures that were left out; ``aligned``
    says whether the face was looked for in each picture, None where faces are cut out already, and ``without_face``
    counts those in which none was found. ``hints`` are sentences on names of folders that are not understood.
    """

    faces: Faces
    part: str
    source: str
    unreadable: int = 0
    aligned: bool | None = None
    without_face: int = 0
    hints: tuple[str, ...] = ()


def read_labelled(
    place: Path,
    part: str | None = None,
    *,
    side: int,
    align: bool = False,
    skip_bad: bool = False,
    told: Mapping[str, str] | None = None,
) -> Labelled:
    """Read a part of a data set.

    Args:
        place: a folder or zip of class folders, divided or not; a folder in RAF-DB's or RaFD's layout; a CSV file with
            emotion, pixels and perhaps Usage, or a folder that holds one.
        part: test, val, train or all; of a CSV file what its Usage says. None: PublicTest, PrivateTest, test or val,
            the first that is there, else all.
        side: of the faces in pixels.
        align: find the face in each picture and take its crop (where none is found, the whole picture), else the
            whole picture. Of RaFD it always is.
        skip_bad: leave out pictures that cannot be read.
        told: what class folders mean where their names do not say it, as in ``read_parts``.

    Raises DataError: nothing there can be read, or the part is not there.
    """
    table = find_pixel_table(place)
    if table is None:
        return _of_pictures(place, part, side, align, skip_bad, told)
    if told:
        raise DataError(f"`labels` are for class folders, not for {table.name}.")
    return _of_table(table, part, side)


def _of_table(file: Path, part: str | None, side: int) -> Labelled:
    found = read_pixel_table(file)
    part, chosen = _choose_part(found.parts, part, file)
    labels = LabelSet("own", tuple(dict.fromkeys(found.names.tolist())))
    indices = np.array([labels.index(name) for name in found.names[chosen]], dtype=np.int64)
    images = np.stack([to_source(face, side) for face in found.faces[chosen]])
    targets = np.eye(len(labels), dtype=np.float32)[indices]
    return Labelled(
        Faces(images, indices, targets, np.flatnonzero(chosen), labels), part, source=f"labels of {file.name}"
    )


def _of_pictures(
    place: Path, part: str | None, side: int, align: bool, skip_bad: bool, told: Mapping[str, str] | None
) -> Labelled:
    listing, layout = _list(place, told)
    align = align or (layout is not None and layout.align)
    part, chosen = _choose_part(listing.parts, part, place)
    rows = np.flatnonzero(chosen)
    only = replace(
        listing,
        names=tuple(listing.names[row] for row in rows),
        labels=listing.labels[chosen],
        parts=listing.parts[chosen],
        people=None,
    )
    # A zip's parts have one file on disk: by the name the cache tells them apart.
    found = read_pictures(only, f"scored-{part}", side=side, align=align, skip_bad=skip_bad)
    return Labelled(
        replace(found.faces, rows=rows[found.faces.rows]),
        part,
        source="names of folders" if layout is None else f"labels of {layout.dataset}",
        unreadable=len(found.skipped),
        aligned=align,
        without_face=found.without_face,
        hints=listing.hints,
    )


def _list(place: Path, told: Mapping[str, str] | None) -> tuple[Listing, PictureFolder | None]:
    """The pictures of a data set that is known by its files, with its row; else class folders."""
    if not is_zip(place) and not told:
        for data_set in DATA_SETS:
            if data_set.folder and data_set.needs_agreement:
                try:
                    return data_set.folder.listing(place), data_set.folder
                except DataError:
                    continue
    return list_class_folders(picture_files(place), told, to_train=False), None


def _choose_part(parts: np.ndarray, wanted: str | None, place: Path) -> tuple[str, np.ndarray]:
    """The part's own name and which pictures are in it, (N,) bool; a data set in one part is all of it."""
    there = sorted(set(parts.tolist()))
    if wanted is None:
        wanted = next((part for part in _PREFERRED if part in there), ALL) if len(there) > 1 else ALL
    if wanted.lower() == ALL:
        return ALL, np.ones(len(parts), dtype=bool)
    found = next((part for part in there if part.lower() == wanted.lower()), None)
    if found is None:
        names = ", ".join((*filter(None, there), ALL))
        raise DataError(f"{place.name or place} has the splits {names}; '{wanted}' is none of them.")
    return found, parts == found
