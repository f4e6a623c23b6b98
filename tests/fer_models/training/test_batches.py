"""What a step learns from: order, Mixup, a teacher's word, and rows labelled by another rule."""

import dataclasses

import numpy as np
import pytest
import torch

from fer_models.classifier import load_classifier
from fer_models.data import Faces, read_parts
from fer_models.labels import FER2013
from fer_models.training.batches import Batches, Teachers, mixed_up
from fer_models.training.partition import read_for
from fer_models.training.recipe import Augmentation, Recipe, Stage
from tests.conftest import make_checkpoint
from tests.support.fer2013_files import write_files

CPU = torch.device("cpu")
RECIPE = Recipe(
    network="mobilenetv3_small",
    stages=(Stage(side=48, epochs=2),),
    augmentation=Augmentation(flip=0, degrees=0, translate=0, scale=(1, 1), contrast=0),
)


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return read_parts(write_files(tmp_path_factory.mktemp("data"))).training


def test_mixup_mixes_faces_and_votes_by_one_share():
    torch.manual_seed(1)
    faces, targets = torch.arange(4.0).reshape(4, 1, 1).expand(4, 2, 2), torch.eye(4)
    mixed, votes = mixed_up(faces, targets, 0.5)
    torch.testing.assert_close(votes.sum(1), torch.ones(4))
    torch.testing.assert_close(mixed[:, 0, 0], votes @ torch.arange(4.0))
    assert 0 < votes.diagonal().min() < 1


def test_oversampling_draws_small_classes_as_often(training):
    few = Faces(*(getattr(training, name)[:34] for name in ("images", "labels", "targets", "rows")), training.label_set)
    few.labels[:] = [0] * 30 + [1] * 4
    shares = {}
    for power in (0.0, 0.5, 1.0):
        batches = Batches(RECIPE.model_copy(update={"oversample": power}), few, CPU)
        drawn = np.concatenate([few.labels[batches.order(epoch).numpy()] for epoch in range(200)])
        shares[power] = drawn.mean()
    assert shares[0.0] == 4 / 34
    assert shares[0.5] == pytest.approx(4**0.5 / (4**0.5 + 30**0.5), abs=0.02)
    assert shares[1.0] == pytest.approx(0.5, abs=0.02)


@pytest.fixture
def teachers(tmp_path):
    """Two checkpoints that are served at different sides."""
    small, large = ("mobilenetv3_small", 48), ("mobilenetv3_cpsca", 64)
    return tuple(str(make_checkpoint(network, tmp_path, f"{network}.test", side)) for network, side in (small, large))


@pytest.mark.parametrize("teaching", [0.25, 1.0])
def test_teachers_join_the_targets_by_their_share(training, teachers, teaching):
    batches = Batches(RECIPE.model_copy(update={"teachers": teachers, "teaching": teaching}), training, CPU)
    chosen = torch.tensor([3, 0, 7])
    _, targets, labels = batches.make(chosen, 48)
    faces = list(training.images[chosen])
    taught = np.mean([load_classifier(name).predict(faces) for name in teachers], axis=0)
    expected = (1 - teaching) * training.targets[chosen] + teaching * taught
    np.testing.assert_allclose(targets, expected, atol=1e-5)
    assert np.array_equal(labels, training.labels[chosen]) and not targets.requires_grad


def test_teachers_see_the_picture_that_the_pupil_sees(training, teachers):
    recipe = RECIPE.model_copy(
        update={"teachers": teachers[:1], "teaching": 1.0, "mixup": 0.4, "augmentation": Augmentation(degrees=40)}
    )
    batches = Batches(recipe, training, CPU)
    torch.manual_seed(0)
    images, targets, _ = batches.make(torch.arange(6), 48)  # the side of this teacher
    with torch.no_grad():
        expected = load_classifier(teachers[0]).network(images).softmax(1)
    np.testing.assert_allclose(targets, expected, atol=1e-5)


def test_a_teacher_of_other_expressions_is_refused(training, teachers):
    with pytest.raises(ValueError, match=r"mobilenetv3_small\.test cannot teach here"):
        Teachers(teachers, dataclasses.replace(training, label_set=FER2013), CPU)
    with pytest.raises(ValueError, match="no checkpoint 'nobody'"):
        Teachers(["nobody"], training, CPU)


def test_a_teacher_of_coarser_faces_is_refused(training, teachers):
    sharp = dataclasses.replace(training, images=np.zeros((len(training), 112, 112), np.uint8))
    with pytest.raises(ValueError, match=r"small\.test cannot teach here: its faces were 48 pixels wide, not 112"):
        Batches(RECIPE.model_copy(update={"teachers": teachers}), sharp, CPU)


def test_a_training_rule_changes_the_training_rows_alone(tmp_path):
    files = write_files(tmp_path)
    # A face without a majority: the rule "probability" keeps it, "majority" does not.
    votes = (files / "fer2013new.csv").read_text().splitlines()
    votes[6] = "Training,fer0000005.png,4,3,3,0,0,0,0,0,0,0"
    votes[60] = votes[6].replace("Training", "PublicTest")
    (files / "fer2013new.csv").write_text("\n".join(votes) + "\n")
    plain = read_for(RECIPE, files)
    wider = read_for(RECIPE.model_copy(update={"training_rule": "ferplus-probability"}), files)
    assert sorted({*wider.training.rows} - {*plain.training.rows}) == [5]
    assert np.array_equal(wider.validation.rows, plain.validation.rows)
    assert 59 not in plain.validation.rows
    with pytest.raises(ValueError, match="fer2013 cannot train a network for ferplus-majority"):
        read_for(RECIPE.model_copy(update={"training_rule": "fer2013"}), files)


def test_a_training_rule_needs_a_validation_part():
    with pytest.raises(ValueError, match="training_rule"):
        Recipe(network="mobilenetv1", training_rule="ferplus-probability", choose_on="held-out tenth")
    with pytest.raises(ValueError, match="training_rule"):
        Recipe(network="mobilenetv1", training_rule="ferplus-probability", partition="random-8:2")
