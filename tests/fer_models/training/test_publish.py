"""Published checkpoints: they answer as they learnt, and their cards say where the weights came from."""

from pathlib import Path

import pytest
import torch
from sklearn.metrics import accuracy_score

from fer_models.card import Card
from fer_models.checkpoints import load_checkpoint, read_card, save_checkpoint
from fer_models.classifier import load_classifier
from fer_models.data import Parts, data_set_of, read_parts
from fer_models.evaluation import evaluate, predict_faces
from fer_models.evaluation.seen import what_it_saw
from fer_models.networks import create_network
from fer_models.training.built_on import BuiltOn, initialisation, keep_built_on, read_built_on, whole_licence
from fer_models.training.loop import STATE, train
from fer_models.training.machine import Machine
from fer_models.training.partition import CHOSEN_HERE, plan
from fer_models.training.publish import publish
from fer_models.training.recipe import Recipe, Stage
from fer_models.training.state import read_best, write_tensors
from tests.conftest import make_network
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import write_class_folders
from tests.support.recipes import learnable

RECIPE = Recipe(network="mobilenetv3_small", stages=(Stage(side=48, epochs=1),))
CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


@pytest.fixture
def best(tmp_path) -> Path:
    """Weights as a run of RECIPE keeps them, of its fourth epoch."""
    file = tmp_path / "run" / "best.safetensors"
    file.parent.mkdir()
    write_tensors(create_network("mobilenetv3_small").state_dict(), file, {"epoch": "4"})
    return file


@pytest.fixture
def parts(tmp_path) -> Parts:
    return read_parts(write_files(tmp_path / "fer2013"))


@pytest.fixture
def start() -> Card:
    _, card = make_network("mobilenetv3_small", side=48)
    return card.model_copy(update={"name": "first", "licence": rights_to("ferplus-majority")})


def rights_to(label_rule: str) -> str:
    return data_set_of(label_rule).rights


def published(best: Path, recipe: Recipe, parts: Parts, *, start=None, teachers=(), **others) -> Card:
    built_on = BuiltOn(start=start, teachers=teachers)
    return read_card(
        publish(best, recipe, parts, plan(parts, recipe), best.parent / "out", built_on=built_on, **others)
    )


@pytest.mark.parametrize("beginning", ["from scratch", "from ImageNet weights published with timm"])
def test_a_chain_of_starts_reads_as_a_sentence(best, parts, start, beginning):
    start = start.model_copy(update={"initialisation": beginning})
    second = published(best, RECIPE, parts, start=start, name="second")
    third = published(best, RECIPE, parts, start=second, name="third")
    assert third.initialisation == (
        f"weights of second, which were trained from weights of first, which were trained {beginning}"
    )


@pytest.mark.parametrize(
    ("start", "words", "rights"),
    [
        ("imagenet", "from ImageNet weights published with timm", "Apache-2.0; pictures: ImageNet"),
        ("imagenet-lite0", "from EfficientNet-Lite0's ImageNet weights", "Apache-2.0; pictures: ImageNet"),
        (
            "vggface2",
            "from a face recogniser's VGGFace2 weights (faceres-deep)",
            "MIT as the package @vladmandic/human-m",
        ),
    ],
)
def test_published_weights_behind_a_checkpoint_are_named_with_their_rights(best, parts, start, words, rights):
    own = rights_to("ferplus-majority")
    first = published(best, RECIPE.model_copy(update={"start": start}), parts, name="first")
    assert first.initialisation == words
    assert first.licence.startswith(f"{own} Built on {words.removeprefix('from ')}: {rights}")
    # Who starts from it or learns from it inherits that.
    second = published(best, RECIPE.model_copy(update={"start": "first"}), parts, start=first, name="second")
    assert second.initialisation == f"weights of first, which were trained {words}"
    assert second.licence == first.licence
    learns = RECIPE.model_copy(update={"teachers": ("first", "second")})
    taught = published(best, learns, parts, teachers=(first, second), name="taught")
    assert taught.initialisation == "from scratch" and taught.recipe["teachers"] == ["first", "second"]
    assert taught.licence == first.licence


@pytest.mark.parametrize(("network", "narrowed"), [("mobilenetv3_cpsca", True), ("efficientnet_b0", False)])
def test_weights_that_lost_channels_are_called_narrowed(network, narrowed):
    begun = initialisation(Recipe(network=network, start="imagenet-lite0"), BuiltOn(), "new")
    assert begun == f"from EfficientNet-Lite0's ImageNet weights{', narrowed' * narrowed}"


def test_a_run_keeps_what_it_was_built_on(start, tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    network, _ = make_network("mobilenetv3_small", side=48)
    save_checkpoint(network, start, tmp_path)
    recipe, run = RECIPE.model_copy(update={"start": "first", "teachers": ("first",)}), tmp_path / "run"
    begun = read_built_on(recipe, run)
    assert begun == BuiltOn(start=start, teachers=(start,))
    keep_built_on(begun, run)
    later = start.model_copy(update={"initialisation": "weights of first"})
    save_checkpoint(network, later, tmp_path)
    assert read_built_on(recipe, run).start == later  # nothing is trained yet: a failed attempt binds nobody
    (run / STATE).touch()
    assert read_built_on(recipe, run) == begun
    (run / "origin.json").write_text("{")
    with pytest.raises(ValueError, match=r"origin\.json is damaged; remove the folder .*run to run again"):
        read_built_on(recipe, run)


def test_a_checkpoint_may_go_on_from_itself(best, parts, start):
    card = published(best, RECIPE.model_copy(update={"start": "first"}), parts, start=start, name="first")
    assert card.initialisation == "weights of an earlier first, which were trained from scratch"


def test_the_rights_to_the_start_s_pictures_stay(best, tmp_path, parts, start):
    own = write_class_folders(tmp_path / "own", CLASSES, count=6)
    recipe = RECIPE.model_copy(update={"label_rule": "folder"})
    pictures = read_parts(own, "folder")
    second = published(best, recipe, pictures, start=start, name="second")
    assert second.licence == f"{rights_to('folder')} Built on first: {rights_to('ferplus-majority')}"
    # Nothing is said twice: not of a third on the trainer's pictures, nor of one on the start's data.
    assert published(best, recipe, pictures, start=second, name="third").licence == second.licence
    assert published(best, RECIPE, parts, start=start).licence == rights_to("ferplus-majority")
    assert published(best, recipe, pictures).licence == rights_to("folder")
    # Nor that the pictures are FER2013's, where only the labels are others.
    relabelled = RECIPE.model_copy(update={"label_rule": "fer2013", "start": "first"})
    assert whole_licence(relabelled, BuiltOn(start=start)) == (
        f"{rights_to('fer2013')} Built on first: Labels: FERPlus, MIT."
    )


def test_the_score_says_what_start_and_teachers_have_seen(best, parts, start, tmp_path):
    drawn = "trained on rows drawn from all parts, so it has seen many of these faces"
    random = RECIPE.model_copy(update={"partition": "random-8:2", "seed": 2})
    first = published(best, random, read_parts(tmp_path / "fer2013", partition="random-8:2", seed=2), name="first")
    assert first.scores[0].note == CHOSEN_HERE  # none of its own rest
    for behind, who in (
        ({"start": first}, "started from weights that were "),
        ({"teachers": (first,)}, "taught by a checkpoint that was "),
    ):
        card = published(best, RECIPE, parts, **behind, name="second")
        assert card.scores[0].note == f"{CHOSEN_HERE}; {who}{drawn}"
        assert what_it_saw(card, "PublicTest", "ferplus-majority") == card.scores[0].note
        assert what_it_saw(card, "PrivateTest", "ferplus-majority") == who + drawn
    assert published(best, RECIPE, parts, start=start).scores[0].note == CHOSEN_HERE


def test_channels_that_never_varied_are_silent_once_published(best, parts):
    tensors, _ = read_best(best)
    tensors["features.1.depthwise.1.running_var"][:3] = torch.tensor([0, 9e-7, 2e-6])
    write_tensors(tensors, best, {"epoch": "4"})
    weights = publish(best, RECIPE, parts, plan(parts, RECIPE), best.parent / "out", built_on=BuiltOn())
    gamma = load_checkpoint(weights)[0].state_dict()["features.1.depthwise.1.weight"]
    assert gamma[:3].tolist() == [0, 0, 1] and gamma[3:].min() == 1  # fresh norms have gamma 1


@pytest.mark.parametrize(("form", "moved"), [("fp16", False), ("int8", True)])
def test_norms_follow_weights_that_are_rounded_to_int8(best, parts, form, moved):
    planned, folder = plan(parts, RECIPE), best.parent / "out"
    network, _ = load_checkpoint(publish(best, RECIPE, parts, planned, folder, built_on=BuiltOn(), form=form))
    means = [tensor for name, tensor in network.state_dict().items() if name.endswith("running_mean")]
    assert any(mean.any() for mean in means) == moved  # 0 in a fresh network


def test_damaged_weights_of_a_run_are_named(best, parts):
    _, epoch = read_best(best)
    assert epoch == 4
    whole = best.read_bytes()
    best.write_bytes(whole[:1000])
    with pytest.raises(ValueError, match=r"best\.safetensors is damaged .*; remove the folder .*run to run again"):
        published(best, RECIPE, parts)
    write_tensors(create_network("mobilenetv3_small").state_dict(), best, {})
    with pytest.raises(ValueError, match=r"best\.safetensors does not say of which epoch"):
        published(best, RECIPE, parts)


def test_a_learnable_task_is_learnt_and_published(many, tmp_path):
    recipe = learnable("resnet18")
    best = train(recipe, many.training, many.validation, tmp_path / "run", Machine("cpu"))
    file = publish(best, recipe, many, plan(many, recipe), tmp_path / "out", built_on=BuiltOn())
    classifier = load_classifier(file)
    card = classifier.card
    assert card.name == "resnet18.ferplus" and card.seed == 0
    assert card.data.rows == 191 and card.data.leaked_rows_left_out == 1
    assert "FERPlus, MIT" in card.licence and "unresolved" in card.licence
    assert card.preprocessing.input_side == 48 and card.initialisation == "from scratch"
    predicted = predict_faces(classifier, many.validation.images).argmax(1)
    assert card.scores[0].accuracy == accuracy_score(many.validation.labels, predicted)
    assert card.scores[0].accuracy > 0.95 and "chosen on this part" in card.scores[0].note
    assert Recipe.model_validate(card.recipe) == recipe
    with pytest.raises(ValueError, match="labelled"):
        other = read_parts(write_files(tmp_path / "data"), "fer2013").validation
        evaluate(classifier, other, split="PublicTest", label_rule="fer2013")
