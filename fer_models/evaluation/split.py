"""Which faces a checkpoint is scored on, and what it has seen of them before."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fer_models.card import Card, Score
from fer_models.data import RANDOM, TENTH, DataError, Faces, hold_out_tenth, read_parts, short_name

#: Short names of parts that hold training rows.
_OF_TRAINING = ("Training", "train", "all", "tenth")


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
    random split it was trained on, as the recipe names it, and its seed, or None for the official parts.
    """

    side: int
    keep_leaks: bool = False
    align: bool | None = None
    drawn: tuple[str, int] | None = None


def made_by(card: Card) -> Making:
    """How a checkpoint was made, off its card."""
    recipe = card.recipe
    split = recipe.get("split", "official")
    return Making(
        side=card.preprocessing.source_side,
        keep_leaks=bool(recipe.get("keep_leaks")),
        align=recipe.get("align"),
        drawn=None if split == "official" else (split, card.seed or 0),
    )


def read_split(folder: Path, label_rule: str, split: str | None, making: Making, *, skip_bad: bool = False) -> Split:
    """Read one split of a data set.

    Args:
        folder: of the data set that ``label_rule`` belongs to.
        label_rule: as on the checkpoint's card.
        split: of ``fer2013.csv`` PublicTest, PrivateTest or Training, PublicTest unless given; of pictures in files
            test, val or train, the first that is there unless given, or all where they are not divided; of any data
            set tenth, the training rows that are held out where training has no other faces to choose on. Of a
            checkpoint that was trained on a random split also random, the rest of that, which is the one unless given.
        making: how the checkpoint was made, see ``made_by``.
        skip_bad: leave out pictures that cannot be read.

    Raises DataError, or ValueError for another side than ``fer2013.csv`` has.
    """
    read = partial(read_parts, folder, label_rule, side=making.side, skip_bad=skip_bad, align=making.align)
    if making.drawn and split in (None, RANDOM):
        name, seed = making.drawn
        parts = read(split=name, seed=seed, keep_leaks=True)
        assert parts.test is not None and parts.names[2] is not None  # of a random split there is always a rest
        return Split(parts.test, RANDOM, parts.names[2], parts.skipped)
    parts = read(keep_leaks=making.keep_leaks or split not in _OF_TRAINING)  # a test part is always whole
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


def what_it_saw(card: Card, split: str, label_rule: str) -> str:
    """What makes a checkpoint's score on a split, by its short name, optimistic; '' where nothing is known to.

    Folders of people's own pictures all have the same parts, so there it is said only of the one that was trained on.
    """
    seen = _seen(card, split, label_rule)
    return f"if this is the folder it was trained on: {seen}" if seen and label_rule == "folder" else seen


def _seen(card: Card, split: str, label_rule: str) -> str:
    if card.recipe.get("split", "official") != "official" and split != RANDOM:
        return "trained on rows drawn from all parts, so it has seen many of these faces"
    stated = next((known.note for known in card.scores if _is_on(known, split, label_rule)), "")
    chose_on_tenth = card.recipe.get("choose_on") == "held-out tenth"
    if split == "tenth" and (stated or chose_on_tenth):
        return stated or "the epoch was chosen on this part, so the score is optimistic"
    if split in _OF_TRAINING:
        # Where nothing is divided, a tenth is always held out.
        share = "nine tenths of " if split == "all" or chose_on_tenth else ""
        return f"trained on {share}these faces"
    if card.recipe.get("keep_leaks"):
        return "trained on rows that repeat some of these faces"
    return stated


def _is_on(score: Score, split: str, label_rule: str) -> bool:
    return short_name(score.split) == split and score.label_rule == label_rule
