"""Where faces are in a picture: OpenCV's bundled Haar cascades, or a YuNet file the operator provides.

Coordinates are continuous: pixel i covers [i, i + 1), so a box of the whole picture is (0, 0, width, height).
"""

from __future__ import annotations

import hashlib
import math
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_models.images import RGBImage

YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"  # face_detection_yunet_2023mar.onnx

Point = tuple[float, float]
Eyes = tuple[Point, Point]

_LONGEST_SIDE = 1600  # larger pictures are searched on a shrunk copy
_SMALLEST_FACE = 32  # a face of 40 px is found by the cascade's window of 35 or 39 px as well as by that of 43


class DetectorError(RuntimeError):
    """A face detector cannot be set up: the YuNet file is missing or another one, or OpenCV lacks its cascades."""


@dataclass(frozen=True)
class Detection:
    """One face: box (x0, y0, x1, y1), the detector's confidence, eye centres (picture's left first) or None."""

    box: tuple[float, float, float, float]
    score: float
    eyes: Eyes | None

    @property
    def area(self) -> float:
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


# CascadeClassifier and FaceDetectorYN keep scratch space: each thread has its own.
_of_this_thread = threading.local()


def find_with_haar(image: RGBImage) -> list[Detection]:
    """Faces in an (H, W, 3) uint8 picture by `haarcascade_frontalface_alt2`; scores are its last stage's vote, > 0.

    Faces from about 40 px (of the shrunk copy, where the picture's longer side is above 1600 px), upright or leaning
    by up to some 40 degrees: where no upright one is found, copies of at most 800 px turned by 25 degrees either way
    are searched too.
    """
    small, shrink = _shrink(image, _LONGEST_SIDE)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    found = _search_upright(grey)
    if not found:
        # Turned copies triple the time and the chances of a false alarm: they are smaller, and only a face with both
        # eyes and a sure vote counts.
        small, shrink = _shrink(image, _LONGEST_SIDE // 2)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        for angle in (-25.0, 25.0):
            found += [face for face in _search_turned(grey, angle) if face.eyes and face.score >= _SURE_VOTE]
    return [_moved(face, np.array([[shrink[0], 0, 0], [0, shrink[1], 0]])) for face in drop_duplicates(found)]


def find_with_yunet(image: RGBImage, path: str | os.PathLike[str]) -> list[Detection]:
    """Faces in an (H, W, 3) uint8 picture by YuNet (file at `path`); scores lie in 0.7..1.

    Raises:
        DetectorError: the file is missing, unreadable, or not `face_detection_yunet_2023mar.onnx`.
    """
    detector = _yunet(path)
    found: list[Detection] = []
    # YuNet knows faces of 10 to about 300 px: the small ones are found in the large copy, large ones in the small.
    for longest_side in (_LONGEST_SIDE, 480) if max(image.shape[:2]) > 480 else (480,):
        small, (scale_x, scale_y) = _shrink(image, longest_side)
        matrix = np.array([[scale_x, 0, 0], [0, scale_y, 0]])
        found += [_moved(face, matrix) for face in _run_yunet(detector, small)]
    return [_with_refined_eyes(image, face) for face in drop_duplicates(found)]


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


def _shrink(image: RGBImage, longest_side: int) -> tuple[RGBImage, tuple[float, float]]:
    """A copy with sides of at most `longest_side`, and how many pixels of the picture one of its pixels spans."""
    height, width = image.shape[:2]
    scale = min(1.0, longest_side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.ascontiguousarray(image) if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small, (width / size[0], height / size[1])


def _moved(face: Detection, matrix: NDArray[np.float64]) -> Detection:
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


# --- Haar cascades ----------------------------------------------------------------------------------------------------

# Medians over 436 FER2013 faces, as parts of the cascade's box: (x, y) of the eye on the picture's left and right.
_EYES_IN_BOX = ((0.310, 0.389), (0.683, 0.388))
# Of 35 false alarms in photographs without faces 1 showed a pair of eyes and 2 had such a vote; of 639 FER2013 faces
# pasted into them 87 % showed eyes, 91 % had such a vote, and 96 % either.
_SURE_VOTE = 55.5
_EYE_CASCADES = ("haarcascade_eye_tree_eyeglasses.xml", "haarcascade_eye.xml")
_EYE_SEARCH_SIDE = 200  # every face is brought to this size, so that the eye windows are always of the same size


def _cascade(name: str) -> Any:
    cascades = _of_this_thread.__dict__.setdefault("cascades", {})
    if name not in cascades:
        path = Path(cv2.__file__).parent / "data" / name
        cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
        if cascade is None or cascade.empty():
            raise DetectorError(f"OpenCV has no {name}. Install opencv-python-headless>=4.12,<5.")
        cascades[name] = cascade
    return cascades[name]


def _search_upright(grey: NDArray[np.uint8]) -> list[Detection]:
    # alt2 at 1.1 gives one face on scikit-image's astronaut; at 1.05, two.
    boxes, _, votes = _cascade("haarcascade_frontalface_alt2.xml").detectMultiScale3(
        grey, scaleFactor=1.1, minNeighbors=3, minSize=(_SMALLEST_FACE, _SMALLEST_FACE), outputRejectLevels=True
    )
    faces = []
    for (x, y, width, height), vote in zip(np.asarray(boxes).tolist(), np.ravel(votes).tolist(), strict=True):
        eyes = _find_eyes(grey[y : y + height, x : x + width])
        if eyes:
            eyes = ((eyes[0][0] + x, eyes[0][1] + y), (eyes[1][0] + x, eyes[1][1] + y))
        if eyes or vote >= _SURE_VOTE:
            faces.append(Detection((x, y, x + width, y + height), vote, eyes))
    return faces


def _search_turned(grey: NDArray[np.uint8], degrees: float) -> list[Detection]:
    """Faces of a copy turned about its centre, brought back to the picture's coordinates."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    spanned = np.abs(turn[:, :2]) @ (width, height)  # the turned picture's width and height
    turn[:, 2] += (spanned - (width, height)) / 2
    size = (math.ceil(spanned[0]), math.ceil(spanned[1]))
    turned = cv2.warpAffine(grey, turn, size, borderMode=cv2.BORDER_REPLICATE)
    back = cv2.invertAffineTransform(turn)
    return [_moved(face, back) for face in _search_upright(turned)]


def _find_eyes(face: NDArray[np.uint8]) -> Eyes | None:
    """Eye centres in a square grey face, in its own pixels; None unless a plausible pair is seen."""
    side = face.shape[0]
    scaled = cv2.resize(face, (_EYE_SEARCH_SIDE, _EYE_SEARCH_SIDE), interpolation=cv2.INTER_LINEAR)
    box = (0.0, 0.0, 1.0, 1.0)
    pairs = [
        (left, right)
        for left in _eye_candidates(scaled, 0)
        for right in _eye_candidates(scaled, 1)
        if _plausible(box, (left, right))
    ]
    if not pairs:
        return None
    left, right = min(pairs, key=_strangeness)
    return (left[0] * side, left[1] * side), (right[0] * side, right[1] * side)


def _eye_candidates(face: NDArray[np.uint8], which: int) -> list[Point]:
    """Centres, as parts of the side, of what may be the eye on the picture's left (0) or right (1)."""
    side = _EYE_SEARCH_SIDE
    x, y = round((0.05, 0.45)[which] * side), round(0.10 * side)
    part = np.ascontiguousarray(face[y : round(0.62 * side), x : x + side // 2])
    found: list[Point] = []
    for name in _EYE_CASCADES:
        windows = _cascade(name).detectMultiScale(
            part, 1.1, 3, minSize=(side * 15 // 100,) * 2, maxSize=(side * 2 // 5,) * 2
        )
        found += [((x + u + w / 2) / side, (y + v + h / 2) / side) for u, v, w, h in np.asarray(windows).tolist()]
    return found


def _strangeness(eyes: Eyes) -> float:
    """How far a pair is from the usual one once both are turned level: squared, in parts of the face's box."""
    left, right = complex(*eyes[0]), complex(*eyes[1])
    usual_left, usual_right = complex(*_EYES_IN_BOX[0]), complex(*_EYES_IN_BOX[1])
    distance = abs(right - left) - abs(usual_right - usual_left)
    middle = abs((left + right) / 2 - (usual_left + usual_right) / 2)
    return distance**2 + middle**2


def _plausible(box: tuple[float, float, float, float], eyes: Eyes) -> bool:
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


# --- YuNet ------------------------------------------------------------------------------------------------------------


def _yunet(path: str | os.PathLike[str]) -> Any:
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise DetectorError(f"The YuNet file {os.fspath(path)!r} cannot be read: {error}.") from None
    # A model file is a program for OpenCV's parser: only the one known file is given to it.
    if hashlib.sha256(content).hexdigest() != YUNET_SHA256:
        raise DetectorError(
            f"{os.fspath(path)!r} is not face_detection_yunet_2023mar.onnx: its SHA-256 is not {YUNET_SHA256}."
        )
    if not hasattr(_of_this_thread, "yunet"):
        model = np.frombuffer(content, np.uint8)
        _of_this_thread.yunet = cv2.FaceDetectorYN.create("onnx", model, np.empty(0, np.uint8), (320, 320), 0.7, 0.3)
    return _of_this_thread.yunet


_YUNET_SHORTEST_SIDE = 16  # pixels


def _run_yunet(detector: Any, image: RGBImage) -> list[Detection]:
    if min(image.shape[:2]) < _YUNET_SHORTEST_SIDE:
        return []  # of strips thinner than any face it reports boxes of arbitrary size
    detector.setInputSize((image.shape[1], image.shape[0]))
    _, rows = detector.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    found = []
    for x, y, width, height, *marks, score in [] if rows is None else rows.astype(float).tolist():
        box = (x, y, x + width, y + height)
        if not all(math.isfinite(value) for value in (*box, *marks, score)):
            continue  # seen on black pictures of extreme shapes
        # Landmarks are pixel centres: half a pixel up and left of our coordinates.
        left, right = sorted([(marks[0] + 0.5, marks[1] + 0.5), (marks[2] + 0.5, marks[3] + 0.5)])
        found.append(Detection(box, min(score, 1.0), (left, right) if _plausible(box, (left, right)) else None))
    return found


def _with_refined_eyes(image: RGBImage, face: Detection) -> Detection:
    """The face with the eyes that the Haar cascades see once YuNet's are brought level; YuNet's own where none.

    YuNet's landmarks wander by up to 7 % of the face with the size of the copy, and lean back towards upright: of a
    face turned by 15 degrees they show some 8.
    """
    if face.eyes is None:
        return face
    x0, y0, x1, y1 = face.box
    reach = max(x1 - x0, y1 - y0)
    left, top = max(math.floor((x0 + x1) / 2 - reach), 0), max(math.floor((y0 + y1) / 2 - reach), 0)
    right, bottom = math.ceil((x0 + x1) / 2 + reach), math.ceil((y0 + y1) / 2 + reach)
    part, (scale_x, scale_y) = _shrink(image[top:bottom, left:right], 2 * _EYE_SEARCH_SIDE)
    from_part = np.array([[scale_x, 0, left], [0, scale_y, top]])
    eyes = _moved(face, cv2.invertAffineTransform(from_part)).eyes
    usual = [complex(*eye) * _EYE_SEARCH_SIDE for eye in _EYES_IN_BOX]
    seen = [complex(*eye) for eye in eyes or ()]
    turn = (usual[1] - usual[0]) / (seen[1] - seen[0])  # the similarity that brings both eyes to their usual places
    shift = usual[0] - turn * seen[0]
    level = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    found = _find_eyes(cv2.warpAffine(grey, level, (_EYE_SEARCH_SIDE,) * 2, borderMode=cv2.BORDER_REPLICATE))
    if found is None:
        return face
    back = _moved(replace(face, eyes=found), cv2.invertAffineTransform(level))
    return replace(face, eyes=_moved(back, from_part).eyes)
