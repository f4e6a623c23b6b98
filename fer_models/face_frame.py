"""The frame in which a face is cut out, as FER2013's are, and the cutting.

A frame is a square in the picture, turned or not: its corner and its upper edge as complex numbers x + iy. The point
(u, v) of the crop, in parts of its side, is corner + edge * (u + iv) in the picture: a similarity transform.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_models.face_detections import Detection, Eyes

Picture = NDArray[np.uint8]  # (H, W) or (H, W, 3)

MAX_CROP = 224  # pixels; no network here looks at more

# Eye centres in the frame, x + iy in parts of its side.
_EYE_LEFT, _EYE_RIGHT = 0.30 + 0.38j, 0.69 + 0.38j


def frame_of_eyes(eyes: Eyes) -> tuple[complex, complex]:
    left, right = complex(*eyes[0]), complex(*eyes[1])
    edge = (right - left) / (_EYE_RIGHT - _EYE_LEFT)
    return left - edge * _EYE_LEFT, edge


def frame_of_haar(found: Detection) -> tuple[complex, complex]:
    """By the eyes; where none are seen, 1.05 of the cascade's box puts median eyes and mouth where FER2013 has them."""
    if found.eyes is not None:
        return frame_of_eyes(found.eyes)
    x0, y0, x1, _ = found.box
    side = x1 - x0
    return complex(x0 - 0.022 * side, y0 - 0.015 * side), complex(1.05 * side)


def frame_of_yunet(found: Detection) -> tuple[complex, complex]:
    """The same for YuNet, whose box is higher than wide and covers the frame's height but for 1 %."""
    if found.eyes is not None:
        return frame_of_eyes(found.eyes)
    x0, y0, x1, y1 = found.box
    side = (y1 - y0) / 0.987
    return complex((x0 + x1) / 2 - 0.497 * side, y0 + 0.008 * side), complex(side)


def cut_square(image: Picture, corner: complex, edge: complex) -> Picture:
    """Sample a frame at its own size, at most MAX_CROP: (S, S, ...) uint8; edge pixels repeated outside the picture."""
    side = abs(edge)
    size = min(max(round(side), 1), MAX_CROP)
    # A warp looks at single points. Where it would skip pixels, the picture is first shrunk to twice the wanted
    # resolution, sampled there, and the samples averaged in fours.
    samples = size if side <= size + 0.5 else 2 * size
    part, origin, scale = _part_around(image, corner, edge, min(1.0, samples / side))
    # Sample (i, j) lies at the middle of its cell; cv2 counts from the middle of the first pixel.
    step = edge / samples
    first = corner + step * (0.5 + 0.5j) - origin
    matrix = np.array(
        [
            [scale[0] * step.real, -scale[0] * step.imag, scale[0] * first.real - 0.5],
            [scale[1] * step.imag, scale[1] * step.real, scale[1] * first.imag - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(part, matrix, (samples, samples), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return crop if samples == size else cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)


def _part_around(
    image: Picture, corner: complex, edge: complex, shrink: float
) -> tuple[Picture, complex, tuple[float, float]]:
    """The part of the picture a frame needs, shrunk; its origin in the picture and its exact scale in x and y.

    Cutting first keeps large pictures fast, and within the 32,767 columns that cv2.warpAffine can take.
    """
    height, width = image.shape[:2]
    corners = [corner, corner + edge, corner + edge * 1j, corner + edge * (1 + 1j)]
    margin = 2 * math.ceil(1 / shrink)  # what interpolation at the border looks at
    x0 = min(max(math.floor(min(z.real for z in corners)) - margin, 0), width - 1)
    y0 = min(max(math.floor(min(z.imag for z in corners)) - margin, 0), height - 1)
    x1 = max(min(math.ceil(max(z.real for z in corners)) + margin, width), x0 + 1)
    y1 = max(min(math.ceil(max(z.imag for z in corners)) + margin, height), y0 + 1)
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    if shrink < 1:
        size = max(1, round((x1 - x0) * shrink)), max(1, round((y1 - y0) * shrink))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return part, complex(x0, y0), (part.shape[1] / (x1 - x0), part.shape[0] / (y1 - y0))
