"""Maps as files: greys on a fixed scale, and every value."""

import cv2
import numpy as np
import pytest

from fer_models.classifier import load_classifier
from fer_models.explanation import explain
from fer_models.export.maps import write_maps
from tests.conftest import make_checkpoint


def test_maps_are_grey_pictures_on_a_fixed_scale_and_values_are_whole(tmp_path, crop):
    classifier = load_classifier(make_checkpoint("mobilenetv3_cpsca", tmp_path, "small.test"))
    seen = explain(classifier, crop)
    maps = write_maps(seen, crop, tmp_path / "maps")
    values = np.load(maps / "values.npz")
    assert values["grad_cams"].shape == (8, 2, 2)
    kinds = {name.split(":")[1] for name in values if ":" in name}
    assert kinds == {"se", "ca_h", "ca_w"}
    # A picture's grey is the gate's value on the fixed scale 0..1, here in the middle of a quarter of the map.
    rows, columns = values["features.15.attention:ca_h"], values["features.15.attention:ca_w"]
    product = (rows[:, :, None] * columns[:, None, :]).mean(0)
    (file,) = maps.glob("*features.15.attention-ca_h-times-ca_w.png")
    grey = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert grey.shape == (224, 224)
    assert grey[20, 20] == pytest.approx(product[0, 0] * 255, abs=1)
    assert cv2.imread(str(maps / "crop.png")) is not None
