"""Faces to be scored on are read as those that a checkpoint learnt from."""

import shutil

import numpy as np
from PIL import Image

from fer_models.card import Card
from fer_models.evaluation.split import made_by, read_split
from fer_models.faces import detect_faces
from fer_models.images import open_image
from fer_models.preprocessing import Preprocessing, to_source
from fer_models.training.partition import read_for
from fer_models.training.recipe import Recipe
from fer_models.training.run import Changes, make_recipe


def test_own_pictures_are_cropped_to_the_face_when_asked(astronaut, tmp_path):
    photo = tmp_path / "photo.jpg"
    Image.fromarray(astronaut).save(photo, quality=95)
    for name in ("happy", "sad"):
        for number in range(10):
            target = tmp_path / "own" / name / f"{number}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, target)
    made = make_recipe("mobilenetv3_small", None, Changes(label_rule="folder", align=True)).model_dump(mode="json")
    faces = {}
    for align in (None, True):
        recipe = Recipe.model_validate(made | {"align": align})
        faces[align] = read_for(recipe, tmp_path / "own").training.images[0]
    crop = detect_faces(open_image(photo))[0].crop
    assert np.array_equal(faces[True], to_source(crop, 112)) and not np.array_equal(faces[None], faces[True])
    card = Card(
        name="x",
        network="mobilenetv3_small",
        labels=("a", "b"),
        preprocessing=Preprocessing(source_side=112),
        licence="",
        recipe=made,
    )
    again = read_split(tmp_path / "own", "folder", "all", made_by(card)).faces.images[0]
    assert np.array_equal(again, faces[True])
