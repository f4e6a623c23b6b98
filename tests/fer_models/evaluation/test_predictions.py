"""Predictions stored with a checkpoint: the same answers come back, and what does not belong together is said."""

from pathlib import Path

import numpy as np
import pytest

from fer_models.checkpoints import CheckpointError, read_card, save_checkpoint
from fer_models.classifier import load_classifier
from fer_models.data import Faces, read_fer2013, select_faces
from fer_models.evaluation import (
    Predictions,
    evaluate,
    list_predictions,
    load_predictions,
    make_report,
    predict_faces,
    predict_split,
    save_predictions,
)
from fer_models.evaluation.predictions import mean_faces
from fer_models.labels import FER2013, FERPLUS
from tests.conftest import make_checkpoint, make_network

BUNDLED = Path(__file__).parents[3] / "checkpoints"
STORED = sorted(BUNDLED.glob("*.*Test.npz"))


@pytest.fixture(scope="module")
def faces() -> Faces:
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (90, 6, 6), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    labels = rng.integers(0, 8, 90)
    return Faces(images, labels, np.eye(8, dtype=np.float32)[labels], np.arange(28_709, 28_799), FERPLUS)


@pytest.fixture
def weights(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    return make_checkpoint("mobilenetv3_small", tmp_path, "small.test")


def store(weights: Path, faces: Faces, split: str = "PublicTest") -> Path:
    classifier = load_classifier(weights)
    return save_predictions(predict_split(classifier, faces, split=split, label_rule="ferplus-majority"), weights)


@pytest.fixture
def stored(weights, faces) -> Path:
    return store(weights, faces)


def test_what_is_stored_comes_back(stored, weights, faces):
    assert stored == weights.parent / "small.test.PublicTest.npz"
    assert sorted(file.name for file in weights.parent.iterdir()) == [
        "small.test.PublicTest.npz",
        "small.test.json",
        "small.test.safetensors",
    ]
    found = load_predictions("small.test")
    assert (found.checkpoint, found.split, found.label_rule) == ("small.test", "PublicTest", "ferplus-majority")
    assert found.names == FERPLUS.labels and found.probabilities.dtype == np.float32
    assert np.array_equal(found.rows, faces.rows) and np.array_equal(found.labels, faces.labels)
    classifier = load_classifier("small.test")
    exact = predict_faces(classifier, faces.images)
    np.testing.assert_allclose(found.probabilities, exact, rtol=1e-3, atol=1e-7)
    score = evaluate(classifier, faces, split="PublicTest", label_rule="ferplus-majority")
    report = make_report(found.labels, found.probabilities, found.names)
    assert (report.accuracy, report.macro_f1) == (score.accuracy, score.macro_f1)
    assert load_predictions(weights).rows.tolist() == found.rows.tolist()


def test_cells_of_thirty_faces_have_their_mean(weights, faces):
    """29 faces are not enough to be nobody's; the means come back from the file as they were made."""
    many = faces.take(np.arange(59) % 2)  # 30 times the first face, 29 times the second
    labels, predicted = np.arange(59) % 2, np.full(59, 5)
    means = mean_faces(faces.images[:59], labels, predicted)
    assert list(means) == [(0, 5)]
    np.testing.assert_allclose(means[0, 5], faces.images[:59:2].astype(float).mean(0), atol=0.5)
    kept = predict_split(load_classifier("small.test"), many, split="PublicTest", label_rule="ferplus-majority")
    save_predictions(kept, weights)
    found = load_predictions("small.test").cells
    ((cell, face),) = found.items()
    assert cell[0] == many.labels[0] and np.array_equal(face, many.images[0])


def test_no_predicted_label_changes_by_the_smaller_precision(weights):
    # Two labels share nearly everything; their difference is far below what fp16 can tell, often zero.
    rng = np.random.default_rng(4)
    first, second = rng.permuted(np.tile(np.arange(8), (5_000, 1)), axis=1)[:, :2].T
    share = rng.uniform(0.2, 0.5, 5_000)
    probabilities = np.full((5_000, 8), 1e-3, dtype=np.float32)
    probabilities[np.arange(5_000), first] = share
    probabilities[np.arange(5_000), second] = share * (1 + rng.choice([0, 1e-6, -1e-6], 5_000))
    winner = probabilities.argmax(1)
    assert (probabilities.astype(np.float16).argmax(1) != winner).sum() > 500
    labels = rng.integers(0, 8, 5_000)
    made = Predictions("small.test", FERPLUS.labels, "x", "r", np.arange(5_000), labels, probabilities)
    save_predictions(made, weights)
    found = load_predictions("small.test", "x")
    assert np.array_equal(found.probabilities.argmax(1), winner)
    np.testing.assert_allclose(found.probabilities, probabilities, rtol=2e-3)


def test_hundreds_of_labels_come_back(tmp_path):
    network, card = make_network("mobilenetv3_small")
    card = card.model_copy(update={"labels": tuple(f"label {index}" for index in range(300))})
    weights = save_checkpoint(network, card, tmp_path)
    labels, face = np.array([0, 255, 256, 299]), np.full((48, 48), 9, dtype=np.uint8)
    probabilities = np.full((4, 300), 1 / 300, dtype=np.float32)
    made = Predictions(card.name, card.labels, "x", "r", np.arange(4), labels, probabilities, {(299, 256): face})
    save_predictions(made, weights)
    found = load_predictions(weights, "x")
    assert found.labels.tolist() == [0, 255, 256, 299] and list(found.cells) == [(299, 256)]


def test_listing(weights, faces, monkeypatch, tmp_path_factory):
    assert ("small.test", "PublicTest") not in list_predictions()
    for split in ("PublicTest", "PrivateTest"):
        store(weights, faces, split)
    (weights.parent / "small.test.some.thing.npz").touch()
    (weights.parent / "small.test.averages.npz").touch()
    (weights.parent / "other.PublicTest.npz").touch()
    mine = [entry for entry in list_predictions() if entry[0].startswith(("small", "other"))]
    assert mine == [("small.test", "PrivateTest"), ("small.test", "PublicTest")]
    # Another folder's checkpoint of the same name comes first: these predictions are not its own.
    earlier = tmp_path_factory.mktemp("earlier")
    make_checkpoint("mobilenetv3_small", earlier, "small.test")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", f"{earlier}:{weights.parent}")
    assert not [entry for entry in list_predictions() if entry[0] == "small.test"]


def test_predictions_of_other_weights_are_noticed(stored, weights, faces):
    make_checkpoint("a_mobilenet", weights.parent, "small.test")
    with pytest.raises(CheckpointError, match=r"PublicTest\.npz are of other weights.*--store' makes them anew"):
        load_predictions("small.test")
    store(weights, faces)
    assert len(load_predictions("small.test").rows) == 90


def test_what_is_not_there(weights, faces):
    with pytest.raises(CheckpointError, match=r"No predictions on PublicTest are stored with small\.test; 'fersc"):
        load_predictions("small.test")
    with pytest.raises(CheckpointError, match=r"Did you mean 'small\.test'"):
        load_predictions("smal.test")
    with pytest.raises(ValueError, match=r"'\.\./x' cannot name a file"):
        store(weights, faces, "../x")
    other = Faces(faces.images, faces.labels % 7, faces.targets[:, :7], faces.rows, FER2013)
    with pytest.raises(ValueError, match="these faces are labelled anger"):
        store(weights, other)
    assert not list(weights.parent.glob("*.npz"))


def _cut_short(file: Path, parts: dict) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def _one_byte_changed(file: Path, parts: dict) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def _no_archive(file: Path, parts: dict) -> None:
    file.write_text("not an archive")


def _one_array(file: Path, parts: dict) -> None:
    with open(file, "wb") as stream:
        np.save(stream, parts["probabilities"])


def _changed(**changes):
    def change(file: Path, parts: dict) -> None:
        made = {name: change(parts[name]) for name, change in changes.items()}
        np.savez_compressed(file, **{name: value for name, value in (parts | made).items() if value is not None})

    return change


@pytest.mark.parametrize(
    "damage",
    [
        _cut_short,
        _one_byte_changed,
        _no_archive,
        _one_array,
        _changed(rows=lambda rows: None),
        _changed(rows=lambda rows: rows[1:]),
        _changed(rows=lambda rows: rows.astype(object)),  # would be a pickle
        _changed(labels=lambda labels: labels[1:]),
        _changed(labels=lambda labels: labels + 8),
        _changed(labels=lambda labels: labels.astype(float)),
        _changed(probabilities=lambda values: values[:, :7]),
        _changed(probabilities=lambda values: values * np.float16(np.nan)),
        _changed(probabilities=lambda values: values.astype("U8")),
        _changed(split=lambda split: np.array("PrivateTest")),
    ],
)
def test_a_damaged_file_is_said_to_be_damaged(stored, damage):
    with np.load(stored) as archive:
        parts = dict(archive)
    damage(stored, parts)
    with pytest.raises(CheckpointError, match=r"predictions small\.test\.PublicTest\.npz are damaged \(.+--store'"):
        load_predictions("small.test")


def test_the_published_checkpoints_have_theirs():
    names = {file.name for file in STORED}
    assert names >= {"a_mobilenet.ferplus.PublicTest.npz", "mobilenetv3_cpsca.ferplus.PublicTest.npz"}
    assert sum(file.stat().st_size for file in STORED) < 2e6


@pytest.mark.parametrize("file", STORED, ids=lambda file: file.stem)
def test_the_bundled_predictions_give_the_cards_score(file):
    name, split, _ = file.name.rsplit(".", 2)
    weights = BUNDLED / f"{name}.safetensors"
    found = load_predictions(weights, split)
    report = make_report(found.labels, found.probabilities, found.names)
    (stated,) = [score for score in read_card(weights).scores if score.split == split]
    assert (found.label_rule, report.count) == (stated.label_rule, stated.count)
    # Another processor rounds otherwise: one or two faces may fall to the other side.
    assert report.accuracy == pytest.approx(stated.accuracy, abs=2.5 / stated.count)
    assert report.macro_f1 == pytest.approx(stated.macro_f1, abs=0.02)


@pytest.mark.fer2013
@pytest.mark.parametrize("file", STORED, ids=lambda file: file.stem)
def test_the_bundled_predictions_are_of_the_official_rows(file, fer2013):
    name, split, _ = file.name.rsplit(".", 2)
    found = load_predictions(BUNDLED / f"{name}.safetensors", split)
    faces = select_faces(fer2013, split, found.label_rule)
    assert np.array_equal(found.rows, faces.rows) and np.array_equal(found.labels, faces.labels)
    some = np.arange(0, len(faces), 8)
    again = predict_faces(load_classifier(BUNDLED / f"{name}.safetensors"), faces.images[some])
    np.testing.assert_allclose(found.probabilities[some], again, atol=0.01)


@pytest.fixture(scope="module")
def fer2013(fer2013_dir):
    return read_fer2013(fer2013_dir)
