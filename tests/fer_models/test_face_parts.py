"""Parts of the face in the aligned frame."""

import numpy as np
import pytest

import fer_models as fer
from fer_models.face_parts import REGIONS, region_weights
from fer_models.faces import detect_faces

SIDE = 200


def named_at(x: float, y: float, side: int = SIDE) -> str:
    """The region at a point, in parts of the side."""
    (name,) = [name for name, mask in fer.face_regions(side).items() if mask[int(y * side), int(x * side)]]
    return name


@pytest.mark.parametrize("side", [1, 4, 16, 47, 48, 224])
def test_every_pixel_is_in_one_region(side):
    masks = fer.face_regions(side)
    assert tuple(masks) == REGIONS
    assert all(mask.shape == (side, side) and mask.dtype == bool for mask in masks.values())
    assert np.array_equal(sum(mask.astype(int) for mask in masks.values()), np.ones((side, side), int))
    assert side < 12 or all(mask.any() for mask in masks.values())


def test_regions_lie_where_the_frame_has_them():
    # The frame's own points, as fer_models.faces states them: eye centres, mouth corners.
    assert named_at(0.30, 0.38) == named_at(0.69, 0.38) == "eyes"
    assert named_at(0.35, 0.76) == named_at(0.64, 0.76) == "mouth"
    assert named_at(0.3, 0.22) == named_at(0.7, 0.22) == "brows"
    assert named_at(0.495, 0.58) == "nose"
    assert named_at(0.2, 0.6) == named_at(0.8, 0.6) == "cheeks"
    assert {named_at(x, y) for x in (0.01, 0.99) for y in (0.01, 0.99)} == {named_at(0.5, 0.1)} == {"rest"}


@pytest.mark.yunet
def test_the_features_of_a_real_face_are_in_their_regions(astronaut, yunet_path):
    """YuNet's eyes, nose and mouth corners of the astronaut, in the frame of her crop."""
    import cv2

    (face,) = detect_faces(astronaut, yunet=yunet_path)
    crop = cv2.cvtColor(face.crop, cv2.COLOR_RGB2BGR)
    detector = cv2.FaceDetectorYN.create(str(yunet_path), "", crop.shape[1::-1], 0.5)
    points = detector.detect(crop)[1][0, 4:14].reshape(5, 2) / len(crop)
    assert [named_at(*point) for point in points] == ["eyes", "eyes", "nose", "mouth", "mouth"]


@pytest.mark.parametrize("shape", [(4, 4), (7, 5), (16, 16), (48, 48)])
def test_weights_of_cells_are_shares_of_their_area(shape):
    weights = region_weights(*shape)
    assert np.sum(list(weights.values()), 0) == pytest.approx(np.ones(shape))
    for name, mask in fer.face_regions(480).items():
        assert weights[name].mean() == pytest.approx(mask.mean(), abs=0.01)


def test_a_face_without_a_side_is_refused():
    with pytest.raises(ValueError, match="not 0"):
        fer.face_regions(0)
