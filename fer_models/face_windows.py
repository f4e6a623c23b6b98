"""Where a cascade of 20 x 20 pixels sees a face in a grey picture: a close search, and a coarse one that costs less."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from fer_models.face_detections import Grey

SMALLEST_FACE = 32  # a face of 40 px is found by the cascade's window of 35 or 39 px as well as by that of 43
_WINDOW = 20  # pixels of the cascade's side
_AROUND = 0.5  # of its side: how far about a coarse window is searched closely, and for how much larger ones


class Window(NamedTuple):
    """A square (x, y, width, height) of the picture and its vote, the higher the surer."""

    box: tuple[int, int, int, int]
    vote: float


def close_windows(cascade: Any, grey: Grey, *, smallest: int = SMALLEST_FACE, largest: int = 0) -> list[Window]:
    """Windows of `smallest` to `largest` pixels (0: of any size) in which three or more neighbours pass."""
    # alt2 at 1.1 gives one face on scikit-image's astronaut; at 1.05, two.
    boxes, _, votes = cascade.detectMultiScale3(
        grey,
        scaleFactor=1.1,
        minNeighbors=3,
        minSize=(smallest, smallest),
        maxSize=(largest, largest),
        outputRejectLevels=True,
    )
    return [
        Window(tuple(box), vote) for box, vote in zip(np.asarray(boxes).tolist(), np.ravel(votes).tolist(), strict=True)
    ]


def coarse_windows(cascade: Any, grey: Grey) -> list[Window]:
    """As `close_windows`, but only about places where one of a quarter as many windows of half as many sizes passes.

    OpenCV moves a window by two pixels instead of one where it shrinks a picture to less than half. So each octave of
    sizes is searched on a copy of its own, in which the smallest face fills the cascade's window.
    """
    height, width = grey.shape
    places: list[list[int]] = []
    for smallest in _octaves(min(height, width)):
        size = round(width * _WINDOW / smallest), round(height * _WINDOW / smallest)
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        seen = cascade.detectMultiScale(
            small, 1.2, 0, minSize=(_WINDOW, _WINDOW), maxSize=(2 * _WINDOW - 1, 2 * _WINDOW - 1)
        )
        up = np.tile((width / size[0], height / size[1]), 2)
        places += np.rint(np.reshape(seen, (-1, 4)) * up).astype(int).tolist()
    # Twice each: one alone would be dropped.
    groups, _ = cv2.groupRectangles(places * 2, 1, 0.2)
    return _apart([window for place in np.asarray(groups).tolist() for window in _about(cascade, grey, place)])


def _octaves(side: int) -> list[int]:
    return [SMALLEST_FACE << octave for octave in range(32) if SMALLEST_FACE << octave <= side]


def _about(cascade: Any, grey: Grey, place: list[int]) -> list[Window]:
    """What a close search finds at a place (x, y, width, height)."""
    x, y, side, _ = place
    far = round(_AROUND * side)
    left, top = max(x - far, 0), max(y - far, 0)
    part = np.ascontiguousarray(grey[top : y + side + far, left : x + side + far])
    smallest, largest = max(SMALLEST_FACE, side - far), side + far
    return [
        Window((box[0] + left, box[1] + top, box[2], box[3]), vote)
        for box, vote in close_windows(cascade, part, smallest=smallest, largest=largest)
    ]


def _apart(windows: list[Window]) -> list[Window]:
    """Those that no surer one lies upon: two places may lead to the same face."""
    kept: list[Window] = []
    for window in sorted(windows, key=lambda window: window.vote, reverse=True):
        x, y, side, _ = window.box
        centres = [(other[0] + other[2] / 2, other[1] + other[2] / 2) for other, _ in kept]
        if all(max(abs(x + side / 2 - u), abs(y + side / 2 - v)) > side / 4 for u, v in centres):
            kept.append(window)
    return kept
