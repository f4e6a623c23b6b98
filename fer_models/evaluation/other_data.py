"""A checkpoint on another data set than its card's: people's own pictures, or a table of faces as Kaggle has them.

Labels go by what they mean, and those that both sides have are compared. The network then answers with one of these
only: it is asked for the most probable of the labels in common, for any other answer could never be right. Pictures of
labels that it does not have are left out. All of this is counted, and the score is marked as another data set's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.card import Card
from fer_models.data.catalogue import data_set_of, is_repack
from fer_models.data.faces import DataError, Faces, data_folder, is_zip
from fer_models.data.labelled import ALL, read_labelled
from fer_models.labels import LabelSet, expression
from fer_models.text import listed

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
        return other_title(self.name, self.part)

    @property
    def rule(self) -> str:
        """What a score calls the label rule: the labels in common are part of it."""
        return f"{self.source} ({', '.join(self.in_common)})"

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
    """Its faces, with the labels in common in the network's order, and which of the network's outputs these are.

    ``hints`` are sentences on names of folders that are not understood.
    """

    faces: Faces
    outputs: tuple[int, ...]
    about: OtherData
    hints: tuple[str, ...] = ()


def other_title(name: str, part: str) -> str:
    """What a score on another data set is said to be on."""
    return f"another data set: {name}" + (f" ({part})" if part != ALL else "")


def data_place(data: str | None = None) -> Path:
    """The folder, zip or CSV file given, else FERSCOPE_DATA; DataError when there is none."""
    place = Path(data or "")
    return place if place.suffix.lower() == ".csv" and place.is_file() else data_folder(data)


def why_other(
    place: Path, card: Card, label_rule: str, *, any_count: bool = False, told: Mapping[str, str] | None = None
) -> str:
    """Why ``place`` does not hold the data set of a checkpoint's label rule; '' where it does.

    Whether that is whole and undamaged shows when it is read. Of a folder of the same layout as FER2013's repack only
    the official number of pictures tells whose it is, unless ``any_count``. ``told``: what class folders mean, as in
    ``read_parts``; those that the checkpoint was trained with unless given.
    """
    try:
        data_set = data_set_of(label_rule)
        if (place / "fer2013.csv").is_file() and data_set.csv:
            return ""
        if place.suffix.lower() == ".csv":
            return f"{place.name} is a file, and {data_set.title} a folder."
        if data_set.label_set is None:
            assert data_set.folder is not None
            lineage = card.lineage
            labels = data_set.folder.list_pictures(place, told or lineage.labels, lineage.group).label_set.labels
            return "" if labels == card.labels else f"{place} has the labels {', '.join(labels)}."
        data_set.check(place)
        if data_set.csv and data_set.folder and is_repack(place) and not any_count:
            found = data_set.folder.list_pictures(place).parts
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
    align: bool | None = None,
    skip_bad: bool = False,
    told: Mapping[str, str] | None = None,
    called: str = "",
) -> OtherFaces:
    """Read what can be compared with a checkpoint.

    Args:
        place, part, skip_bad, told: as in ``read_labelled``.
        card: of the checkpoint; faces have its source side.
        align: as there; None: as the checkpoint was trained.
        called: its name; that of the folder or file unless given.

    Raises DataError as there, and where fewer than two labels or no pictures are in common.
    """
    align = bool(card.lineage.align if align is None else align)
    side = card.preprocessing.source_side
    found = read_labelled(place, part, side=side, align=align, skip_bad=skip_bad, told=told)
    faces, labels = found.faces, found.faces.label_set.labels
    outputs = _in_common(card.labels, labels)
    common = tuple(card.labels[output] for output in outputs)
    if len(outputs) < 2:
        which = f"Only {common[0]} is" if common else "None is"
        raise DataError(
            f"{place.name or place} has the labels {', '.join(labels)}, and {card.name} answers with "
            f"{', '.join(card.labels)}. {which} in common; with fewer than two there is nothing to score. "
            f"{'; '.join(found.hints)}".rstrip()
        )
    compared = _compared(faces, common)
    if not len(compared):
        raise DataError(
            f"{place.name or place} holds no picture of {listed(common, 'or')} among those that are scored."
        )
    kept = {_meaning(label) for label in common}
    counts = zip(labels, np.bincount(faces.labels, minlength=len(labels)).tolist(), strict=True)
    about = OtherData(
        name=_printable(called) or _name(place),
        part=found.part,
        source=found.source,
        count=len(compared),
        in_common=common,
        left_out={label: count for label, count in counts if count and _meaning(label) not in kept},
        unreadable=found.unreadable,
        never_shown=tuple(label for label in card.labels if label not in common),
        aligned=found.aligned,
        without_face=found.without_face,
    )
    return OtherFaces(compared, outputs, about, found.hints)


def _compared(faces: Faces, common: tuple[str, ...]) -> Faces:
    """Those faces whose labels mean one of ``common``, with these as their label set."""
    meanings = [_meaning(label) for label in common]
    index = np.array(
        [meanings.index(each) if each in meanings else -1 for each in map(_meaning, faces.label_set.labels)]
    )
    kept = faces.take(index[faces.labels] >= 0)
    labels = index[kept.labels]
    targets = np.eye(len(common), dtype=np.float32)[labels]
    return Faces(kept.images, labels, targets, kept.rows, LabelSet("common", common))


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
    return _printable(name) or "pictures"


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name)[:_LONGEST_NAME].strip()
