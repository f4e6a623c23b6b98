"""The classifier: what are no crops is refused; other default types and forked processes change nothing."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fer_models.classifier import load_classifier
from fer_models.explanation import explain
from tests.conftest import make_checkpoint

ROOT = Path(__file__).parents[2]


def test_crops_that_are_none(tmp_path, crop):
    classifier = load_classifier(make_checkpoint("mobilenetv3_small", tmp_path, "small.test"))
    nan = np.full((48, 48, 3), np.nan, dtype=np.float32)
    for wrong in ([], crop, [nan], [np.zeros((0, 4, 3), np.uint8)], [np.zeros((4, 4, 4), np.uint8)], ["face.png"]):
        with pytest.raises(ValueError):
            classifier.predict(wrong)


def test_logits_of_many_crops_are_those_of_each(classifier):
    crops = list(np.random.default_rng(0).integers(0, 256, (33, 20, 20), np.uint8))
    expected = np.concatenate([np.log(classifier.predict([crop])) for crop in crops])
    logits = classifier.logits(crops)
    centred = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    assert centred == pytest.approx(expected, abs=1e-3)


def test_an_unknown_layer_suggests_the_nearest(classifier):
    assert classifier.layer().name == classifier.network.last_layer
    assert classifier.layer("features.2") is classifier.layers[2]
    with pytest.raises(ValueError, match=r"not a layer.*Did you mean 'features\."):
        classifier.layer("feature.2")


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_another_default_type_changes_nothing(tmp_path, crop, kind):
    file = make_checkpoint("mobilenetv3_cpsca", tmp_path, "small.test")
    expected = load_classifier(file).predict([crop])
    try:
        torch.set_default_dtype(kind)
        classifier = load_classifier(file)
        assert np.array_equal(classifier.predict([crop]), expected)
        assert explain(classifier, crop).cam.dtype == np.float32
    finally:
        torch.set_default_dtype(torch.float32)


FORKED = """
import multiprocessing, sys
import numpy as np
from fer_models.classifier import load_classifier

crop = np.random.default_rng(0).integers(0, 256, (120, 120, 3), dtype=np.uint8)
classifier = load_classifier(sys.argv[1])
expected = classifier.predict([crop])  # PyTorch's threads run from here on

def same(_):
    return bool(np.allclose(classifier.predict([crop]), expected, atol=1e-5))

with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map_async(same, range(4)).get(timeout=60) == [True] * 4
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_predicts(tmp_path):
    file = make_checkpoint("mobilenetv3_cpsca", tmp_path, "small.test")
    # Two threads, also where the tests run with one: a single one has nobody to wait for.
    environment = os.environ | {"OMP_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", FORKED, file], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
