"""What a checkpoint has seen of the faces it is scored on, by its own training or by those before it."""

from fer_models.card import Card, Score
from fer_models.data import RANDOM, short_name
from fer_models.data.catalogue import same_pictures
from fer_models.evaluation.split import OF_TRAINING
from fer_models.lineage import Lineage, Role

#: Short names of parts on which an epoch may have been chosen.
_CHOSEN_ON = ("PublicTest", "val", "test")
#: The beginning of a sentence on whose training it is.
_WHO: dict[Role, str] = {
    "own": "",
    "start": "started from weights that were ",
    "teacher": "taught by a checkpoint that was ",
}


def what_it_saw(card: Card, split: str, label_rule: str) -> str:
    """What makes a checkpoint's score on a split, by its short name, optimistic; '' where nothing is known to.

    Folders of people's own pictures all have the same parts, so there it is said only of the one that was trained on.
    """
    seen = _seen(card, split, label_rule)
    return f"if this is the folder it was trained on: {seen}" if seen and label_rule == "folder" else seen


def _seen(card: Card, split: str, label_rule: str) -> str:
    stated = next((known.note for known in card.scores if _is_on(known, split, label_rule)), "")
    if seen := seen_in_making(card.lineage, split, label_rule):
        return stated if seen in stated else seen
    chose_on_tenth = card.lineage.held_out_tenth
    if split == "tenth" and (stated or chose_on_tenth):
        return stated or "the epoch was chosen on this part, so the score is optimistic"
    if split in OF_TRAINING:
        # Where nothing is divided, a tenth is always held out.
        share = "nine tenths of " if split == "all" or chose_on_tenth else ""
        return f"trained on {share}these faces"
    return stated


def seen_in_making(lineage: Lineage, split: str, label_rule: str) -> str:
    """What a checkpoint has seen of a split beyond the choice of its own epoch; '' where nothing is known.

    That is training off the official rows, its own or of those behind it, and where it chose its epoch on a held-out
    tenth, that those behind it did not.

    Args:
        lineage: off its card.
        split: by its short name.
        label_rule: by which the split is labelled.
    """
    drawn = lineage.random_partition if split == RANDOM else None
    for role, training in lineage.trainings():
        if not same_pictures(training.label_rule or label_rule, label_rule):
            continue
        who, behind = _WHO[role], role != "own"
        same = ", if that was the same folder" if behind and label_rule == "folder" else ""
        if training.random_partition != drawn:
            rows = "another division of the rows" if split == RANDOM else "rows drawn from all parts"
            return f"{who}trained on {rows}, so it has seen many of these faces{same}"
        if training.keep_leaks and split not in OF_TRAINING:
            return f"{who}trained on rows that repeat some of these faces{same}"
        if behind and lineage.held_out_tenth and not training.held_out_tenth:
            if split == "tenth":
                return f"{who}trained on these faces{same}"
            if split in _CHOSEN_ON:
                return f"{who}chosen on this part, so the score is optimistic{same}"
    return ""


def _is_on(score: Score, split: str, label_rule: str) -> bool:
    return short_name(score.split) == split and score.label_rule == label_rule
