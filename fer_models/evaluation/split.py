"""Which faces a checkpoint is scored on."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fer_models.card import Card
from fer_models.data import RANDOM, TENTH, DataError, Faces, hold_out_tenth, read_parts, short_name

#: Short names of parts that hold training rows.
OF_TRAINING = ("Training", "train", "all", "tenth")


@dataclass(frozen=True)
class Split:
    """``name`` is short, as in files and on the command line; ``title`` is what a card calls the same part.

    ``skipped`` names unreadable pictures of the data set that were left out.
    """

    faces: Faces
    name: str
    title: str
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class Making:
    """What of a checkpoint's making decides how its data set is read.

    ``side`` of the faces of picture files, in pixels; ``keep_leaks`` and ``align`` as in its recipe; ``drawn``: the
    random partition it was trained on, as the recipe names it, and its seed, or None for the official parts;
    ``labels`` are pairs of class folders and what they were said to mean, ``group`` what finds people in paths.
    """

    side: int
    keep_leaks: bool = False
    align: bool | None = None
    drawn: tuple[str, int] | None = None
    labels: tuple[tuple[str, str], ...] = ()
    group: str = ""


def made_by(card: Card) -> Making:
    """How a checkpoint was made, off its card."""
    lineage = card.lineage
    return Making(
        side=card.preprocessing.source_side,
        keep_leaks=lineage.keep_leaks,
        align=lineage.align,
        drawn=(lineage.partition, card.seed or 0) if lineage.random_partition else None,
        labels=tuple(lineage.labels.items()),
        group=lineage.group,
    )


def read_split(
    folder: Path, label_rule: str, split: str | None, making: Making, *, skip_bad: bool = False, any_count: bool = False
) -> Split:
    """Read one split of a data set.

    Args:
        folder: of the data set that ``label_rule`` belongs to.
        label_rule: as on the checkpoint's card.
        split: of ``fer2013.csv`` PublicTest, PrivateTest or Training, PublicTest unless given; of pictures in files
            test, val or train, the first that is there unless given, or all where they are not divided; of any data
            set tenth, the training rows that are held out where training has no other faces to choose on. Of a
            checkpoint that was trained on a random partition also random, the rest of that, which is the one unless
            given.
        making: how the checkpoint was made, see ``made_by``.
        skip_bad: leave out pictures that cannot be read.
        any_count: of a copy that has other numbers of faces than are official.

    Raises DataError, or ValueError for another side than ``fer2013.csv`` has.
    """
    read = partial(
        read_parts,
        folder,
        label_rule,
        side=making.side,
        skip_bad=skip_bad,
        any_count=any_count,
        align=making.align,
        labels=dict(making.labels),
        group=making.group,
    )
    if making.drawn and split in (None, RANDOM):
        partition, seed = making.drawn
        parts = read(partition=partition, seed=seed, keep_leaks=True)
        assert parts.test is not None and parts.names[2] is not None  # of a random partition there is always a rest
        return Split(parts.test, RANDOM, parts.names[2], parts.skipped)
    parts = read(keep_leaks=making.keep_leaks or split not in OF_TRAINING)  # a test part is always whole
    titles = {short_name(title): title for title in reversed(parts.names) if title is not None}
    if split is None:
        split = "PublicTest" if "Training" in titles else next(iter(titles))
    if split == short_name(TENTH):
        return Split(hold_out_tenth(parts.training)[1], split, TENTH, parts.skipped)
    divided = dict(zip(parts.names, (parts.training, parts.validation, parts.test), strict=True))
    faces = divided[titles[split]] if split in titles else None
    if faces is None:
        there = ", ".join((*titles, short_name(TENTH)))
        raise DataError(f"{parts.dataset} in {folder} has the splits {there}; '{split}' is none of them.")
    return Split(faces, split, titles[split], parts.skipped)
