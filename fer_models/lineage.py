"""Lineage: what a checkpoint's weights were built on, starts and teachers, and so have seen.

It is read off the recipe on a card, which holds the recipes of all that went before. It lies beside the card, below
evaluation and training, because both ask it, and the site too.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

#: What a card's recipe holds of the checkpoints behind it: the recipe of its start, and a list of its teachers'.
BEHIND = ("start_recipe", "teacher_recipes")

#: What a training is to the checkpoint whose lineage it is in: its own, or one that went before.
Role = Literal["own", "start", "teacher"]


class Lineage(BaseModel):
    """A training, as far as it decides what its weights have seen, and those of its start and of its teachers.

    The fields are a recipe's; what a recipe does not state is as if it were today's default, or None.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    label_rule: str | None = None
    partition: str = "official"
    seed: int | None = None
    keep_leaks: bool = False
    align: bool | None = None
    labels: dict[str, str] = {}
    group: str = ""
    choose_on: str = "validation"
    start: str | None = None
    start_recipe: "Lineage | None" = None
    teachers: tuple[str, ...] = ()
    teacher_recipes: tuple["Lineage", ...] = ()

    @property
    def stated(self) -> bool:
        """Whether anything is known of it: a checkpoint's card need not hold a recipe."""
        return bool(self.model_fields_set)

    @property
    def held_out_tenth(self) -> bool:
        """Whether the epoch was chosen on a tenth of the training rows."""
        return self.choose_on == "held-out tenth"

    @property
    def random_partition(self) -> tuple[Any, ...] | None:
        """What decides which rows a random partition gives to training; None for the official parts."""
        return None if self.partition == "official" else (self.partition, self.seed, self.label_rule)

    def trainings(self, role: Role = "own") -> Iterator[tuple[Role, "Lineage"]]:
        """All trainings of which something is known: its own, then those before it.

        What is behind a start is called a start, what is behind a teacher a teacher.
        """
        yield role, self
        if self.start_recipe is not None and self.start_recipe.stated:
            yield from self.start_recipe.trainings("start" if role == "own" else role)
        for teacher in self.teacher_recipes:
            if teacher.stated:
                yield from teacher.trainings("teacher" if role == "own" else role)

    @property
    def first_start(self) -> str | None:
        """Where the weights began, through all starts before: None from scratch, published weights by their name.

        Where a checkpoint's own beginning is not known, it is that checkpoint's name.
        """
        if self.start_recipe is None or not self.start_recipe.stated:
            return self.start
        return self.start_recipe.first_start

    @property
    def teachers_starts(self) -> frozenset[str | None]:
        """The first start of every teacher behind the weights, also of those of starts and of teachers."""
        own = {teacher.first_start for teacher in self.teacher_recipes}
        behind = [*self.teacher_recipes, *([self.start_recipe] if self.start_recipe else [])]
        return frozenset(own.union(*(one.teachers_starts for one in behind)))


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
