"""From a recipe and a data set to a checkpoint: read, train, publish."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fer_models.card import check_file_name
from fer_models.checkpoints import CheckpointError, read_card
from fer_models.data import data_folder, read_labels
from fer_models.data.people import check_pattern
from fer_models.networks import create_network
from fer_models.quantization import WeightForm
from fer_models.text import first_mistake
from fer_models.training.answers import ask
from fer_models.training.batches import Teachers
from fer_models.training.built_on import card_of, keep_built_on, read_built_on, start_card
from fer_models.training.events import Note, Watch, ignore
from fer_models.training.loop import is_begun, train
from fer_models.training.machine import Machine, check_device
from fer_models.training.partition import plan, read_for
from fer_models.training.publish import publish
from fer_models.training.recipe import Recipe, Stage, default_recipe
from fer_models.training.recipes import load_recipe, read_recipe, recipe_behind, recipe_of
from fer_models.training.start.published import PUBLISHED, check_start

SHIPPED = ("paper", "tuned")


@dataclass(frozen=True)
class Changes:
    """What is to be changed in a recipe; None or empty leaves it as it is. ``labels`` is a text for ``read_labels``."""

    stages: tuple[Stage, ...] = ()
    seed: int | None = None
    label_rule: str | None = None
    keep_leaks: bool = False
    align: bool = False
    labels: str = ""
    group: str = ""


def run_training(
    recipe: Recipe,
    data: str | None,
    out: Path | None,
    machine: Machine,
    name: str = "",
    form: WeightForm = "fp16",
    watch: Watch = ignore,
) -> Path:
    """Train and publish; returns the checkpoint's weights. Raises ValueError (or a kind of it) for unusable input.

    ``name`` is the checkpoint's, NETWORK.DATA unless given; ``form`` is how its weights are stored. ``watch`` is
    told what happens. A run that has ended is published anew. Of several workers the first publishes; to the others the
    run's best weights are returned.
    """
    folder = out or Path("runs") / recipe.network
    if machine.start_weights is not None and recipe.start not in PUBLISHED:
        raise ValueError("`start_weights` names published weights, but this recipe starts from none.")
    if name in PUBLISHED:
        raise ValueError(f"A checkpoint cannot be called '{name}': so are published weights that runs start from.")
    if recipe.views and machine.answers is None:
        raise ValueError("This recipe's teachers are asked before: `answers` has to name what 'ferscope teach' stored.")
    if machine.answers is not None and not recipe.views:
        raise ValueError("`answers` names stored answers, but this recipe has no views that they could belong to.")
    # What is misspelt shall fail now, not after the data are read or, worse, after hours.
    create_network(recipe.network, 8, **recipe.options)
    check_file_name(name)
    if recipe.start in PUBLISHED and not is_begun(folder):
        check_start(recipe.start, recipe.network, machine.start_weights)
    built_on = read_built_on(recipe, folder, machine.answers)
    if machine.device is not None:
        check_device(machine.device)
    parts = read_for(recipe, data_folder(data), watch, machine, built_on.start)
    planned = plan(parts, recipe, built_on.start)
    if planned.warning:
        watch(Note(planned.warning))
    if machine.workers.first and not is_begun(folder):
        keep_built_on(built_on, folder)
    best = train(recipe, planned.training, planned.choosing, folder, machine, watch)
    if not machine.workers.first:
        return best
    return publish(best, recipe, parts, planned, folder, built_on=built_on, name=name, form=form)


def run_teaching(recipe: Recipe, data: str | None, file: Path, machine: Machine, watch: Watch = ignore) -> None:
    """Ask the recipe's teachers about its views and store their answers in ``file``, or go on where that stopped.

    Raises ValueError (or a kind of it) for unusable input.
    """
    if not recipe.views:
        raise ValueError(
            "This recipe has no views about which teachers could be asked: 'views' and 'teachers' say them."
        )
    if machine.device is not None:
        check_device(machine.device)
    cards = tuple(map(card_of, recipe.teachers))
    parts = read_for(recipe, data_folder(data), watch, machine, start_card(recipe))
    training = plan(parts, recipe).training
    teachers = Teachers(recipe.teachers, training, machine.torch_device, bf16=machine.bf16)
    ask(recipe, training, cards, teachers, file, watch)


def make_recipe(network: str, recipe: str | None, changes: Changes = Changes()) -> Recipe:
    """'paper', 'tuned', a file's or a checkpoint's recipe, else the network's default, with changes.

    A checkpoint need not be there: the recipes of those that bundled ones were built on are on their cards.

    Raises ValueError (or a kind of it) when there is no such recipe, it is not right, or for another network.
    """
    create_network(network, 8)  # an unknown one suggests the nearest
    made = default_recipe(network)
    if recipe in SHIPPED:
        made = load_recipe(network, recipe)
    elif recipe is not None:
        file = Path(recipe)
        if file.suffix in (".toml", ".json") or (file.is_file() and file.suffix != ".safetensors"):
            made = read_recipe(file, made.model_dump())
        else:
            made = _recipe_called(recipe)
        if made.network != network:
            raise ValueError(f"The recipe {recipe} is for {made.network}, not for {network}.")
    updates: dict[str, Any] = {}
    if changes.seed is not None:
        updates["seed"] = changes.seed
    if changes.stages:
        updates["stages"] = tuple(stage.model_dump() for stage in changes.stages)
    if changes.label_rule is not None:
        updates["label_rule"] = changes.label_rule
    if changes.keep_leaks:
        updates["keep_leaks"] = True
    if changes.align:
        updates["align"] = True
    if changes.labels:
        updates["labels"] = read_labels(changes.labels)
    if changes.group:
        check_pattern(changes.group)
        updates["group"] = changes.group
    try:
        return Recipe.model_validate(made.model_dump() | updates)
    except ValidationError as error:
        raise ValueError(f"The recipe is not right: {first_mistake(error)}.") from error


def _recipe_called(name: str) -> Recipe:
    try:
        return recipe_of(read_card(name))
    except CheckpointError:
        if (behind := recipe_behind(name)) is None:
            raise
        return behind
