"""The classifier: what are no crops is refused."""

import numpy as np
import pytest

from fer_models.classifier import load_classifier
from tests.conftest import make_checkpoint


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
