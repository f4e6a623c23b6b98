"""What `ferscope train` does: recipe and data together, train, publish."""

from pathlib import Path

from pydantic import ValidationError

from fer_models.data import DataError, data_folder, read_fer2013, select_faces
from fer_models.networks import create_network
from fer_models.training.loop import train
from fer_models.training.publish import publish
from fer_models.training.recipe import Recipe, Stage, default_recipe


def run_training(
    network: str,
    data: str | None,
    out: Path | None,
    recipe_file: Path | None,
    stages: list[str],
    seed: int,
    device: str | None,
) -> Path:
    """Train and publish; returns the checkpoint's weights. Raises ValueError (or a kind of it) for unusable input."""
    recipe = make_recipe(network, recipe_file, stages, seed)
    folder = out or Path("runs") / network
    create_network(network, 8, **recipe.options)  # a misspelt name or option shall fail before the data are read
    files = read_fer2013(data_folder(data))
    if files.leaks is None:
        raise DataError("leaks.csv is missing beside fer2013.csv; training must know which rows repeat a test picture.")
    training = select_faces(files, "Training", recipe.label_rule)
    validation = select_faces(files, "PublicTest", recipe.label_rule)
    left_out = len(select_faces(files, "Training", recipe.label_rule, keep_leaks=True)) - len(training)
    best = train(recipe, training, validation, folder, device=device)
    return publish(best, recipe, training, validation, folder, leaked_rows_left_out=left_out)


def make_recipe(network: str, recipe_file: Path | None, stages: list[str], seed: int) -> Recipe:
    """The network's default recipe, changed by a JSON file, then by what the command line says."""
    recipe = default_recipe(network)
    if recipe_file is not None:
        try:
            text = recipe_file.read_text(encoding="utf-8")
            recipe = Recipe.model_validate_json(text)
        except OSError as error:
            raise ValueError(f"The recipe {recipe_file} cannot be read: {error}.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise ValueError(f"The recipe {recipe_file} is not right: {where}: {first['msg']}.") from error
        if recipe.network != network:
            raise ValueError(f"The recipe {recipe_file} is for {recipe.network}, not for {network}.")
    changes: dict = {"seed": seed}
    if stages:
        changes["stages"] = tuple(_stage(text) for text in stages)
    return recipe.model_copy(update=changes)


def _stage(text: str) -> Stage:
    try:
        side, epochs = text.split(":")
        return Stage(side=int(side), epochs=int(epochs))
    except ValueError as error:
        raise ValueError(
            f"A stage is SIDE:EPOCHS, for example 112:3, with a side of 48 to 512; not '{text}'."
        ) from error
