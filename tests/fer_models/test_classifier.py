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
