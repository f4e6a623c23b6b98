"""`ferscope explain` on real files: what it writes is opened again."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import fer_models as fer
from fer_models.cli import app
from tests.conftest import make_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with two checkpoints of random weights."""
    folder = tmp_path_factory.mktemp("checkpoints")
    make_checkpoint("mobilenetv3_cpsca", folder, "one.test")
    make_checkpoint("mobilenetv3_large", folder, "two.test")
    return folder


@pytest.fixture
def run(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(folder))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["explain", *map(str, arguments)])


@pytest.fixture
def photos(tmp_path, crop) -> Path:
    """A folder of two pictures, one of them in a folder below, and a file that is none."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    Image.fromarray(crop).save(folder / "first.png")
    Image.fromarray(crop[:, ::-1]).save(folder / "more" / "second.png")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_a_folder_of_pictures_becomes_one_report_and_files_for_each_face(run, photos, tmp_path):
    told = ("--method", "grad-cam", "--method", "input-x-gradient", "--target", "fear")
    both = ("--checkpoint", "one.test", "--checkpoint", "two.test")
    result = run(photos, "--whole", "--report", "sub/all.html", "--out", "out", *both, *told)
    assert result.exit_code == 0, result.output
    page = (tmp_path / "sub" / "all.html").read_text(encoding="utf-8")
    assert page.count("<h2>") == 2 and "first.png, face 1" in page and "second.png, face 1" in page
    of_first = tmp_path / "out" / "first-face1"
    assert {file.name for file in of_first.iterdir()} == {"figure.png", "figure.pdf", "values.csv", "values.npz"}
    stored = np.load(of_first / "values.npz")
    maps = json.loads(str(stored["manifest"]))["maps"]
    assert [(told["checkpoint"], told["map"]) for told in maps] == [
        (name, method) for name in ("one.test", "two.test") for method in ("grad-cam", "input-x-gradient")
    ]
    classifier, face = fer.load_classifier("one.test"), fer.open_image(photos / "first.png")
    expected = fer.attribute(classifier, face, "grad-cam", "fear").values
    np.testing.assert_allclose(stored[maps[0]["array"]], expected, atol=1e-6)
    lines = list(csv.DictReader((of_first / "values.csv").open()))
    assert {line["target"] for line in lines} == {"fear"}
    assert Image.open(of_first / "figure.png").format == "PNG"


def test_what_two_calls_write_never_mixes(run, photos, tmp_path):
    for _ in range(2):
        result = run(
            photos / "first.png", "--whole", "--out", "out", "--checkpoint", "one.test", "--method", "grad-cam"
        )
        assert result.exit_code == 0, result.output
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["first-face1", "first-face1-2"]


def test_what_cannot_be_read_is_said_and_the_rest_is_explained(run, photos, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    told = ("--whole", "--report", "all.html", "--checkpoint", "one.test", "--method", "grad-cam")
    result = run(bad, photos / "first.png", *told)
    assert result.exit_code == 1 and "bad.png" in result.stderr
    assert (tmp_path / "all.html").read_text(encoding="utf-8").count("<h2>") == 1
    result = run(bad, *told[:1], "--report", "none.html", *told[3:])
    assert result.exit_code == 1 and "Nothing was written" in result.stderr and not (tmp_path / "none.html").exists()


@pytest.mark.parametrize(
    ("told", "code", "says"),
    [
        ((), 2, "--report"),
        (("--method", "gradcam"), 1, "Did you mean 'grad-cam'"),
        (("--layer", "feature.7"), 1, "Did you mean 'features.7'"),
        (("--method", "occlusion", "--layer", "features.7"), 1, "--layer"),
        (("--target", "joy"), 1, "joy"),
        (("--checkpoint", "on.test"), 1, "Did you mean 'one.test'"),
    ],
)
def test_mistakes_are_said_before_any_picture_is_looked_at(run, photos, tmp_path, told, code, says):
    where = ("--report", "all.html") if code == 1 else ()
    result = run(photos, *where, *(() if "--checkpoint" in told else ("--checkpoint", "one.test")), *told)
    assert result.exit_code == code
    assert says in re.sub(r"\s+", " ", result.stderr) and not (tmp_path / "all.html").exists()
