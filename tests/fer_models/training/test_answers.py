"""Teachers asked once: what is stored belongs to what a pupil sees, and is asked for only once."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from fer_models.checkpoints import read_card
from fer_models.classifier import load_classifier
from fer_models.cli import app
from fer_models.data import read_parts
from fer_models.data.augmentation import Augmentation
from fer_models.training.answers import Answers, ask, make_view
from fer_models.training.batches import Batches, Teachers
from fer_models.training.recipe import Recipe, Stage
from tests.conftest import make_checkpoint
from tests.support.fer2013_files import write_files

CPU = torch.device("cpu")
CHANGES = Augmentation(flip=0, degrees=30, erase=0.5, noise=0.05)


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return read_parts(write_files(tmp_path_factory.mktemp("data"), leaks=())).training


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """Both teachers get the pupil's side."""
    folder = tmp_path_factory.mktemp("teachers")
    teachers = [
        make_checkpoint(name, folder, f"{name}.test", 48) for name in ("mobilenetv3_small", "mobilenetv3_cpsca")
    ]
    return Recipe(
        network="mobilenetv3_small",
        stages=(Stage(side=48, epochs=4),),
        augmentation=CHANGES,
        teachers=tuple(map(str, teachers)),
        teaching=1.0,
        views=2,
    )


def asked(recipe, training, file, teachers=None):
    cards = tuple(map(read_card, recipe.teachers))
    ask(recipe, training, cards, teachers or Teachers(recipe.teachers, training, CPU), file)
    return file


@pytest.fixture(scope="module")
def file(recipe, training, tmp_path_factory):
    return asked(recipe, training, tmp_path_factory.mktemp("answers") / "answers.safetensors")


def test_the_stored_answer_is_the_teachers_on_the_picture_that_the_pupil_gets(recipe, training, file):
    batches = Batches(recipe, training, CPU, answers=Answers(file, recipe, training))
    chosen = torch.tensor([7, 0, 31, 7])
    seen = {}
    for epoch in (0, 1, 2):
        torch.manual_seed(epoch)
        seen[epoch], targets, labels = batches.make(chosen, 48, epoch)
        with torch.no_grad():
            answers = [load_classifier(name).network(seen[epoch]).softmax(1) for name in recipe.teachers]
        np.testing.assert_allclose(targets, np.mean([answer.numpy() for answer in answers], axis=0), atol=1e-3)
        assert np.array_equal(labels, training.labels[chosen])
    assert torch.equal(seen[0], seen[2]) and not torch.equal(seen[0], seen[1])  # two views, bit for bit
    assert load_file(file)["answers"].dtype == torch.float16


def test_a_mirrored_view_has_the_same_answer(recipe, training, file):
    whole = torch.arange(len(training))
    made = []
    for flip in (0.0, 1.0, 0.5):
        changed = recipe.model_copy(update={"augmentation": CHANGES.model_copy(update={"flip": flip})})
        made.append(Batches(changed, training, CPU, answers=Answers(file, changed, training)).make(whole, 48))
    (plain, answers, _), (mirrored, same, _), (some, also, _) = made
    assert torch.equal(mirrored, plain.flip(-1)) and torch.equal(same, answers) and torch.equal(also, answers)
    as_they_were = (some == plain).flatten(1).all(1)
    assert 0 < as_they_were.sum() < len(training)
    assert torch.equal(some[~as_they_were], mirrored[~as_they_were])


def test_votes_keep_their_share_and_mixup_mixes_the_answers(recipe, training, file):
    changed = recipe.model_copy(update={"teaching": 0.75, "mixup": 0.5})
    chosen = torch.arange(6)
    torch.manual_seed(3)
    mixed, targets, _ = Batches(changed, training, CPU, answers=Answers(file, changed, training)).make(chosen, 48)
    unmixed = changed.model_copy(update={"mixup": 0.0})
    faces, before, _ = Batches(unmixed, training, CPU, answers=Answers(file, unmixed, training)).make(chosen, 48)
    stored = load_file(file)["answers"][0, :6].float()
    torch.testing.assert_close(before, 0.25 * torch.from_numpy(training.targets[:6]) + 0.75 * stored)
    # One share mixes faces and targets alike.
    share = torch.linalg.lstsq(before.T, targets.T).solution.T
    torch.testing.assert_close(torch.einsum("ij,jchw->ichw", share, faces), mixed, atol=1e-3, rtol=0)
    assert not torch.equal(mixed, faces)


def test_views_depend_on_nothing_but_their_number(training):
    images = torch.from_numpy(training.images)
    torch.manual_seed(8)
    drawn_next = torch.rand(3)
    torch.manual_seed(8)
    first = make_view(images, CHANGES, 1)
    assert torch.equal(torch.rand(3), drawn_next)
    assert torch.equal(make_view(images, CHANGES, 1), first) and not torch.equal(make_view(images, CHANGES, 0), first)
    assert first.dtype == torch.uint8 and first.shape == images.shape


def test_asking_goes_on_where_it_was_interrupted(recipe, training, file, tmp_path):
    teachers, answered = Teachers(recipe.teachers, training, CPU), []

    def tired(faces):
        if len(answered) == 1:
            raise KeyboardInterrupt
        answered.append(len(faces))
        return teachers(faces)

    with pytest.raises(KeyboardInterrupt):
        asked(recipe, training, tmp_path / "some", tired)
    with pytest.raises(ValueError, match="holds 1 of 2 views"):
        Answers(tmp_path / "some", recipe, training)
    asked(recipe, training, tmp_path / "some", lambda faces: answered.append(len(faces)) or teachers(faces))
    assert answered == [len(training)] * 2  # each view once
    expected, found = load_file(file), load_file(tmp_path / "some")
    assert found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in found)


def test_answers_to_other_questions_are_refused(recipe, training, file, tmp_path):
    other_rows = dataclasses.replace(training, images=255 - training.images)
    for changed, rows in (
        (recipe.model_copy(update={"teachers": recipe.teachers[:1]}), training),
        (recipe.model_copy(update={"augmentation": Augmentation(degrees=29)}), training),
        (recipe, other_rows),
    ):
        with pytest.raises(ValueError, match="of other teachers, to other rows, or by another augmentation"):
            Answers(file, changed, rows)
        with pytest.raises(ValueError, match="of other teachers, to other rows, or by another augmentation"):
            asked(changed, rows, file)
    (tmp_path / "text").write_text("no answers")
    save_file({"answers": torch.zeros(1, 2, 8)}, tmp_path / "bare")
    for name in ("none", "text", "bare"):
        with pytest.raises(ValueError, match=f"{name} cannot be read as teachers' answers"):
            Answers(tmp_path / name, recipe, training)


def test_answers_to_views_that_cannot_be_made_again_are_refused(recipe, training, file):
    answers = Answers(file, recipe, training)
    answers.samples = answers.samples.flip(0)  # as if another library drew in another order
    with pytest.raises(ValueError, match="View 1 is not the one that teachers have answered"):
        Batches(recipe, training, CPU, answers=answers).make(torch.arange(4), 48)


def test_a_pupil_learns_from_stored_answers_without_its_teachers(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path / "data", leaks=())
    teacher = make_checkpoint("mobilenetv3_small", tmp_path, "teacher.test", 48)
    settings = {"batch_size": 16, "stages": [{"side": 48, "epochs": 1}], "teachers": [str(teacher)], "views": 2}
    (tmp_path / "recipe.json").write_text(json.dumps(settings))

    def run(command, *arguments):
        given = [command, "mobilenetv3_small", "--data", "data", "--recipe", "recipe.json", *arguments]
        return CliRunner().invoke(app, given)

    refused = run("train")
    assert refused.exit_code == 1 and "--answers has to name what 'ferscope teach' stored" in refused.stderr
    told = run("teach", "--out", "said")
    assert told.exit_code == 0 and "View 2 of 2" in told.output and "Answers: said" in told.output
    expected = read_card(teacher)
    for part in (teacher, teacher.with_suffix(".json")):
        part.unlink()
    ended = run("train", "--out", "run", "--answers", "said")
    assert ended.exit_code == 0, ended.output
    card = read_card(tmp_path / "run" / "mobilenetv3_small.ferplus.safetensors")
    assert card.recipe["teacher_recipes"] == [expected.recipe] and card.recipe["views"] == 2
    (tmp_path / "recipe.json").write_text(json.dumps(settings | {"views": 0, "teachers": []}))
    for command, message in (("train", "this recipe has no views"), ("teach", "This recipe has no views")):
        refused = run(command, *(("--answers", "said") if command == "train" else ()))
        assert refused.exit_code == 1 and message in refused.stderr


def test_views_without_teachers_are_refused():
    with pytest.raises(ValueError, match="there are none"):
        Recipe(network="mobilenetv1", views=4)
