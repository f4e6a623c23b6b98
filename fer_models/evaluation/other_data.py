"""A checkpoint on another data set than its card's: people's own pictures, or a table of faces as Kaggle has them.

Labels go by what they mean, and those that both sides have are compared. The network then answers with one of these
only: it is asked for the most probable of the labels in common, for any other answer could never be right. Pictures of
labels that it does not have are left out. All of this is counted, and the score is marked as another data set's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.card import Card
from fer_models.data.catalogue import DATA_SETS, PictureFolder, data_set_of, is_repack
from fer_models.data.class_folders import list_class_folders
from fer_models.data.faces import DataError, Faces, data_folder, is_zip
from fer_models.data.picture_files import picture_files
from fer_models.data.pictures import Listing, read_pictures
from fer_models.data.pixel_table import find_pixel_table, read_pixel_table
from fer_models.labels import LabelSet, expression
from fer_models.preprocessing import to_source
from fer_models.text import listed

#: Parts in the order in which one is taken unless it is named; where none of these is there, all pictures are.
_PREFERRED = ("PublicTest", "PrivateTest", "test", "val")
ALL = "all"
#: Said beside every such score.
NOTE = (
    "another data set than its card's, so this does not compare with the scores there; whether it has seen any of "
    "these pictures is not known"
)
_LONGEST_NAME = 60
_PART_NAMES = {"train", "test", "val", "valid", "validation", "training", "testing", "data"}


class OtherData(BaseModel):
    """What another data set is, and what of it could be compared with a checkpoint.

    ``name`` of its folder or file; ``part`` of it, or 'all'; ``source`` is what labels come from; ``count`` of the
    pictures that were compared. ``left_out`` counts pictures by their label, which the network does not have, and
    ``unreadable`` those that cannot be read. ``never_shown`` are labels of the network that the data set does not have,
    and ``answered_so`` counts the compared pictures whose most probable answer was one of these. ``aligned`` says
    whether the face was looked for in each picture, None where faces are cut out already; ``without_face`` counts those
    in which none was found.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    part: str
    source: str
    count: int
    in_common: tuple[str, ...]
    left_out: dict[str, int] = {}
    unreadable: int = 0
    never_shown: tuple[str, ...] = ()
    answered_so: int = 0
    aligned: bool | None = None
    without_face: int = 0

    @property
    def title(self) -> str:
        """What a score calls the split."""
        return f"another data set: {self.name}" + (f" ({self.part})" if self.part != ALL else "")

    @property
    def rule(self) -> str:
        """What a score calls the label rule: the labels in common are part of it."""
        return f"{self.source} ({len(self.in_common)} in common)"

    def sentences(self) -> tuple[str, ...]:
        """What was compared and what could not be, for a person."""
        said = [f"Labels in common: {listed(self.in_common)}. It answers with the most probable of these."]
        if self.never_shown:
            said.append(
                f"Not among its labels: {listed(self.never_shown)}. Free to choose, the network would have answered so "
                f"for {self.answered_so:,} of {self.count:,} pictures."
            )
        if self.left_out:
            shown = listed([f"{count:,} of {label}" for label, count in self.left_out.items()])
            said.append(f"Left out, for the network has no such label: {shown}.")
        if self.unreadable:
            said.append(f"Left out, for they cannot be read: {self.unreadable:,}.")
        return (*said, self.framing)

    @property
    def framing(self) -> str:
        """What was done with the pictures, in a sentence."""
        if self.aligned is None:
            return "Its faces are cut out already."
        if not self.aligned:
            return "Pictures are taken whole, as they are."
        none = f", but not in {self.without_face:,}, which are taken whole" if self.without_face else ""
        return f"The face was found in each picture and cut out{none}."


@dataclass(frozen=True)
class OtherFaces:
    """Its faces, with the labels in common in the network's order, and which of the network's outputs these are."""

    faces: Faces
    outputs: tuple[int, ...]
    about: OtherData


def data_place(data: str | None = None) -> Path:
    """The folder, zip or CSV file given, else FERSCOPE_DATA; DataError when there is none."""
    place = Path(data or "")
    return place if place.suffix.lower() == ".csv" and place.is_file() else data_folder(data)


def why_other(place: Path, card: Card, label_rule: str, *, any_count: bool = False) -> str:
    """Why ``place`` does not hold the data set of a checkpoint's label rule; '' where it does.

    Whether that is whole and undamaged shows when it is read. Of a folder of the same layout as FER2013's repack only
    the official number of pictures tells whose it is, unless ``any_count``.
    """
    try:
        data_set = data_set_of(label_rule)
        if (place / "fer2013.csv").is_file() and data_set.csv:
            return ""
        if place.suffix.lower() == ".csv":
            return f"{place.name} is a file, and {data_set.title} a folder."
        data_set.check(place)
        if data_set.label_set is None:
            assert data_set.folder is not None
            labels = data_set.folder.listing(place).label_set.labels
            return "" if labels == card.labels else f"{place} has the labels {', '.join(labels)}."
        if data_set.csv and data_set.folder and is_repack(place) and not any_count:
            found = data_set.folder.listing(place).parts
            if any((found == part).sum() != count for part, count in data_set.folder.official.items()):
                return f"{place} has another number of pictures than {data_set.title}."
    except ValueError as error:
        return str(error)
    return ""


def read_other(
    place: Path,
    card: Card,
    part: str | None = None,
    *,
    side: int | None = None,
    align: bool | None = None,
    skip_bad: bool = False,
) -> OtherFaces:
    """Read what can be compared with a checkpoint.

    Args:
        place: a folder or zip of class folders, divided or not; a folder in RAF-DB's or RaFD's layout; a CSV file with
            emotion, pixels and perhaps Usage, or a folder that holds one.
        card: of the checkpoint.
        part: test, val, train or all; of a CSV file what its Usage says. None: PublicTest, PrivateTest, test or val,
            the first that is there, else all.
        side: of the faces in pixels, None: the card's.
        align: find the face in each picture and take its crop (where none is found, the whole picture), else the
            whole picture. None: as the checkpoint was trained, and for RaFD always.
        skip_bad: leave out pictures that cannot be read.

    Raises DataError: nothing there can be read, the part is not there, or fewer than two labels are in common.
    """
    side = side or card.preprocessing.source_side
    table = find_pixel_table(place)
    if table is not None:
        faces, facts = _read_table(table, part, side)
    else:
        faces, facts = _read_pictures(place, part, side, card.lineage.align if align is None else align, skip_bad)
    labels = faces.label_set.labels
    outputs = _in_common(card.labels, labels)
    common = tuple(card.labels[output] for output in outputs)
    if len(outputs) < 2:
        found = f"Only {common[0]} is" if common else "None is"
        raise DataError(
            f"{place.name or place} has the labels {', '.join(labels)}, and {card.name} answers with "
            f"{', '.join(card.labels)}. {found} in common; with fewer than two there is nothing to score."
        )
    meanings = [_meaning(label) for label in common]
    index = np.array([meanings.index(_meaning(label)) if _meaning(label) in meanings else -1 for label in labels])
    kept = index[faces.labels] >= 0
    if not kept.any():
        raise DataError(
            f"{place.name or place} holds no picture of {listed(common, 'or')} among those that are scored."
        )
    left_out = {
        label: int((faces.labels == number).sum())
        for number, label in enumerate(labels)
        if index[number] < 0 and (faces.labels == number).any()
    }
    new = index[faces.labels[kept]]
    compared = Faces(
        faces.images[kept],
        new,
        np.eye(len(common), dtype=np.float32)[new],
        faces.rows[kept],
        LabelSet("common", common),
    )
    about = OtherData(
        name=_name(place),
        count=len(compared),
        in_common=common,
        left_out=left_out,
        never_shown=tuple(label for label in card.labels if label not in common),
        **facts,
    )
    return OtherFaces(compared, outputs, about)


def _read_table(file: Path, part: str | None, side: int) -> tuple[Faces, dict[str, Any]]:
    """Faces of a part, labelled in the table's own words, and what OtherData tells of them."""
    found = read_pixel_table(file)
    part, chosen = _choose_part(found.parts, part, file)
    labels = tuple(dict.fromkeys(found.names.tolist()))
    indices = np.array([labels.index(name) for name in found.names[chosen]], dtype=np.int64)
    images = np.stack([to_source(face, side) for face in found.faces[chosen]])
    targets = np.eye(len(labels), dtype=np.float32)[indices]
    faces = Faces(images, indices, targets, np.flatnonzero(chosen), LabelSet("own", labels))
    return faces, {"part": part, "source": f"labels of {file.name}"}


def _read_pictures(
    place: Path, part: str | None, side: int, align: bool | None, skip_bad: bool
) -> tuple[Faces, dict[str, Any]]:
    """The same of picture files."""
    listing, layout = _list(place)
    aligned = bool(align) or (layout is not None and layout.align)
    part, chosen = _choose_part(listing.parts, part, place)
    whole = np.flatnonzero(chosen)
    listing = replace(
        listing,
        names=tuple(listing.names[index] for index in whole),
        labels=listing.labels[chosen],
        parts=listing.parts[chosen],
        people=None,
    )
    found = read_pictures(listing, f"scored-{part}", side=side, align=aligned, skip_bad=skip_bad)
    return replace(found.faces, rows=whole[found.faces.rows]), {
        "part": part,
        "source": "names of folders" if layout is None else f"labels of {layout.dataset}",
        "unreadable": len(found.skipped),
        "aligned": aligned,
        "without_face": found.without_face,
    }


def _list(place: Path) -> tuple[Listing, PictureFolder | None]:
    """The pictures of a data set that is known by its files, with its row; else class folders."""
    if not is_zip(place):
        for data_set in DATA_SETS:
            if data_set.folder and data_set.needs_agreement:
                try:
                    return data_set.folder.listing(place), data_set.folder
                except DataError:
                    continue
    return list_class_folders(picture_files(place), to_train=False), None


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


def _in_common(network: Sequence[str], data_set: Sequence[str]) -> tuple[int, ...]:
    """The outputs whose labels a data set has under any spelling; of two that mean the same the first."""
    meant = [_meaning(label) for label in network]
    there = {_meaning(label) for label in data_set}
    return tuple(index for index, label in enumerate(meant) if label in there and meant.index(label) == index)


def _meaning(label: str) -> str:
    return expression(label) or label.strip().casefold()


def _name(place: Path) -> str:
    """What people call it: the folder's or file's name, with the folder's above it where it names a part only."""
    place = place.resolve()
    own = place.stem if is_zip(place) or place.suffix.lower() == ".csv" else place.name
    name = f"{place.parent.name}/{own}" if own.lower() in _PART_NAMES and place.parent.name else own
    return "".join(sign if sign.isprintable() else "?" for sign in name)[:_LONGEST_NAME].strip() or "pictures"
