"""Maps as files: in colour over the face, and every value."""

import cv2
import numpy as np
from matplotlib import colormaps

from fer_models.classifier import load_classifier
from fer_models.explanation import explain
from fer_models.export.maps import write_maps
from fer_models.preprocessing import to_source
from tests.conftest import make_checkpoint


def test_maps_lie_in_colour_over_the_face_and_values_are_whole(tmp_path, crop):
    classifier = load_classifier(make_checkpoint("mobilenetv3_cpsca", tmp_path, "small.test"))
    seen = explain(classifier, crop)
    maps = write_maps(classifier, seen, crop, tmp_path / "maps")
    values = np.load(maps / "values.npz")
    assert values["grad_cams"].shape == (8, 2, 2)
    kinds = {name.split(":")[1] for name in values if ":" in name}
    assert kinds == {"se", "ca_h", "ca_w"}
    # The middle of a quarter of the map has that quarter's value: its colour lies over the grey of the face.
    rows, columns = values["features.15.attention:ca_h"], values["features.15.attention:ca_w"]
    product = (rows[:, :, None] * columns[:, None, :]).mean(0)
    (file,) = maps.glob("*features.15.attention-ca_h-times-ca_w.png")
    picture = cv2.imread(str(file))[:, :, ::-1]
    side = len(picture)
    share = (product[0, 0] - product.min()) / (product.max() - product.min())
    colour, at = np.array(colormaps["cividis"](float(share))[:3]) * 255, side // 12
    grey = float(to_source(crop, side)[at, at])
    # grey * (1 - veil) + colour * veil for one veil, the same in all three channels
    veils = (picture[at, at] - grey) / (colour - grey)
    assert np.ptp(veils) < 0.08 and 0.3 < veils.mean() < 0.95
    assert np.array_equal(cv2.imread(str(maps / "crop.png"))[:, :, ::-1], crop)
    assert len(list(maps.glob("grad-cam-*.png"))) == 1
