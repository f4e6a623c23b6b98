"""Lineage: every training behind a checkpoint is found, and with what weights each of them began."""

import pytest

from fer_models.lineage import Lineage

#: Taught by two; started from a checkpoint that was itself taught, and that started from published weights.
CHAIN = {
    "seed": 1,
    "start": "second",
    "start_recipe": {
        "seed": 2,
        "start": "first",
        "start_recipe": {"seed": 3, "start": "imagenet"},
        "teacher_recipes": [{"seed": 4, "start": "vggface2"}],
    },
    "teachers": ["a", "b"],
    "teacher_recipes": [{"seed": 5, "start_recipe": {"seed": 6}, "start": "c"}, {}],
}
TAUGHT_TWICE = {"teacher_recipes": [{"start": "imagenet", "teacher_recipes": [{"start": "gone"}]}]}


def test_every_training_is_found_with_its_role():
    found = [(role, training.seed) for role, training in Lineage.model_validate(CHAIN).trainings()]
    assert found == [("own", 1), ("start", 2), ("start", 3), ("start", 4), ("teacher", 5), ("teacher", 6)]


@pytest.mark.parametrize(
    ("recipe", "own", "teachers"),
    [
        (CHAIN, "imagenet", {"vggface2", None}),
        ({}, None, set()),
        ({"start": "gone"}, "gone", set()),
        ({"start": "gone", "start_recipe": {}}, "gone", set()),
        ({"start": "x", "start_recipe": {"seed": 1}}, None, set()),
        ({"teacher_recipes": [{}]}, None, {None}),
        (TAUGHT_TWICE, None, {"imagenet", "gone"}),
    ],
)
def test_what_weights_and_teachers_began_with(recipe, own, teachers):
    lineage = Lineage.model_validate(recipe)
    assert lineage.first_start == own and lineage.teachers_starts == teachers


def test_what_is_not_stated_is_not_counted_as_a_training():
    nothing = Lineage.model_validate({"method": "of somebody else's"})
    assert not nothing.stated and list(nothing.trainings()) == [("own", nothing)]
    random = Lineage.model_validate({"partition": "random-8:2", "seed": 2, "label_rule": "fer2013"})
    assert random.random_partition == ("random-8:2", 2, "fer2013") and nothing.random_partition is None
