"""One found face, and what every detector does with it: shrinking, moving, and telling two of the same face.

Coordinates are continuous: pixel i covers [i, i + 1), so a box of the whole picture is (0, 0, width, height).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Eyes = tuple[Point, Point]

Grey = NDArray[np.uint8]  # a grey picture (H, W)
LONGEST_SIDE = 1600  # larger pictures are searched on a shrunk copy


class DetectorError(RuntimeError):
    """A face detector cannot be set up: the YuNet file is missing or another one, or OpenCV lacks its cascades."""


@dataclass(frozen=True)
class Detection:
    """One face: box (x0, y0, x1, y1), the detector's confidence, eye centres or None, the verifier's logit."""

    box: tuple[float, float, float, float]
    score: float
    eyes: Eyes | None
    likeness: float = 0.0

    @property
    def area(self) -> float:
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


def drop_duplicates(faces: Iterable[Detection]) -> list[Detection]:
    """Keep, of faces that share more than half the smaller one's box, the surer: with both eyes, then by score."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda face: (face.eyes is not None, face.score), reverse=True):
        if all(_shared_area(face.box, other.box) <= 0.5 * min(face.area, other.area) for other in kept):
            kept.append(face)
    return kept


def _shared_area(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)


def shrink(image: NDArray[np.uint8], longest_side: int) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """A copy with sides of at most `longest_side`, and how many pixels of the picture one of its pixels spans."""
    height, width = image.shape[:2]
    scale = min(1.0, longest_side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.ascontiguousarray(image) if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small, (width / size[0], height / size[1])


def moved(face: Detection, matrix: NDArray[np.float64]) -> Detection:
    """The face under a 2 x 3 affine map; its box stays upright around its moved centre."""

    def point(x: float, y: float) -> Point:
        moved = matrix @ (x, y, 1.0)
        return float(moved[0]), float(moved[1])

    x0, y0, x1, y1 = face.box
    centre = point((x0 + x1) / 2, (y0 + y1) / 2)
    half_width = (x1 - x0) / 2 * math.hypot(matrix[0, 0], matrix[1, 0])
    half_height = (y1 - y0) / 2 * math.hypot(matrix[0, 1], matrix[1, 1])
    box = centre[0] - half_width, centre[1] - half_height, centre[0] + half_width, centre[1] + half_height
    return replace(face, box=box, eyes=face.eyes and (point(*face.eyes[0]), point(*face.eyes[1])))


def plausible(box: tuple[float, float, float, float], eyes: Eyes) -> bool:
    """Whether a pair is level within 30 degrees, as far apart as eyes are, and in the upper half of the face."""
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0)
    (left_x, left_y), (right_x, right_y) = eyes
    across, down = right_x - left_x, right_y - left_y
    middle_x, middle_y = (left_x + right_x) / 2 - (x0 + x1) / 2, (left_y + right_y) / 2 - y0
    return (
        across > 0
        and abs(down) <= across * math.tan(math.radians(30))
        and 0.25 * side <= math.hypot(across, down) <= 0.55 * side
        and abs(middle_x) <= 0.15 * side
        and 0.20 * side <= middle_y <= 0.55 * side
    )
