"""Which faces a checkpoint is scored on, and what it has seen of them before."""

from dataclasses import dataclass
from pathlib import Path

from fer_models.card import Card, Score
from fer_models.data import TENTH, DataError, Faces, hold_out_tenth, read_parts, short_name

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


def read_split(
    folder: Path,
    label_rule: str,
    split: str | None,
    side: int,
    *,
    keep_leaks: bool = False,
    skip_bad: bool = False,
) -> Split:
    """Read one split of a data set.

    Args:
        folder: of the data set that ``label_rule`` belongs to.
        label_rule: as on the checkpoint's card.
        split: of ``fer2013.csv`` PublicTest, PrivateTest or Training, PublicTest unless given; of pictures in files
            test, val or train, the first that is there unless given, or all where they are not divided; of any data
            set tenth, the training rows that are held out where training has no other faces to choose on.
        side: of the faces of picture files, in pixels.
        keep_leaks: keep training rows that repeat a picture of another part, as the checkpoint's training did.
        skip_bad: leave out pictures that cannot be read.

    Raises DataError, or ValueError for another side than ``fer2013.csv`` has.
    """
    parts = read_parts(
        folder,
        label_rule,
        side=side,
        skip_bad=skip_bad,
        keep_leaks=keep_leaks or split not in _OF_TRAINING,  # a test part is always whole
    )
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
    if card.recipe.get("split", "official") != "official":
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
