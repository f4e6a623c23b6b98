"""Faces in a picture, cut out the way FER2013's are framed.

The frame: FER2013's 48 x 48 faces have their eye centres at (0.30, 0.38) and (0.69, 0.38) of the side and their mouth
corners near height 0.76 (medians of frontal faces), hairline to chin. The networks were trained on this frame; another
one would be another distribution. Coordinates are continuous: pixel i covers [i, i + 1).
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from fer_models.face_cascades import find_with_haar
from fer_models.face_detections import Detection, DetectorError, Eyes
from fer_models.face_frame import MAX_CROP, cut_square, frame_of_haar, frame_of_yunet
from fer_models.face_yunet import find_with_yunet
from fer_models.images import ImageError, RGBImage, check_image

__all__ = ["DetectorError", "MAX_CROP", "Face", "crop_box", "detect_faces", "whole_picture"]

YUNET_VARIABLE = "FERSCOPE_YUNET"


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Face:
    """One face of a picture.

    Attributes:
        box: (x0, y0, x1, y1), whole pixels of the picture, x1 and y1 exclusive: where the detector saw the face, or
            what a person drew. The crop may reach beyond it.
        score: the detector's confidence, higher is surer. Haar: its last stage's vote, about 54 to 58;
            YuNet: 0.7..1.
            Not comparable between the two; 1.0 for a box given by a person.
        eyes: ((x, y), (x, y)) centres in picture pixels, first the one on the left of the upright face; None where not
            seen reliably.
        crop: (S, S, 3) uint8 RGB, upright and framed as above; S is the face's own size, at most 224, never enlarged.
    """

    box: tuple[int, int, int, int]
    score: float
    eyes: Eyes | None
    crop: RGBImage


def detect_faces(image: RGBImage, *, yunet: str | os.PathLike[str] | None = None) -> list[Face]:
    """Find the faces of a picture.

    Args:
        image: (H, W, 3) uint8 RGB, as `open_image` returns it.
        yunet: path of `face_detection_yunet_2023mar.onnx`, a better detector than the bundled Haar cascades. Where it
            is None, the environment variable FERSCOPE_YUNET is asked; where that is unset or empty, Haar is used.

    Returns:
        Faces from about 40 px, largest first. Empty if none is seen: offer `whole_picture`, or let a person draw a
        box and use `crop_box`. May be called from several threads at once.

    Raises:
        ImageError: `image` is not such an array.
        DetectorError: the YuNet file is missing or is not the known one.
    """
    image = check_image(image)
    path = yunet if yunet is not None else os.environ.get(YUNET_VARIABLE)
    if path:
        faces = [_face(image, found, *frame_of_yunet(found)) for found in find_with_yunet(image, path)]
    else:
        faces = [_face(image, found, *frame_of_haar(found)) for found in find_with_haar(image)]
    return sorted(faces, key=lambda face: _area(face.box), reverse=True)


def crop_box(image: RGBImage, box: Sequence[float]) -> Face:
    """Cut out a box drawn by hand: its content is taken as it is, neither turned nor searched for eyes.

    Args:
        image: (H, W, 3) uint8 RGB.
        box: (x0, y0, x1, y1) in picture pixels, corners in any order; what lies outside the picture is left off.

    Returns:
        A `Face` without eyes, of score 1.0. The crop is square: the shorter side grows about the box's centre, and
        beyond the picture its edge pixels are repeated.

    Raises:
        ImageError: no such array, not four finite numbers, or less than a pixel of the picture in the box.
    """
    image = check_image(image)
    x0, y0, x1, y1 = clipped = _clip(image, _four_numbers(box))
    if x1 <= x0 or y1 <= y0:
        raise ImageError("This box holds no part of the picture. Draw it around a face.")
    side = max(x1 - x0, y1 - y0)
    corner = complex((x0 + x1 - side) / 2, (y0 + y1 - side) / 2)
    return Face(clipped, 1.0, None, cut_square(image, corner, complex(side)))


def whole_picture(image: RGBImage) -> Face:
    """Take the whole picture as one face, as when it is a cut-out face already; made square as by `crop_box`."""
    height, width = check_image(image).shape[:2]
    return crop_box(image, (0, 0, width, height))


def _four_numbers(box: Sequence[float]) -> tuple[float, float, float, float]:
    try:
        x0, y0, x1, y1 = (float(value) for value in box)
    except (TypeError, ValueError, OverflowError):
        raise ImageError("A box is four numbers: left, top, right and bottom edge in pixels.") from None
    if not all(math.isfinite(value) for value in (x0, y0, x1, y1)):
        raise ImageError("A box is four numbers, none of them infinite or missing.")
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _clip(image: RGBImage, box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (round(value) for value in box)
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def _area(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _face(image: RGBImage, found: Detection, corner: complex, edge: complex) -> Face:
    return Face(_clip(image, found.box), found.score, found.eyes, cut_square(image, corner, edge))
