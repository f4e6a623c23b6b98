"""What a run's weights are built on: the cards of its start and its teachers, and what its own card says of them."""

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from fer_models.atomic import written_aside
from fer_models.card import Card
from fer_models.checkpoints import CheckpointError, read_card
from fer_models.data import data_set_of
from fer_models.text import nearest
from fer_models.training.answers import read_cards
from fer_models.training.loop import is_begun
from fer_models.training.recipe import Recipe
from fer_models.training.recipes import recipe_behind
from fer_models.training.start.published import PUBLISHED, start_text

_FILE = "origin.json"  # runs that have begun hold one
_BUILT_ON = " Built on "


class BuiltOn(BaseModel):
    """The cards of the checkpoint that a run starts from (None: from none) and of its teachers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Card | None = None
    teachers: tuple[Card, ...] = ()


def read_built_on(recipe: Recipe, folder: Path, answers: Path | None = None) -> BuiltOn:
    """A run in ``folder`` keeps the cards that it began with; other checkpoints may bear their names by now.

    The cards of teachers that were asked before lie with their ``answers``.

    Raises CheckpointError when a checkpoint is not there, ValueError when the kept cards are damaged.
    """
    file = folder / _FILE
    if not is_begun(folder) or not file.is_file():
        teachers = read_cards(answers) if answers else tuple(map(card_of, recipe.teachers))
        return BuiltOn(start=start_card(recipe), teachers=teachers)
    try:
        return BuiltOn.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ValueError(f"{file} is damaged; remove the folder {folder} to run again.") from error


def keep_built_on(built_on: BuiltOn, folder: Path) -> None:
    """Write the cards into the folder of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    with written_aside(folder / _FILE) as aside:
        aside.write_text(built_on.model_dump_json(indent=1) + "\n", encoding="utf-8")


def whole_recipe(recipe: Recipe, built_on: BuiltOn) -> dict[str, Any]:
    """The recipe with those behind it: what the start and the teachers have seen, the new weights know."""
    whole = recipe.model_dump(mode="json")
    if built_on.start is not None:
        whole["start_recipe"] = built_on.start.recipe
    if built_on.teachers:
        whole["teacher_recipes"] = [teacher.recipe for teacher in built_on.teachers]
    return whole


def initialisation(recipe: Recipe, built_on: BuiltOn, name: str) -> str:
    """Where the weights of the checkpoint ``name`` began, through all checkpoints before it."""
    if recipe.start in PUBLISHED:
        return PUBLISHED[recipe.start].words_for(recipe.network)
    if (start := built_on.start) is None:
        return start_text(None)
    which = f"an earlier {name}" if start.name == name else start.name
    return f"weights of {which}, which were trained from {start.initialisation.removeprefix('from ')}"


def whole_licence(recipe: Recipe, built_on: BuiltOn) -> str:
    """The rights to the labels and pictures trained on, and to all that the weights are built on, each said once."""
    own = data_set_of(recipe.label_rule).rights
    behind = []
    if recipe.start in PUBLISHED:
        published = PUBLISHED[recipe.start]
        behind.append(f"{published.words_for(recipe.network).removeprefix('from ')}: {published.licence}.")
    for card in filter(None, (built_on.start, *built_on.teachers)):
        its_own, *further = card.licence.split(_BUILT_ON)
        if new := [sentence for sentence in re.split(r"(?<=\.) ", its_own) if sentence not in own]:
            behind.append(f"{card.name}: {' '.join(new)}")
        behind += further
    return _BUILT_ON.join([own, *dict.fromkeys(behind)])


def start_card(recipe: Recipe) -> Card | None:
    """The card of the checkpoint that a recipe starts from, or None. CheckpointError where it is not there."""
    if recipe.start is None or recipe.start in PUBLISHED:
        return None
    return card_of(recipe.start)


def card_of(name: str) -> Card:
    """The card of a start or teacher. CheckpointError where it is not there, saying how it is made if that is known."""
    try:
        return read_card(name)
    except CheckpointError as error:
        if (behind := recipe_behind(name)) is None:
            raise CheckpointError(f"{error}{nearest(name.lower(), PUBLISHED)}") from error
        where = PUBLISHED[behind.start].where if behind.start in PUBLISHED else ""
        of = behind.network
        made = f"'ferscope train {of} --recipe {name} --name {name}' makes it."
        if where:
            made = (
                f"'ferscope train {of} --recipe {name} --name {name} --start-weights FILE' makes it; FILE is {where}."
            )
        raise CheckpointError(f"There is no checkpoint '{name}'. {made}") from error
