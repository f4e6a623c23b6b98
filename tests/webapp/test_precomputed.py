"""Stored answers are what the network sees today, or none."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fer_models as fer
from fer_models.checkpoints import DEFAULT_CHECKPOINT, find_checkpoint
from fer_models.faces import whole_picture
from webapp import precomputed
from webapp.components.gallery import Sample, read_gallery
from webapp.figures.gate_groups import group_gates

COMPOSITES = [sample for group in read_gallery().values() for sample in group if sample.kind == "composite"]


@pytest.fixture(scope="module")
def classifier() -> fer.Classifier:
    return fer.load_classifier(DEFAULT_CHECKPOINT)


@pytest.mark.parametrize("sample", COMPOSITES, ids=lambda sample: sample.id)
def test_a_stored_answer_is_what_the_network_sees(classifier, sample):
    found = precomputed.stored_answer(DEFAULT_CHECKPOINT, sample)
    assert found is not None, "run 'make precomputed': the weights or the gallery have changed"
    stored, groups = found
    seen = fer.explain(classifier, whole_picture(fer.open_image(sample.read())).crop)
    assert (stored.labels, stored.target, stored.layer) == (seen.labels, seen.target, seen.layer)
    np.testing.assert_allclose(stored.probabilities, seen.probabilities, atol=1e-4)
    np.testing.assert_allclose(stored.cams, seen.cams, atol=1e-3 * np.abs(seen.cams).max())
    for ours, theirs in zip(stored.gates, seen.gates, strict=True):
        assert {**vars(ours), "values": None} == {**vars(theirs), "values": None}
        np.testing.assert_allclose(ours.values, theirs.values, atol=1e-4)
    told = [(group.family, [(layer.name, layer.mechanism, layer.module) for layer in group.layers]) for group in groups]
    expected = group_gates(classifier.network, seen.gates)
    assert told == [
        (group.family, [(layer.name, layer.mechanism, layer.module) for layer in group.layers]) for group in expected
    ]


def changed_weights(checkpoint: Path) -> None:
    data = bytearray(checkpoint.read_bytes())
    data[-1] ^= 1
    checkpoint.write_bytes(data)


def changed_input_side(checkpoint: Path) -> None:
    card = json.loads(checkpoint.with_suffix(".json").read_text())
    card["preprocessing"]["input_side"] = 96
    checkpoint.with_suffix(".json").write_text(json.dumps(card))


def changed_score(checkpoint: Path) -> None:
    card = json.loads(checkpoint.with_suffix(".json").read_text())
    card["scores"] = []
    checkpoint.with_suffix(".json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("change", "is_shown"), [(changed_weights, False), (changed_input_side, False), (changed_score, True)]
)
def test_a_stale_answer_is_not_shown(tmp_path, monkeypatch, change, is_shown):
    weights = find_checkpoint(DEFAULT_CHECKPOINT)
    for file in (weights, weights.with_suffix(".json")):
        shutil.copy(file, tmp_path)
    change(tmp_path / weights.name)
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    assert (precomputed.stored_answer(DEFAULT_CHECKPOINT, COMPOSITES[0]) is not None) is is_shown


def test_another_face_or_network_has_no_stored_answer(tmp_path, monkeypatch):
    photo = next(sample for group in read_gallery().values() for sample in group if sample.kind == "photo")
    assert precomputed.stored_answer(DEFAULT_CHECKPOINT, photo) is None
    assert precomputed.stored_answer("mobilenetv3_simam.ferplus", COMPOSITES[0]) is None
    assert precomputed.stored_answer(DEFAULT_CHECKPOINT, COMPOSITES[0], tmp_path / "none.npz") is None
    # The same name, another picture.
    other = replace(COMPOSITES[0], file=COMPOSITES[-1].file)
    stored, _ = precomputed.stored_answer(DEFAULT_CHECKPOINT, other)
    named, _ = precomputed.stored_answer(DEFAULT_CHECKPOINT, COMPOSITES[-1])
    assert isinstance(other, Sample) and np.array_equal(stored.probabilities, named.probabilities)
