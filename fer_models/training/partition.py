"""The data of a run: read as its recipe says, and divided into what is learnt from, chosen on and scored."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fer_models.card import Card
from fer_models.data import (
    SAMPLE,
    TENTH,
    DataError,
    Faces,
    Parts,
    data_set_of,
    hold_out_tenth,
    near_duplicates,
    read_parts,
    reads_pictures,
)
from fer_models.data.faces import check_classes
from fer_models.labels import LabelSet, label_set_of
from fer_models.training.events import Note, Reading, Watch, ignore
from fer_models.training.machine import THIS_MACHINE, Machine
from fer_models.training.recipe import Recipe

CHOSEN_HERE = "single view; the epoch was chosen on this part, so the score is optimistic"


@dataclass(frozen=True)
class Plan:
    """Which faces do what: learnt from, chosen on (the epoch), scored on, and what the score must say of that.

    ``warning`` is to be said before: faces to be scored on that nearly repeat one which is learnt from.
    """

    training: Faces
    choosing: Faces
    scored: Faces
    scored_name: str
    note: str
    warning: str = ""

    def under(self, label_set: LabelSet) -> "Plan":
        """The same with more labels. DataError where the faces have others."""
        training, choosing, scored = (faces.under(label_set) for faces in (self.training, self.choosing, self.scored))
        return replace(self, training=training, choosing=choosing, scored=scored)


def plan(parts: Parts, recipe: Recipe, start: Card | None = None) -> Plan:
    """Divide a data set as the recipe says; the labels may stay those of the ``start``.

    The test part is scored only where there is no validation part.

    A data set without either (a folder of pictures, say) is scored on a held-out tenth of its training rows. In folders
    of people's own, near duplicates of training pictures among those scored on are counted.

    Raises DataError when the rows that are left to train on lack a class, or are none; ValueError when a recipe with a
    training rule has no part to be scored on, for a tenth of its training rows would be labelled by the wrong rule.
    """
    planned = _divide(parts, recipe)
    if recipe.keep_labels and start:
        planned = planned.under(label_set_of(start.labels))
    if not parts.files or data_set_of(recipe.label_rule).label_set is not None:
        return planned
    near = near_duplicates(planned.scored.images, planned.training.images)
    if not near:
        return planned
    count = f"{len(near):,} of {len(planned.scored):,} pictures"
    rows = ((planned.scored.rows[place], planned.training.rows[other]) for place, other in near[:3])
    examples = ", ".join(f"{parts.files[row]} as {parts.files[other]}" for row, other in rows)
    return replace(
        planned,
        note=f"{planned.note}; {count} nearly repeat one of training",
        warning=f"{count} of {planned.scored_name} nearly repeat one of training, so the score will be optimistic: "
        f"{examples}{' ...' if near[3:] else '.'}",
    )


def _divide(parts: Parts, recipe: Recipe) -> Plan:
    scored, name = parts.validation, parts.names[1]
    if scored is None:
        scored, name = parts.test, parts.names[2]
    if scored is None or name is None:
        if recipe.training_rule is not None:
            raise ValueError(f"With a training_rule, {parts.dataset} needs a validation or test part to be scored on.")
        rest, tenth = _hold_out(parts, recipe)
        return Plan(rest, tenth, tenth, TENTH, CHOSEN_HERE)
    if recipe.choose_on == "held-out tenth":
        rest, tenth = _hold_out(parts, recipe)
        return Plan(rest, tenth, scored, name, "single view; the epoch was chosen on a held-out tenth of training")
    return Plan(parts.training, scored, scored, name, CHOSEN_HERE)


def _hold_out(parts: Parts, recipe: Recipe) -> tuple[Faces, Faces]:
    rest, tenth = hold_out_tenth(parts.training)
    where = f"{parts.dataset}, less {TENTH},"
    if not len(rest):
        raise DataError(f"{where} holds nothing to train on: its other faces repeat those held out.")
    # A sample of fer2013.csv may lack classes from the first.
    if data_set_of(recipe.label_rule).csv is None or len(parts.training) >= SAMPLE:
        check_classes(where, rest.labels, rest.label_set)
    return rest, tenth


def read_for(
    recipe: Recipe,
    folder: Path,
    watch: Watch = ignore,
    machine: Machine = THIS_MACHINE,
    start: Card | None = None,
) -> Parts:
    """The parts of the data set in ``folder`` that ``recipe`` wants; ``watch`` is told what of it is what.

    Picture files are read at the side of the faces that the ``start`` has learnt from: sharper or coarser ones it has
    never seen.

    Raises DataError as ``read_parts`` does, ValueError when the recipe's training rule has other labels.
    """
    read = partial(
        read_parts,
        folder,
        partition=recipe.partition,
        keep_leaks=recipe.keep_leaks,
        seed=recipe.seed,
        skip_bad=machine.skip_bad,
        any_count=machine.any_count,
        side=start.preprocessing.source_side if start and reads_pictures(recipe.label_rule, folder) else None,
        align=recipe.align,
        labels=recipe.labels,
        advance=lambda done, total: watch(Reading(done, total)),
        group=recipe.group,
    )
    parts = read(recipe.label_rule)
    if recipe.training_rule is not None:
        others = read(recipe.training_rule)
        if others.training.label_set != parts.training.label_set:
            raise ValueError(f"Rows labelled by {recipe.training_rule} cannot train a network for {recipe.label_rule}.")
        parts = replace(parts, training=others.training, leaked_rows_left_out=others.leaked_rows_left_out)
    if parts.understood:
        watch(Note(parts.understood))
    if parts.skipped:
        watch(Note(f"Left out, because they cannot be read ({len(parts.skipped):,}): {', '.join(parts.skipped)}"))
    return parts
