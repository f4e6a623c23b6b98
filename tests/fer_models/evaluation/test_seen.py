"""What a checkpoint has seen of a split: by its own training, by its start's, by its teachers'."""

import pytest

from fer_models.evaluation.seen import what_it_saw
from tests.conftest import make_network

DRAWN = "trained on rows drawn from all parts, so it has seen many of these faces"
ANOTHER = "trained on another division of the rows, so it has seen many of these faces"
REPEATED = "trained on rows that repeat some of these faces"
CHOSEN = "chosen on this part, so the score is optimistic"
STARTED, TAUGHT = "started from weights that were ", "taught by a checkpoint that was "

OFFICIAL = {"label_rule": "ferplus-majority", "partition": "official", "seed": 0}
RANDOM = {"label_rule": "fer2013", "partition": "random-8:2", "seed": 2}  # the same pictures, other labels
LEAKED = OFFICIAL | {"keep_leaks": True}
TENTH = OFFICIAL | {"choose_on": "held-out tenth"}


def test_nothing_is_said_where_nothing_was_seen():
    for recipe in (OFFICIAL, OFFICIAL | {"start_recipe": OFFICIAL | {"start_recipe": {}}, "teacher_recipes": [{}]}):
        assert saw(recipe, "PrivateTest") == ""
    assert saw(TENTH | {"start_recipe": TENTH, "teacher_recipes": [TENTH]}, "PublicTest") == ""
    assert saw(TENTH | {"start_recipe": OFFICIAL}, "PrivateTest") == ""
    again = {"start_recipe": RANDOM | {"label_rule": "ferplus-majority"}}
    assert saw(again["start_recipe"] | again, "random") == ""  # the very rows of its own split
    raf_db = RANDOM | {"label_rule": "raf-db"}
    assert saw(OFFICIAL | {"start_recipe": raf_db, "teacher_recipes": [raf_db]}, "PrivateTest") == ""


@pytest.mark.parametrize(
    ("recipe", "split", "expected"),
    [
        (RANDOM, "PrivateTest", DRAWN),
        (OFFICIAL | {"start_recipe": RANDOM}, "PrivateTest", STARTED + DRAWN),
        (OFFICIAL | {"start_recipe": OFFICIAL | {"start_recipe": RANDOM}}, "PublicTest", STARTED + DRAWN),
        (OFFICIAL | {"teacher_recipes": [OFFICIAL, RANDOM]}, "PublicTest", TAUGHT + DRAWN),
        (OFFICIAL | {"start_recipe": OFFICIAL | {"teacher_recipes": [RANDOM]}}, "PublicTest", STARTED + DRAWN),
        (RANDOM | {"start_recipe": OFFICIAL}, "random", STARTED + ANOTHER),
        (RANDOM | {"start_recipe": RANDOM | {"seed": 3}}, "random", STARTED + ANOTHER),
        (LEAKED, "PublicTest", REPEATED),
        (OFFICIAL | {"start_recipe": LEAKED}, "PrivateTest", STARTED + REPEATED),
        (OFFICIAL | {"start_recipe": LEAKED}, "Training", "trained on these faces"),
        (OFFICIAL | {"teacher_recipes": [LEAKED]}, "PrivateTest", TAUGHT + REPEATED),
        (TENTH | {"start_recipe": OFFICIAL}, "PublicTest", STARTED + CHOSEN),
        (TENTH | {"teacher_recipes": [TENTH, OFFICIAL]}, "PublicTest", TAUGHT + CHOSEN),
        (TENTH | {"start_recipe": OFFICIAL}, "tenth", f"{STARTED}trained on these faces"),
    ],
)
def test_what_start_and_teachers_have_seen_is_not_forgotten(recipe, split, expected):
    assert saw(recipe, split) == expected


def saw(recipe, split):
    _, card = make_network("mobilenetv3_small", side=48)
    return what_it_saw(card.model_copy(update={"recipe": recipe}), split, "ferplus-majority")
