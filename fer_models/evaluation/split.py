"""Which faces a checkpoint is scored on, and what it has seen of them before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fer_models.card import Card, Score
from fer_models.data import RANDOM, TENTH, DataError, Faces, hold_out_tenth, read_parts, short_name
from fer_models.data.fer2013 import LABEL_RULES as FER2013_RULES
from fer_models.data.partition import Partition

#: Short names of parts that hold training rows.
_OF_TRAINING = ("Training", "train", "all", "tenth")
#: Short names of parts on which an epoch may have been chosen.
_CHOSEN_ON = ("PublicTest", "val", "test")


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
    random partition it was trained on, as the recipe names it, and its seed, or None for the official parts.
    """

    side: int
    keep_leaks: bool = False
    align: bool | None = None
    drawn: tuple[Partition, int] | None = None


def made_by(card: Card) -> Making:
    """How a checkpoint was made, off its card."""
    recipe = card.recipe
    partition = recipe.get("partition", "official")
    return Making(
        side=card.preprocessing.source_side,
        keep_leaks=bool(recipe.get("keep_leaks")),
        align=recipe.get("align"),
        drawn=None if partition == "official" else (partition, card.seed or 0),
    )


def read_split(folder: Path, label_rule: str, split: str | None, making: Making, *, skip_bad: bool = False) -> Split:
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

    Raises DataError, or ValueError for another side than ``fer2013.csv`` has.
    """
    read = partial(read_parts, folder, label_rule, side=making.side, skip_bad=skip_bad, align=making.align)
    if making.drawn and split in (None, RANDOM):
        partition, seed = making.drawn
        parts = read(partition=partition, seed=seed, keep_leaks=True)
        assert parts.test is not None and parts.names[2] is not None  # of a random partition there is always a rest
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
    stated = next((known.note for known in card.scores if _is_on(known, split, label_rule)), "")
    if seen := seen_in_making(card.recipe, split, label_rule):
        return stated if seen in stated else seen
    chose_on_tenth = _held_out_tenth(card.recipe)
    if split == "tenth" and (stated or chose_on_tenth):
        return stated or "the epoch was chosen on this part, so the score is optimistic"
    if split in _OF_TRAINING:
        # Where nothing is divided, a tenth is always held out.
        share = "nine tenths of " if split == "all" or chose_on_tenth else ""
        return f"trained on {share}these faces"
    return stated


def seen_in_making(recipe: Mapping[str, Any], split: str, label_rule: str) -> str:
    """What a checkpoint has seen of a split beyond the choice of its own epoch; '' where nothing is known.

    That is training off the official rows, its own or of those behind it, and where it chose its epoch on a held-out
    tenth, that those behind it did not.

    Args:
        recipe: as on a card, with the recipes of the checkpoint that it started from ("start_recipe") and of its
            teachers ("teacher_recipes"), which pass on what they have seen.
        split: by its short name.
        label_rule: by which the split is labelled.
    """
    division = _division(recipe) if split == RANDOM else None
    for who, part in _recipes(recipe):
        if not _of_one_data_set(part.get("label_rule", label_rule), label_rule):
            continue
        same = ", if that was the same folder" if who and label_rule == "folder" else ""
        if _division(part) != division:
            rows = "another division of the rows" if split == RANDOM else "rows drawn from all parts"
            return f"{who}trained on {rows}, so it has seen many of these faces{same}"
        if part.get("keep_leaks") and split not in _OF_TRAINING:
            return f"{who}trained on rows that repeat some of these faces{same}"
        if who and _held_out_tenth(recipe) and not _held_out_tenth(part):
            if split == "tenth":
                return f"{who}trained on these faces{same}"
            if split in _CHOSEN_ON:
                return f"{who}chosen on this part, so the score is optimistic{same}"
    return ""


def _held_out_tenth(recipe: Mapping[str, Any]) -> bool:
    return recipe.get("choose_on") == "held-out tenth"


def _recipes(recipe: Mapping[str, Any], who: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A card's recipe and those behind it, each with the beginning of a sentence on whose it is."""
    yield who, recipe
    if start := recipe.get("start_recipe"):
        yield from _recipes(start, who or "started from weights that were ")
    for teacher in filter(None, recipe.get("teacher_recipes", ())):
        yield from _recipes(teacher, who or "taught by a checkpoint that was ")


def _division(recipe: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What decides which rows a random partition gives to training; None for the official parts."""
    partition = recipe.get("partition", "official")
    return None if partition == "official" else (partition, recipe.get("seed"), recipe.get("label_rule"))


def _of_one_data_set(rule: str, other: str) -> bool:
    return rule == other or {rule, other} <= set(FER2013_RULES)


def _is_on(score: Score, split: str, label_rule: str) -> bool:
    return short_name(score.split) == split and score.label_rule == label_rule
