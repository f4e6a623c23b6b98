"""Export to ONNX: what onnxruntime answers is what the classifier answers."""

import functools
import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from typer.testing import CliRunner

import fer_models as fer
from fer_models.card import Card
from fer_models.checkpoints import save_checkpoint
from fer_models.cli import app
from fer_models.data import read_fer2013, select_faces
from fer_models.evaluation import Predictions, list_predictions, save_predictions
from fer_models.export import onnx as export
from fer_models.preprocessing import Preprocessing
from tests.conftest import make_checkpoint, make_network

BUNDLED = Path(__file__).parents[3] / "checkpoints"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A bundled checkpoint's name to its exported file; each takes seconds, so it is written once."""
    folder = tmp_path_factory.mktemp("onnx")

    @functools.cache
    def file(name):
        assert export.export_onnx(name, folder / f"{name}.onnx") <= 1e-4
        return folder / f"{name}.onnx"

    return file


# All that are bundled: how far rounding goes depends on the weights, not on the network alone.
@pytest.fixture(params=sorted(file.stem for file in BUNDLED.glob("*.safetensors")))
def exported(request, files):
    return fer.load_classifier(request.param), files(request.param)


def answers(file, faces):
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run(None, {"faces": faces})


@pytest.mark.parametrize("count", [0, 1, 3])
def test_any_number_of_faces_at_once(exported, count):
    classifier, file = exported
    faces = np.random.default_rng(0).integers(0, 256, (count, 48, 48), dtype=np.uint8)
    logits, probabilities = answers(file, faces)
    assert logits.shape == probabilities.shape == (count, len(classifier.labels))
    if not count:
        return
    expected = classifier.predict(list(faces))
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)
    odds = np.exp(logits.astype(np.float64))
    np.testing.assert_allclose(odds / odds.sum(1, keepdims=True), expected, atol=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_opencv_answers_as_onnxruntime_does(exported, count):
    _, file = exported
    faces = export.mean_faces_at_hand(48)[:count]
    network = cv2.dnn.readNetFromONNX(str(file))
    network.setInput(faces.astype(np.float32))
    for seen, expected in zip(network.forward(["logits", "probabilities"]), answers(file, faces), strict=True):
        np.testing.assert_allclose(seen, expected, atol=1e-4)


def test_a_file_tells_nothing_of_the_machine_that_wrote_it(exported):
    _, file = exported
    assert str(Path(export.__file__).parents[2]).encode() not in file.read_bytes()
    assert not any(node.metadata_props for node in onnx.load(file).graph.node)


@pytest.mark.fer2013
def test_sixty_four_faces_of_public_test(exported, fer2013_dir):
    classifier, file = exported
    (stated,) = classifier.card.scores
    faces = select_faces(read_fer2013(fer2013_dir), "PublicTest", stated.label_rule).images[:64]
    logits, probabilities = answers(file, np.ascontiguousarray(faces))
    with torch.inference_mode():
        expected = classifier.network(classifier.preprocess(list(faces)))
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    np.testing.assert_allclose(probabilities, expected.softmax(1), atol=1e-4)


def test_metadata_say_what_the_file_is(exported):
    classifier, file = exported
    kept = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    assert tuple(kept["labels"].split(",")) == classifier.labels
    assert Card.model_validate(json.loads(kept["card"])) == classifier.card
    assert kept["licence"] == classifier.card.licence


def test_checked_on_faces_not_on_noise():
    faces = export.mean_faces_at_hand(48)
    assert faces.shape == (64, 48, 48) and faces.dtype == np.uint8
    assert len({face.tobytes() for face in faces}) == 64
    assert all(face.std() > 10 for face in faces)
    assert export.mean_faces_at_hand(64).shape == (64, 64, 64)


def test_mean_faces_of_another_source_side_are_brought_to_this_one(tmp_path, monkeypatch):
    network, card = make_network("mobilenetv3_small")
    weights = save_checkpoint(
        network, card.model_copy(update={"name": "a.own", "preprocessing": Preprocessing(source_side=96)}), tmp_path
    )
    face = np.random.default_rng(0).integers(0, 256, (96, 96), dtype=np.uint8)
    one = np.zeros(1, dtype=np.int64)
    probabilities = np.eye(8, dtype=np.float32)[one]
    save_predictions(
        Predictions("a.own", card.labels, "PublicTest", "folder", one, one, probabilities, {(0, 0): face}), weights
    )
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    assert list_predictions()[0] == ("a.own", "PublicTest")  # beside the bundled ones, whose faces have 48 pixels
    faces = export.mean_faces_at_hand(48)
    assert faces.shape == (64, 48, 48)
    np.testing.assert_allclose(faces[0], face.reshape(48, 2, 48, 2).mean((1, 3)), atol=1)


def test_predictions_of_other_weights_are_passed_over(tmp_path, monkeypatch):
    for name in ("a", "b"):
        make_checkpoint("mobilenetv3_small", tmp_path, f"{name}.test")
    shutil.copy(BUNDLED / "a_mobilenet.ferplus.PublicTest.npz", tmp_path / "a.test.PublicTest.npz")
    (tmp_path / "b.test.PublicTest.npz").write_bytes(b"cut off")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    assert len(export.mean_faces_at_hand(48)) == 64
    monkeypatch.setattr(export, "list_predictions", lambda: [("a.test", "PublicTest"), ("b.test", "PublicTest")])
    with pytest.raises(export.ExportError, match="No stored predictions"):
        export.mean_faces_at_hand(48)


def test_command_line_and_nothing_is_written_when_answers_differ(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_checkpoint("mobilenetv3_small", tmp_path, "small.own")
    runner, command = CliRunner(), ["export", "small.own.safetensors", "--to", "onnx"]
    done = runner.invoke(app, command)
    assert done.exit_code == 0 and "64 faces" in done.output, done.output
    written = onnx.load("small.own.onnx")
    (last,) = (
        tensor for tensor in written.graph.initializer if re.fullmatch(r".*classifier\.\d+\.weight", tensor.name)
    )
    before = onnx.numpy_helper.to_array(last)
    for wrong in (1.01, np.nan):
        last.CopyFrom(onnx.numpy_helper.from_array(before * np.float32(wrong), last.name))
        monkeypatch.setattr(export, "_write", lambda _, __, file, **___: onnx.save(written, file))
        differing = runner.invoke(app, [*command, "--out", "other/small.onnx"])
        assert differing.exit_code == 1
        assert re.search(r"small\.own answers otherwise.*nothing was written", " ".join(differing.output.split()))
        assert list((tmp_path / "other").iterdir()) == []
    wrong_name = runner.invoke(app, ["export", "mobilenetv3_cpsc.ferplus", "--to", "onnx"])
    assert wrong_name.exit_code == 1 and "Did you mean" in wrong_name.output
    monkeypatch.setattr(export, "find_spec", lambda package: None)
    lacking = runner.invoke(app, command)
    assert lacking.exit_code == 1 and "ferscope[onnx]" in lacking.output


def test_the_documents_example_of_opencv(files, tmp_path, monkeypatch, capsys, astronaut):
    monkeypatch.chdir(tmp_path)
    shutil.copy(files("a_mobilenet.ferplus"), tmp_path)
    (face,) = fer.detect_faces(astronaut)
    cv2.imwrite("crop.png", cv2.cvtColor(face.crop, cv2.COLOR_RGB2BGR))
    text = (BUNDLED.parent / "docs" / "command-line.md").read_text(encoding="utf-8")
    exec(re.search(r"```python\n(import cv2\n.*?)```", text, re.DOTALL)[1])
    printed = [float(number) for number in re.findall(r"[\d.]+(?:e-\d+)?", capsys.readouterr().out)]
    # OpenCV's luminance of a PNG may differ by a grey level from ours.
    assert printed == pytest.approx(fer.load_classifier("a_mobilenet.ferplus").predict([face.crop])[0], abs=0.01)
