"""The mean of gates and maps over faces, stored beside a checkpoint."""

import json
import re
from functools import partial

import numpy as np
import pytest
import torch

import fer_models as fer
from fer_models.checkpoints import weights_key
from fer_models.classifier import Classifier
from fer_models.explanation import averages as averages_module
from fer_models.explanation.averages import (
    Averages,
    averages_file,
    make_averages,
    mean_cams,
    mean_gates,
    mean_map,
    read_averages,
    save_averages,
)
from fer_models.explanation.gates import GateMap
from tests.conftest import make_checkpoint, make_network


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 48, 48), np.uint8)


def test_a_mean_gate_is_the_mean_of_the_gates_one_by_one(classifier, images):
    found = mean_gates(classifier, images)
    one_by_one = [fer.explain(classifier, image).gates for image in images]
    assert len(found) == len(one_by_one[0])
    for mean, *gates in zip(found, *one_by_one, strict=True):
        assert {**vars(mean), "values": None} == {**vars(gates[0]), "values": None}
        expected = np.mean([gate.values for gate in gates], 0, dtype=np.float64)
        assert mean.values.dtype == np.float32
        np.testing.assert_allclose(mean.values, expected, atol=1e-5)


def test_a_network_without_gates_has_none(images):
    assert mean_gates(Classifier(*make_network("mobilenetv2")), images) == []


def cam(classifier: Classifier, method: str, layer: str, image: np.ndarray) -> np.ndarray:
    return fer.attribute(classifier, image, method, layer=layer).values


def test_mean_cams_are_the_means_of_maps_one_by_one(classifier, images, monkeypatch):
    monkeypatch.setattr(averages_module, "FACES_IN_A_MEAN", 4)
    monkeypatch.setattr(averages_module, "BATCH", 3)
    few = images[:4]
    found = mean_cams(classifier, few)
    methods = ("grad-cam", "hires-cam", "grad-cam++", "layer-cam")
    assert found.keys() == {(method, layer.name) for method in methods for layer in classifier.layers}
    for method, layer in zip(methods, (classifier.layers[place] for place in (-1, 2, -2, 3)), strict=True):
        expected = mean_map(partial(cam, classifier, method, layer.name), few)
        assert np.abs(expected).max() > 0.01
        np.testing.assert_allclose(found[method, layer.name], expected, atol=2e-3)


def test_maps_are_averaged_over_fewer_faces_and_that_is_said(images, monkeypatch):
    monkeypatch.setattr(averages_module, "FACES_OF_CAMS", 35)
    monkeypatch.setattr(averages_module, "ON_PIXELS", {"input-x-gradient": (30, {})})
    classifier, done = Classifier(*make_network("mobilenetv3_small")), []
    found = make_averages(classifier, images, "made-up faces", advance=done.append)
    expected = mean_map(lambda image: fer.attribute(classifier, image, "input-x-gradient").values, images[:30])
    assert found.maps["input-x-gradient", None] == pytest.approx(expected)
    assert "40 made-up faces" in found.about and "CAMs 35" in found.about and "input-x-gradient 30" in found.about
    assert sum(done) == averages_module.passes(40) == 105


def test_each_map_weighs_alike_in_the_mean():
    images = np.arange(30, dtype=np.uint8).reshape(30, 1, 1) * np.ones((2, 2), np.uint8)
    maps = {0: [[0, 0], [0, 0]]} | {n: [[n, -2 * n], [0, n % 2 * n]] for n in range(1, 30)}  # largest: 2 n
    found = mean_map(lambda image: np.array(maps[int(image[0, 0])]), images)
    assert found == pytest.approx(np.array([[29 / 2, -29], [0, 15 / 2]]) / 30)


def test_a_mean_of_too_few_faces_is_refused(classifier, images):
    with pytest.raises(ValueError, match="30 faces"):
        mean_gates(classifier, images[:29])
    with pytest.raises(ValueError, match="30 faces"):
        mean_map(lambda image: image, images[:29])


@pytest.fixture
def weights(tmp_path):
    return make_checkpoint("mobilenetv3_simam", tmp_path, "some.test")


def made_up() -> Averages:
    floor = 0.6224593312018546  # as SimAM's; fp16 rounds it down
    gates = [
        GateMap("a.b", "simam", ("channel", "height", "width"), (floor, 1.0), np.full((2, 3, 3), floor, np.float32)),
        GateMap("a.b", "se", ("channel",), (0.0, 1.0), np.linspace(0, 1, 5, dtype=np.float32)),
    ]
    maps = {("grad-cam", "features.3"): np.eye(4, dtype=np.float32), ("occlusion", None): -np.ones((2, 2), np.float32)}
    return Averages(gates, maps, 500, "Mean over 500 faces.")


def test_what_is_stored_comes_back(weights):
    classifier, averages = fer.load_classifier(weights), made_up()
    assert read_averages(classifier) is None
    file = save_averages(averages, weights, "ferscope averages some.test")
    assert file == averages_file(weights) and file.name == "some.test.averages.npz"
    found = read_averages(classifier)
    assert (found.faces, found.about) == (500, "Mean over 500 faces.")
    for ours, theirs in zip(found.gates, averages.gates, strict=True):
        assert {**vars(ours), "values": None} == {**vars(theirs), "values": None}
        np.testing.assert_allclose(ours.values, theirs.values, atol=5e-4)
        assert ours.values.min() >= ours.value_range[0] and ours.values.max() <= ours.value_range[1]
    assert list(found.maps) == list(averages.maps)
    assert all(np.array_equal(found.maps[name], averages.maps[name]) for name in found.maps)
    about = json.loads(str(np.load(file)["about"]))
    assert about["command"] == "ferscope averages some.test" and re.fullmatch("[0-9a-f]{64}", about["weights"])


def test_what_is_of_other_weights_or_damaged_is_not_read(weights):
    file = save_averages(made_up(), weights, "")
    good = file.read_bytes()
    for damaged in (b"cut off", good[: len(good) // 2]):
        file.write_bytes(damaged)
        assert read_averages(fer.load_classifier(weights)) is None
    file.write_bytes(good)
    assert read_averages(fer.load_classifier(weights)) is not None
    torch.manual_seed(1)
    key = weights_key(weights)
    make_checkpoint("mobilenetv3_small", weights.parent, "some.test")
    assert weights_key(weights) != key and read_averages(fer.load_classifier(weights)) is None


def test_a_classifier_made_in_memory_has_none(classifier):
    assert classifier.file is None and read_averages(classifier) is None
