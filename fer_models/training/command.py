"""What `ferscope train` does: recipe and data together, train, publish."""

import json
from pathlib import Path

import torch
from pydantic import ValidationError

from fer_models.checkpoints import read_card
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
    seed: int | None,
    device: str | None,
) -> Path:
    """Train and publish; returns the checkpoint's weights. Raises ValueError (or a kind of it) for unusable input."""
    recipe = make_recipe(network, recipe_file, stages, seed)
    folder = out or Path("runs") / network
    # What is misspelt shall fail now, not after the data are read or, worse, after hours.
    create_network(network, 8, **recipe.options)
    start = read_card(recipe.start) if recipe.start else None
    if device is not None:
        _check_device(device)
    files = read_fer2013(data_folder(data))
    if files.leaks is None:
        raise DataError("leaks.csv is missing beside fer2013.csv; training must know which rows repeat a test picture.")
    training = select_faces(files, "Training", recipe.label_rule)
    validation = select_faces(files, "PublicTest", recipe.label_rule)
    left_out = len(select_faces(files, "Training", recipe.label_rule, keep_leaks=True)) - len(training)
    best = train(recipe, training, validation, folder, device=device)
    return publish(best, recipe, training, validation, folder, leaked_rows_left_out=left_out, start=start)


def _check_device(device: str) -> None:
    if device not in ("cpu", "cuda"):
        raise ValueError(f"A device is cpu or cuda, not '{device}'.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("There is no CUDA device that this PyTorch can use; leave --device out to train on the CPU.")


def make_recipe(network: str, recipe_file: Path | None, stages: list[str], seed: int | None) -> Recipe:
    """The network's default recipe, changed by a JSON file, then by what the command line says."""
    recipe = default_recipe(network)
    if recipe_file is not None:
        try:
            changes = json.loads(recipe_file.read_text(encoding="utf-8"))
            recipe = Recipe.model_validate(recipe.model_dump() | changes)
        except (OSError, UnicodeDecodeError, json.JSONDecodeError, TypeError) as error:
            raise ValueError(f"The recipe {recipe_file} cannot be read: {error}.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise ValueError(f"The recipe {recipe_file} is not right: {where}: {first['msg']}.") from error
        if recipe.network != network:
            raise ValueError(f"The recipe {recipe_file} is for {recipe.network}, not for {network}.")
    if seed is not None:
        recipe = recipe.model_copy(update={"seed": seed})
    if stages:
        recipe = recipe.model_copy(update={"stages": tuple(_stage(text) for text in stages)})
    return recipe


def _stage(text: str) -> Stage:
    try:
        side, epochs = text.split(":")
        return Stage(side=int(side), epochs=int(epochs))
    except ValueError as error:
        raise ValueError(
            f"A stage is SIDE:EPOCHS, for example 112:3, with a side of 48 to 512; not '{text}'."
        ) from error
