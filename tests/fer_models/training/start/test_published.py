"""What a training began with, in words."""

import pytest

from fer_models.checkpoints import read_card
from fer_models.training.start.published import start_of


@pytest.mark.parametrize(
    ("recipe", "start"),
    [
        ({}, "from scratch"),
        ({"start": "imagenet-lite0"}, "from ImageNet weights"),
        ({"start": "ImageNet-try", "start_recipe": {"start": None, "seed": 1}}, "from scratch"),
        (
            {"start": "x", "start_recipe": {"start": "y", "start_recipe": {"start": "vggface2"}}},
            "from VGGFace2 weights",
        ),
        ({"start": "x"}, "from other weights"),
        ({"teacher_recipes": [{"seed": 1}, {"seed": 2}]}, "from scratch, with teachers"),
        (
            {"teacher_recipes": [{"start": "vggface2"}, {"start": "imagenet"}, {}]},
            "from scratch, with teachers from ImageNet and VGGFace2 weights",
        ),
        (
            {"start": "x", "start_recipe": {"seed": 1, "teacher_recipes": [{"start": "vggface2"}]}},
            "from scratch, with teachers from VGGFace2 weights",
        ),
        (
            {"start": "imagenet", "teacher_recipes": [{"teacher_recipes": [{"start": "vggface2"}]}]},
            "from ImageNet weights, with teachers from VGGFace2 weights",
        ),
    ],
)
def test_what_training_began_with_is_known_through_all_that_went_before(recipe, start):
    assert start_of(read_card("a_mobilenet.ferplus").model_copy(update={"recipe": recipe})) == start
