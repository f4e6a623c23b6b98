"""The coarse search for faces against the close one, which OpenCV does as a whole."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, brick, coffee

from fer_models import face_cascades
from fer_models.face_cascades import find_with_haar
from fer_models.face_windows import close_windows, coarse_windows


@pytest.fixture(scope="module")
def cascade():
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"))


def head(side: int) -> np.ndarray:
    """A face whose box is about half as wide as the picture."""
    grey = cv2.cvtColor(astronaut()[12:212, 128:328], cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA if side < 200 else cv2.INTER_CUBIC)


# Faces of 45 to 600 pixels: at the ends and in the middle of octaves.
@pytest.mark.parametrize("side", [90, 125, 130, 200, 260, 500, 700, 1200])
def test_a_face_of_any_size_is_where_the_close_search_sees_it(cascade, side):
    ((x, y, width, _), vote), *others = close_windows(cascade, head(side))
    ((u, v, w, _), coarse_vote), *more = coarse_windows(cascade, head(side))
    assert not others and not more
    assert abs(u + w / 2 - x - width / 2) <= 0.06 * width >= abs(v + w / 2 - y - width / 2)
    assert 0.9 < w / width < 1.1 and abs(coarse_vote - vote) < 1.5


def test_several_faces_and_no_face(cascade):
    both = np.zeros((600, 900), np.uint8)
    both[:400, :400], both[420:600, 700:880] = head(400), head(180)
    places = sorted(x + w / 2 for (x, _, w, _), _ in coarse_windows(cascade, both))
    assert [round(place / 100) for place in places] == [2, 8]
    for picture in (brick(), cv2.cvtColor(coffee(), cv2.COLOR_RGB2GRAY), np.zeros((20, 20), np.uint8)):
        assert coarse_windows(cascade, picture) == []


@pytest.fixture
def close_searches(monkeypatch):
    """The shapes of pictures that were searched closely as a whole."""
    shapes: list[tuple[int, ...]] = []

    def search(cascade, grey, **sizes):
        shapes.append(grey.shape)
        return close_windows(cascade, grey, **sizes)

    monkeypatch.setattr(face_cascades, "close_windows", search)
    return shapes


def test_a_sure_face_alone_needs_no_close_search(close_searches):
    assert len(find_with_haar(astronaut())) == 1 and close_searches == []


def test_small_faces_and_several_are_searched_closely(close_searches):
    small = np.full((900, 900, 3), 90, np.uint8)
    small[:512, :512] = astronaut()  # less than an eighth
    assert len(find_with_haar(small)) == 1 and close_searches[0] == (900, 900)
    close_searches.clear()
    assert len(find_with_haar(np.hstack([astronaut(), astronaut()]))) == 2 and close_searches[0] == (512, 1024)
