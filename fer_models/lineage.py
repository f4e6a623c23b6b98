"""What a card's recipe says of the checkpoints behind it, which it holds with it."""

from collections.abc import Mapping
from typing import Any

#: What a card's recipe holds of the checkpoints behind it: the recipe of its start, and a list of its teachers'.
BEHIND = ("start_recipe", "teacher_recipes")


def in_todays_words(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe as it would be written today, and those behind it: its ``partition`` was once called ``split``."""
    today = dict(recipe)
    if "split" in today:
        today["partition"] = today.pop("split")
    if isinstance(start := today.get("start_recipe"), Mapping):
        today["start_recipe"] = in_todays_words(start)
    if isinstance(teachers := today.get("teacher_recipes"), list | tuple):
        today["teacher_recipes"] = [in_todays_words(one) if isinstance(one, Mapping) else one for one in teachers]
    return today
