"""The data of a run divided: no class is lost, and no score gets the name of another rule."""

import dataclasses

import cv2
import numpy as np
import pytest

from fer_models.data import DataError, hold_out_tenth, read_parts
from fer_models.training.events import Event, Note, Reading
from fer_models.training.partition import plan, read_for
from fer_models.training.recipe import Recipe
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import draw, save, write_class_folders

OWN = Recipe(network="mobilenetv3_small", label_rule="folder")


def test_a_training_rule_without_a_part_to_be_scored_on_is_refused(tmp_path):
    files = write_files(tmp_path, test=0, leaks=())
    recipe = Recipe(network="mobilenetv3_small", training_rule="ferplus-argmax-8")
    with pytest.raises(ValueError, match=r"With a training_rule, FER2013 .* needs a validation or test part"):
        plan(read_for(recipe, files), recipe)
    plain = recipe.model_copy(update={"training_rule": None})
    assert plan(read_for(plain, files), plain).scored_name == "a held-out tenth of the training rows"
    tested = write_files(tmp_path / "tested", test=0, private=8, leaks=())
    assert plan(read_for(recipe, tested), recipe).scored_name == "PrivateTest"


def test_a_class_that_is_held_out_whole_is_refused(tmp_path):
    write_class_folders(tmp_path, ("happy", "sad"), count=12)
    save(draw(3, 40), tmp_path / "angry" / "0.png")  # the first row, which is held out
    parts = read_parts(tmp_path, "folder")
    assert set(hold_out_tenth(parts.training)[0].labels) == {0, 1}
    with pytest.raises(DataError, match="a held-out tenth of the training rows, holds no training face of anger"):
        plan(parts, OWN)
    for number in range(1, 4):
        save(draw(3, 40 + number), tmp_path / "angry" / f"{number}.png")
    assert set(plan(read_parts(tmp_path, "folder"), OWN).training.labels) == {0, 1, 2}


def test_pictures_that_are_all_alike_leave_nothing_to_train_on(tmp_path):
    for name in ("happy", "sad"):
        for number in range(10):
            save(draw(0, 0), tmp_path / name / f"{number}.png")
    with pytest.raises(DataError, match="holds nothing to train on: its other faces repeat those held out"):
        plan(read_parts(tmp_path, "folder"), OWN)


def test_what_is_read_is_told_and_then_what_was_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    write_class_folders(tmp_path / "mine", ("happy", "sad"), count=2)
    said: list[Event] = []
    read_for(OWN, tmp_path / "mine", said.append)
    assert said == [Reading(4, 4), Note("4 pictures: happiness 2, sadness 2.")]


def test_a_sample_may_lack_classes(tmp_path):
    recipe = Recipe(network="mobilenetv3_small", choose_on="held-out tenth")
    planned = plan(read_for(recipe, write_files(tmp_path)), recipe)
    assert np.unique(planned.training.labels).tolist() == [0, 1]


def test_the_epoch_is_chosen_where_the_recipe_says(many):
    recipe = Recipe(network="mobilenetv3_small")
    held_out = plan(many, recipe.model_copy(update={"choose_on": "held-out tenth"}))
    rest, tenth = hold_out_tenth(many.training)
    np.testing.assert_array_equal(held_out.training.rows, rest.rows)
    np.testing.assert_array_equal(held_out.choosing.rows, tenth.rows)
    assert held_out.scored is many.validation and "held-out tenth" in held_out.note
    nothing = dataclasses.replace(many, validation=None, test=None, names=("all", None, None))
    assert "held-out tenth" in plan(nothing, recipe).scored_name


def textured(number: int) -> np.ndarray:
    """(64, 64, 3) uint8: coarse noise, another for every number."""
    coarse = np.random.default_rng(number).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    return cv2.resize(coarse, (64, 64), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("divided", [True, False])
def test_near_duplicates_across_the_line_are_counted_and_named(tmp_path, divided):
    for label, name in enumerate(("happy", "sad")):
        for number in range(20):
            part = ("test" if number < 4 else "train") if divided else ""
            save(textured(100 * label + number), tmp_path / part / name / f"{number}.png")
    clean = plan(read_parts(tmp_path, "folder"), OWN)
    assert clean.warning == "" and "repeat" not in clean.note
    held = clean.scored.rows[1]
    files = read_parts(tmp_path, "folder").files
    picture = cv2.imread(str(tmp_path / files[held]))
    copy = tmp_path / files[clean.training.rows[-1]]
    cv2.imwrite(str(copy), (picture * 0.9).astype(np.uint8))
    planned = plan(read_parts(tmp_path, "folder"), OWN)
    assert planned.note == f"{clean.note}; 1 of {len(clean.scored)} pictures nearly repeat one of training"
    assert f"{files[held]} as {copy.relative_to(tmp_path)}" in planned.warning


def test_data_sets_that_their_authors_divided_are_not_looked_through(many):
    recipe = Recipe(network="mobilenetv3_small")
    same = dataclasses.replace(many, validation=many.training)
    assert plan(same, recipe).warning == ""
