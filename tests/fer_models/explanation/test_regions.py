"""What a map marks of each part of the face, and what covering it does."""

import numpy as np
import pytest

from fer_models.explanation import cover
from fer_models.explanation.regions import cover_regions, shares
from fer_models.face_parts import REGIONS, face_regions


def test_a_flat_map_has_each_region_by_its_area_and_a_lift_of_one():
    areas = {name: mask.mean() for name, mask in face_regions(480).items()}
    found = shares(np.ones((48, 48), np.float32))
    assert {name: share for name, (share, _) in found.items()} == pytest.approx(areas, abs=0.005)
    assert [lift for _, lift in found.values()] == pytest.approx([1] * 6)


@pytest.mark.parametrize("region", REGIONS)
def test_a_map_of_one_region_is_all_in_it_whatever_is_negative(region):
    mask = face_regions(240)[region]
    found = shares(np.where(mask, 3.0, -5.0))
    assert found[region].share > 0.97 and sum(share for share, _ in found.values()) == pytest.approx(1)
    assert found[region].lift == pytest.approx(1 / mask.mean(), rel=0.04)


def test_a_cell_of_a_coarse_map_is_divided_by_area():
    values = np.zeros((2, 2))
    values[1, 0] = 7  # the lower left quarter of the face
    quarter = {name: mask[240:, :240].mean() for name, mask in face_regions(480).items()}
    assert {name: share for name, (share, _) in shares(values).items()} == pytest.approx(quarter, abs=0.01)


def test_a_map_that_is_nowhere_positive_has_no_shares():
    assert all(each == (0, 0) for each in shares(-np.ones((4, 4))).values())


@pytest.mark.parametrize("values", [np.ones(4), np.full((4, 4), np.nan)])
def test_what_is_no_map_is_refused(values):
    with pytest.raises(ValueError, match="map"):
        shares(values)


@pytest.mark.parametrize("fill", ["mean", "blur"])
def test_covering_a_region_is_covering_its_mask(classifier, fill):
    crop = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    found = cover_regions(classifier, crop, "surprise", fill)
    assert tuple(found) == REGIONS
    for name, mask in face_regions(48).items():
        expected = cover(classifier, crop, mask, fill).change[classifier.target_index("surprise")]
        assert found[name] == pytest.approx(expected, abs=1e-4)


def test_the_predicted_label_is_explained_unless_another_is_asked_for(classifier, crop):
    predicted = int(classifier.predict([crop]).argmax())
    assert cover_regions(classifier, crop) == cover_regions(classifier, crop, predicted)
    with pytest.raises(ValueError, match="not one of"):
        cover_regions(classifier, crop, "joy")
