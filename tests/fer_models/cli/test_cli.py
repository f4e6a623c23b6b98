"""The command line as a person meets it: real processes for the ways in and out, real pictures and files."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.main import get_command
from typer.testing import CliRunner

import fer_models
from fer_models.checkpoints import save_checkpoint
from fer_models.cli import app
from fer_models.cli.common import warn
from fer_models.training.recipe import Recipe
from tests.conftest import make_checkpoint, make_network
from tests.support.fer2013_files import write_files

PACKAGE = Path(fer_models.__file__).parent
FERSCOPE = Path(sys.executable).with_name("ferscope")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with one checkpoint of random weights, small.test."""
    folder = tmp_path_factory.mktemp("checkpoints")
    make_checkpoint("mobilenetv3_cpsca", folder, "small.test")
    return folder


@pytest.fixture
def run(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(folder))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def photo(tmp_path, astronaut) -> Path:
    Image.fromarray(astronaut).save(tmp_path / "photo.jpg", quality=95)
    return tmp_path / "photo.jpg"


def test_predict_a_photo(run, photo):
    result = run("predict", photo, "--checkpoint", "small.test")
    assert result.exit_code == 0
    assert re.fullmatch(r".*photo\.jpg: face 1 \(\d+, \d+, \d+, \d+\) shows \w+: .*%, .*%, .*%\n", result.stdout)


def test_predict_json_and_maps(run, photo, tmp_path):
    result = run("predict", photo, "--checkpoint", "small.test", "--json", "--maps", tmp_path / "maps")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    assert answer["expression"] == max(answer["probabilities"], key=answer["probabilities"].get)
    assert (Path(answer["maps"]) / "values.npz").is_file()


def test_predict_goes_on_after_a_bad_picture(run, photo, tmp_path):
    bad, blank = tmp_path / "bad.png", tmp_path / "blank.png"
    bad.write_text("not a picture")
    Image.new("RGB", (200, 200), "white").save(blank)
    result = run("predict", bad, blank, tmp_path / "none.jpg", photo, "--checkpoint", "small.test")
    assert result.exit_code == 1
    assert result.stdout.count("shows") == 1
    errors = result.stderr.splitlines()
    assert len(errors) == 3 and all(line.startswith("ferscope: ") for line in errors)
    assert "--whole" in errors[1]
    assert run("predict", blank, "--whole", "--checkpoint", "small.test").exit_code == 0


def test_predict_stops_when_nobody_reads_on(folder, photo, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    command = [FERSCOPE, "predict", photo, photo, "--whole", "--maps", tmp_path / "maps", "--checkpoint", "small.test"]
    try:
        result = subprocess.run(
            command,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=os.environ | {"FERSCOPE_CHECKPOINTS": str(folder)},
        )
    finally:
        os.close(writer)
    assert result.returncode == 1 and result.stderr == ""
    assert len(list((tmp_path / "maps").iterdir())) == 1  # the second picture was not computed


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_two_names_for_every_command(run, flag):
    assert "Commands" in run(flag).stdout
    assert "PICTURE" in run("predict", flag).stdout


def test_the_version(run):
    assert run("--version").stdout == f"ferscope {fer_models.__version__}\n"


def test_the_library_has_the_distributions_name_too():
    import ferscope

    assert ferscope is fer_models


@pytest.mark.parametrize("module", ["typer", "torch"])
def test_ctrl_c_while_it_starts_is_one_line(tmp_path, photo, module):
    """The first import of a library interrupts the process, as a person might."""
    (tmp_path / f"{module}.py").write_text(
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where the tests run in the background
        "os.kill(os.getpid(), signal.SIGINT)\n"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(fer_models.__file__).parents[1])])
    result = subprocess.run(
        [sys.executable, "-c", "from fer_models.cli import main; main()", "predict", photo],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 130
    assert result.stderr == "ferscope: interrupted.\n" and result.stdout == ""


def test_unknown_checkpoint_suggests(run, photo):
    result = run("predict", photo, "--checkpoint", "smal.test")
    assert result.exit_code == 1 and "Did you mean 'small.test'?" in result.stderr
    assert run("predict").exit_code == 2


def test_networks_prints_the_table(run):
    result = run("networks")
    assert result.exit_code == 0
    assert re.search(r"^a_mobilenet +3,420,368 +568 M$", result.stdout, re.M)
    costs = json.loads(run("networks", "--json", "--classes", 7).stdout)
    assert costs["efficientnet_b0_attention"]["parameters"] == 6_438_787
    assert run("networks", "--classes", 1).exit_code == 2


def test_checkpoints_lists_and_names_what_is_broken(run, folder, tmp_path, monkeypatch):
    result = run("checkpoints")
    assert result.exit_code == 0
    assert "small.test: mobilenetv3_cpsca, 64 px, 8 expressions\n  Not scored.\n" in result.stdout
    (tmp_path / "x.safetensors").write_bytes(b"")
    (tmp_path / "x.json").write_text("{}")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", f"{folder}:{tmp_path}")
    result = run("checkpoints")
    assert result.exit_code == 1
    assert "small.test" in result.stdout and "x.json is not right" in result.stderr


def test_train_then_evaluate(run, tmp_path, monkeypatch):
    data = write_files(tmp_path / "data", training=40, test=16)
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"network": "mobilenetv3_small", "batch_size": 16}))
    arguments = ("train", "mobilenetv3_small", "--data", data, "--recipe", recipe, "--stage", "48:1", "--out", "run")
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "validation accuracy" in result.stdout
    card = json.loads((tmp_path / "run" / "mobilenetv3_small.ferplus.json").read_text())
    assert card["data"]["rows"] == 38 and card["data"]["leaked_rows_left_out"] == 2
    assert run(*arguments).exit_code == 0  # a finished run is only published again
    weights = tmp_path / "run" / "mobilenetv3_small.ferplus.safetensors"
    scored = json.loads(run("evaluate", weights, "--data", data, "--json").stdout)
    assert scored["accuracy"] == card["scores"][0]["accuracy"] and scored["count"] == 16
    monkeypatch.setenv("FERSCOPE_DATA", str(data))
    assert "macro-F1" in run("evaluate", weights).stdout
    assert run("evaluate", weights, "--split", "PrivateTest").exit_code == 1


def test_a_wider_training_rule_leaves_the_yardstick(run, tmp_path):
    data = write_files(tmp_path / "data", training=40, test=16)
    votes = (data / "fer2013new.csv").read_text().splitlines()
    for row in (5, 50):  # no majority; the wider rule keeps it
        votes[row + 1] = f"{votes[row + 1].split(',')[0]},fer{row:07d}.png,4,3,3,0,0,0,0,0,0,0"
    (data / "fer2013new.csv").write_text("\n".join(votes) + "\n")
    recipe = tmp_path / "recipe.json"
    wider = {"network": "mobilenetv3_small", "batch_size": 16, "training_rule": "ferplus-probability"}
    recipe.write_text(json.dumps(wider))
    arguments = ("--data", data, "--recipe", recipe, "--stage", "48:1", "--out", "run", "--int8")
    assert run("train", "mobilenetv3_small", *arguments).exit_code == 0
    weights = tmp_path / "run" / "mobilenetv3_small.ferplus.safetensors"
    card = json.loads(weights.with_suffix(".json").read_text())
    assert (card["data"]["rows"], card["data"]["label_rule"], card["weights"]) == (38, "ferplus-probability", "int8")
    scored = json.loads(run("evaluate", weights, "--data", data, "--json").stdout)
    assert {name: scored[name] for name in card["scores"][0]} == card["scores"][0]
    assert (scored["count"], scored["label_rule"]) == (15, "ferplus-majority")


def test_stages_are_told_as_side_and_epochs(run):
    shown = run("train", "a_mobilenet", "--stage", "64:2", "--stage", "112:1", "--show-recipe")
    assert json.loads(shown.stdout)["stages"] == [{"side": 64, "epochs": 2}, {"side": 112, "epochs": 1}]


def test_a_shown_recipe_can_be_changed_and_given_back(run, tmp_path):
    shown = run("train", "a_mobilenet", "--recipe", "paper", "--show-recipe")
    assert shown.exit_code == 0 and json.loads(shown.stdout)["schedule"] == "inverse time"
    (tmp_path / "mine.json").write_text(shown.stdout)
    again = run(
        "train", "a_mobilenet", "--recipe", "mine.json", "--show-recipe", "--seed", "4", "--keep-leaks", "--align"
    )
    assert json.loads(again.stdout) == json.loads(shown.stdout) | {"seed": 4, "keep_leaks": True, "align": True}


def test_a_checkpoint_s_recipe_can_be_followed_again(run, tmp_path, monkeypatch):
    network, card = make_network("mobilenetv3_small")
    made_by = Recipe(network="mobilenetv3_small", start="first", teachers=("one", "two"), seed=3)
    behind = {"start_recipe": {"seed": 1}, "teacher_recipes": [{}, {}]}
    recipe = made_by.model_dump(mode="json") | behind
    weights = save_checkpoint(network, card.model_copy(update={"name": "small.made", "recipe": recipe}), tmp_path)
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    for checkpoint in ("small.made", weights):
        shown = run("train", "mobilenetv3_small", "--recipe", checkpoint, "--show-recipe")
        assert Recipe.model_validate_json(shown.stdout) == made_by


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "mobilenetv1", "--recipe", "paper"), "There is no recipe 'paper' for mobilenetv1"),
        (("train", "mobilenetv1", "--recipe", "papr"), "There is no checkpoint 'papr'"),
        (("train", "mobilenetv1", "--recipe", "mine.toml"), "The recipe mine.toml cannot be read"),
        (("train", "mobilenetv3_small", "--recipe", "small.test"), "The card small.test holds no recipe."),
        (("train", "mobilenetv1", "--recipe", "a_mobilenet.ferplus"), "is for a_mobilenet, not for mobilenetv1"),
        (("train", "a_mobilnet"), "Did you mean 'a_mobilenet'"),
        (("train", "a_mobilenet"), "FERSCOPE_DATA"),
        (("train", "a_mobilenet", "--data", "nowhere"), "no folder nowhere"),
        *((("train", "a_mobilenet", "--stage", wrong), "SIDE:EPOCHS") for wrong in ("64", "64:x", "20:1", "64:0")),
        (("train", "a_mobilenet", "--device", "tpu"), "cpu or cuda"),
        (("train", "a_mobilnet", "--show-recipe"), "Did you mean 'a_mobilenet'"),
        (("train", "a_mobilenet", "--label-rule", "nonsense"), "The recipe is not right: label_rule: A label rule is"),
        (("train", "a_mobilenet", "--name", "a/b", "--data", "."), "'a/b' cannot stand in a file's name"),
        (("train", "a_mobilenet", "--name", "..", "--data", "."), "'..' cannot stand in a file's name"),
        (("evaluate", "small.test"), "FERSCOPE_DATA"),
        (("export", "small.tset", "--to", "onnx"), "Did you mean 'small.test'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run, arguments, message, monkeypatch, tmp_path):
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    result = run(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr and result.stderr.count("\n") == 1 and ".." not in result.stderr[-4:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("recipe", "arguments", "message"),
    [
        ("options = { num_classes = 7 }", (), "options: the recipe's network and its data decide on num_classes"),
        ("options = { name = 'x' }", (), "options: the recipe's network and its data decide on name"),
        ("options = { last_channels = -1 }", (), "cannot be built with {'last_channels': -1}"),
        ("start = 'imagenet'", (), "There are no weights 'imagenet' for 'mobilenetv3_small', only for a_mobilenet"),
        ("network = 'a_mobilenet'\nstart = 'imagenet'", ("--start-weights", "w"), "There is no file w; --start"),
        (
            "network = 'a_mobilenet'\nstart = 'vggface2'",
            (),
            "needs a file as --start-weights: models/faceres",
        ),
        (
            "start = 'vggface2'",
            (),
            "There are no weights 'vggface2' for 'mobilenetv3_small', only for a_mobilenet, mo",
        ),
        ("start = 'imagenet-lite0'", (), "no weights 'imagenet-lite0' for 'mobilenetv3_small', only for efficien"),
        (
            "network = 'efficientnet_b0'\nstart = 'imagenet-lite0'",
            (),
            "needs a file as --start-weights: efficientn",
        ),
        ("start = 'VGGFace'", (), "There is no checkpoint 'VGGFace'"),
        ("start = 'VGGFace'", (), "Did you mean 'vggface2'?"),
        ("seed = 1", ("--name", "vggface2"), "A checkpoint cannot be called 'vggface2'"),
        ("seed = 1", ("--start-weights", "w"), "names published weights, but this recipe starts from none"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused_before_data_are_read(
    run, recipe, arguments, message, monkeypatch, tmp_path
):
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)  # which is asked for where the recipe is right
    (tmp_path / "recipe.toml").write_text(recipe)
    network = next((name for name in ("a_mobilenet", "efficientnet_b0") if name in recipe), "mobilenetv3_small")
    result = run("train", network, "--recipe", "recipe.toml", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr and result.stderr.count("\n") == 1


def commands(group):
    """All that can be run, those of groups such as `jobs` too."""
    return [
        one for each in group.commands.values() for one in (commands(each) if hasattr(each, "commands") else [each])
    ]


def test_the_library_names_parameters_and_the_command_line_its_options(capsys):
    warn("Leave `start_weights` out, or name `data`.")
    assert capsys.readouterr().err == "ferscope: Leave --start-weights out, or name --data.\n"
    options = {option for one in commands(get_command(app)) for each in one.params for option in each.opts}
    parameters = set()
    for file in (file for file in PACKAGE.rglob("*.py") if file.parent.name not in ("cli", "papers")):
        text = re.sub(r"ferscope [^'`\"\n]*", "", file.read_text(encoding="utf-8"))  # whole commands may be named
        assert not re.search(r"(?<![\w-])--[a-z]", text), file
        nodes = list(ast.walk(ast.parse(text)))
        docstrings = [node.value for node in nodes if isinstance(node, ast.Expr)]
        said = (node.value for node in nodes if isinstance(node, ast.Constant) and node not in docstrings)
        parameters |= set(re.findall(r"`([a-z_]+)`", " ".join(map(str, said))))
    assert "start_weights" in parameters
    assert {"--" + parameter.replace("_", "-") for parameter in parameters} <= options


@pytest.mark.parametrize("command", ["", *get_command(app).commands])
def test_help_of_the_installed_command_from_another_folder(command, tmp_path):
    arguments = [str(FERSCOPE), *command.split(), "--help"]
    result = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "Usage: ferscope" in result.stdout and result.stderr == ""


def test_app_says_when_the_port_is_taken(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = subprocess.run(
            [str(FERSCOPE), "app", "--port", str(port)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert result.returncode == 1
    assert f"Port {port} is not available" in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("address", ["192.0.2.1", "no host"])
def test_app_says_in_one_sentence_that_an_address_is_not_this_machines(run, address):
    result = run("app", "--address", address)
    assert result.exit_code == 1
    assert address in result.stderr and len(result.stderr.splitlines()) == 1


def test_app_prints_an_address_that_a_browser_takes(monkeypatch, run):
    called = []
    monkeypatch.setattr(os, "execv", lambda *command: called.append(command))
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0))
    monkeypatch.setattr("fer_models.cli.site._problem", lambda *_: "")
    for address, shown in (("::1", "http://[::1]:8501"), ("127.0.0.1", "http://localhost:8501")):
        assert shown in run("app", "--address", address).stdout


WITHOUT_HOME = """
import os, pwd, sys

def unknown(_):
    raise KeyError("no such user")

def started(*_):
    from streamlit.file_util import get_streamlit_file_path
    from streamlit.runtime.secrets import secrets_singleton
    print(get_streamlit_file_path("config.toml"), secrets_singleton.load_if_toml_exists())
    sys.exit()

pwd.getpwuid, os.execv = unknown, started
from fer_models.cli import app, site
site._problem = lambda *_: ""  # nothing is served
app(["app"])
"""


def test_the_site_starts_without_a_home_directory(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_HOME],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("config.toml False")
