"""Stored answers are what the network sees today, or none."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fer_models as fer
from fer_models.checkpoints import DEFAULT_CHECKPOINT, find_checkpoint
from fer_models.explanation import attribution
from fer_models.explanation.cover import covered
from fer_models.faces import whole_picture
from fer_models.preprocessing import to_source
from tests.webapp.conftest import save
from webapp import precomputed
from webapp.components.gallery import Sample, read_gallery
from webapp.components.samples import sample_crop
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


@pytest.mark.parametrize("checkpoint", fer.list_checkpoints())
def test_what_covering_changes_is_stored_as_the_network_says_today(checkpoint):
    crop = sample_crop(COMPOSITES[0])
    stored = precomputed.stored_occlusion(checkpoint, crop)
    assert stored is not None, "run 'make precomputed': the weights or the gallery have changed"
    # Two places of one face: all of them take minutes. A patch is 8 of 48 pixels wide and centred on its cell.
    network, grey = fer.load_classifier(checkpoint), to_source(crop, 48)
    for row, column in ((4, 4), (12, 8)):
        weight = np.zeros((96, 96), np.float32)
        y, x = (6 * place + 3 - 8 for place in (row, column))  # in half pixels
        weight[y : y + 16, x : x + 16] = 1
        before, after = network.logits([grey, covered(grey, weight.reshape(48, 2, 48, 2).mean((1, 3)), "mean")])
        np.testing.assert_allclose(stored[:, row, column], before - after, atol=0.01)


def test_another_face_or_other_weights_have_no_stored_covering(tmp_path, monkeypatch):
    crop = sample_crop(COMPOSITES[0])
    assert precomputed.stored_occlusion(DEFAULT_CHECKPOINT, 255 - crop) is None
    assert precomputed.stored_occlusion(DEFAULT_CHECKPOINT, crop, tmp_path / "none.npz") is None
    weights = find_checkpoint(DEFAULT_CHECKPOINT)
    for file in (weights, weights.with_suffix(".json")):
        shutil.copy(file, tmp_path)
    changed_weights(tmp_path / weights.name)
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    assert precomputed.stored_occlusion(DEFAULT_CHECKPOINT, crop) is None


def test_coverings_of_several_networks_stand_beside_each_other_and_stale_ones_go(
    tmp_path, only_checkpoints, monkeypatch
):
    few = {"fear": read_gallery()["fear"][:1]}
    monkeypatch.setattr(precomputed, "read_gallery", lambda: few)
    only_checkpoints(tmp_path)
    # Random weights change next to nothing.
    maps = {
        f"{name}.ferplus": np.full((8, 16, 16), value)
        for name, value in (("mobilenetv3_small", 2), ("mobilenetv1", -3))
    }
    monkeypatch.setattr(attribution, "attribute_all", lambda classifier, crop, method: maps[classifier.card.name])
    crop, file = sample_crop(few["fear"][0]), tmp_path / "occlusions.npz"
    for name in maps:
        save(tmp_path, name.removesuffix(".ferplus"))
        assert precomputed.store_occlusions(name, file) == 1
    for name, expected in maps.items():
        np.testing.assert_array_equal(precomputed.stored_occlusion(name, crop, file), expected)
    changed_weights(tmp_path / "mobilenetv3_small.ferplus.safetensors")
    precomputed.store_occlusions("mobilenetv1.ferplus", file)
    with np.load(file) as stored:
        assert len(stored.files) == 2  # the faces, and one network
