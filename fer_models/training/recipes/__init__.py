"""Recipes as files: for each paper's network ``NETWORK.paper.toml`` (what the paper says) and ``NETWORK.tuned.toml``.

A network that only teaches has the tuned one alone.

What a file leaves out has the default of ``Recipe``. Copy one, change it, and give it to ``ferscope train --recipe``.
"""

import codecs
import json
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fer_models.card import Card
from fer_models.checkpoints import CheckpointError, list_checkpoints, read_card
from fer_models.lineage import BEHIND, in_todays_words
from fer_models.text import first_mistake
from fer_models.training.recipe import Recipe

_FOLDER = Path(__file__).parent


def list_recipes() -> list[tuple[str, str]]:
    """(network, kind) of every recipe that is shipped, sorted; kind is 'paper' or 'tuned'."""
    return sorted((network, kind) for network, kind in (file.stem.split(".") for file in _FOLDER.glob("*.toml")))


def load_recipe(network: str, kind: str) -> Recipe:
    """A shipped recipe. ValueError naming those that exist when there is none such."""
    if (network, kind) not in list_recipes():
        known = ", ".join(f"{network} {kind}" for network, kind in list_recipes())
        raise ValueError(f"There is no recipe '{kind}' for {network}; there are: {known}.")
    return read_recipe(_FOLDER / f"{network}.{kind}.toml")


def recipe_of(card: Card) -> Recipe:
    """The recipe that a checkpoint was made by, off its card. ValueError when there is none, or not of a kind known."""
    own = {key: value for key, value in card.recipe.items() if key not in BEHIND}
    if not own:
        raise ValueError(f"The card {card.name} holds no recipe.")
    try:
        return Recipe.model_validate(own)
    except ValidationError as error:
        raise ValueError(f"The recipe on the card {card.name} is not right: {first_mistake(error)}.") from error


def recipe_behind(name: str) -> Recipe | None:
    """The recipe of a checkpoint that is not there, off the card of one that was built on it; None if there is none."""
    for bundled in list_checkpoints():
        with suppress(CheckpointError):
            if (found := _behind(read_card(bundled).recipe, name)) is not None:
                return Recipe.model_validate({key: value for key, value in found.items() if key not in BEHIND})
    return None


def _behind(recipe: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The recipe of the start or teacher called ``name``, nearest first, among those behind ``recipe``."""
    near = [(recipe.get("start"), recipe.get("start_recipe"))]
    near += zip(recipe.get("teachers", ()), recipe.get("teacher_recipes", ()), strict=False)
    known = [(of, its) for of, its in near if its]
    own = (its for of, its in known if of == name)
    return next(own, None) or next(filter(None, (_behind(its, name) for _, its in known)), None)


def read_recipe(file: Path, base: dict[str, Any] | None = None) -> Recipe:
    """A recipe from a TOML or JSON file; what it leaves out is taken from ``base``, then from Recipe's defaults.

    Raises ValueError, naming the file and the first wrong key, when it cannot be read or is not right.
    """
    try:
        text = _decoded(file.read_bytes())
        changes = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
        if not isinstance(changes, dict):
            raise ValueError(f"The recipe {file} is not right: it is no JSON object.")
        return Recipe.model_validate({**(base or {}), **in_todays_words(changes)})
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"The recipe {file} cannot be read: {error}.") from error
    except ValidationError as error:
        raise ValueError(f"The recipe {file} is not right: {first_mistake(error)}.") from error


def _decoded(data: bytes) -> str:
    """UTF-8, or UTF-16 where a byte order mark says so, as editors on Windows write it; without the mark."""
    return data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
