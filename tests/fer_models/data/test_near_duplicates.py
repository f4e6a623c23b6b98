"""Near duplicates: what people do to copies of a picture, and different pictures that are lit alike."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, camera, cat

from fer_models.data import near_duplicates


def grey(picture: np.ndarray, side: int = 112) -> np.ndarray:
    plane = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Six that differ: a face, its surroundings, and no faces."""
    photo = astronaut()
    return np.stack(
        [grey(part) for part in (photo[:230, 110:340], photo, photo[200:], camera(), cat(), camera()[:200, 150:350])]
    )


CHANGES = {
    "none": lambda image: image,
    "compressed": lambda image: cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 0),
    "half the size": lambda image: cv2.resize(image, (56, 56), interpolation=cv2.INTER_AREA),
    "brighter": lambda image: np.clip(image * 1.1 + 20, 0, 255).astype(np.uint8),
    "less contrast": lambda image: (image * 0.5 + 40).astype(np.uint8),
    "cropped": lambda image: cv2.resize(image[2:-2, 2:-2], (112, 112)),
    "moved": lambda image: np.roll(image, 1, axis=1),
    "turned by a degree": lambda image: cv2.warpAffine(
        image, cv2.getRotationMatrix2D((56, 56), 1, 1), (112, 112), borderMode=cv2.BORDER_REPLICATE
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_copies_are_found_each_with_its_original(pictures, change):
    copies = np.stack([change(image) for image in pictures])[::-1]
    count = len(pictures)
    assert near_duplicates(copies, pictures) == [(place, count - 1 - place) for place in range(count)]


def test_other_pictures_are_not(pictures):
    assert near_duplicates(pictures) == []
    mirrored = pictures[:, :, ::-1]
    assert near_duplicates(mirrored, pictures) == []
    assert near_duplicates(np.full((2, 48, 48), 90, np.uint8)) == []


def test_of_many_copies_one_is_named(pictures):
    many = np.stack([pictures[0]] * 200 + [pictures[3]])
    found = near_duplicates(many)
    assert [place for place, _ in found] == list(range(1, 200)) and all(other < place for place, other in found)


def test_within_a_set_each_goes_with_the_one_before_that_it_is_most_like(pictures):
    face, other = pictures[0], pictures[3]
    slightly = (face * 0.97).astype(np.uint8)
    much = CHANGES["cropped"](face)
    assert near_duplicates(np.stack([face, other, much, slightly, other])) == [(2, 0), (3, 0), (4, 1)]
    assert near_duplicates(np.empty((0, 48, 48), np.uint8)) == []
    assert near_duplicates(pictures, np.empty((0, 48, 48), np.uint8)) == []
