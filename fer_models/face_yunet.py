"""Faces by YuNet, from the file an operator provides."""

from __future__ import annotations

import hashlib
import math
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_models.face_cascades import EYE_SEARCH_SIDE, EYES_IN_BOX, find_eyes
from fer_models.face_detections import LONGEST_SIDE, Detection, DetectorError, drop_duplicates, moved, plausible, shrink
from fer_models.images import RGBImage

YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"  # face_detection_yunet_2023mar.onnx

_of_this_thread = threading.local()  # FaceDetectorYN keeps scratch space: each thread has its own


def find_with_yunet(image: RGBImage, path: str | os.PathLike[str]) -> list[Detection]:
    """Faces in an (H, W, 3) uint8 picture by YuNet (file at `path`); scores lie in 0.7..1.

    Raises:
        DetectorError: the file is missing, unreadable, or not `face_detection_yunet_2023mar.onnx`.
    """
    detector = _yunet(path)
    found: list[Detection] = []
    # YuNet knows faces of 10 to about 300 px: the small ones are found in the large copy, large ones in the small.
    for longest_side in (LONGEST_SIDE, 480) if max(image.shape[:2]) > 480 else (480,):
        small, (scale_x, scale_y) = shrink(image, longest_side)
        matrix = np.array([[scale_x, 0, 0], [0, scale_y, 0]])
        found += [moved(face, matrix) for face in _run_yunet(detector, small)]
    return [_with_refined_eyes(image, face) for face in drop_duplicates(found)]


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
        found.append(Detection(box, min(score, 1.0), (left, right) if plausible(box, (left, right)) else None))
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
    part, (scale_x, scale_y) = shrink(image[top:bottom, left:right], 2 * EYE_SEARCH_SIDE)
    from_part = np.array([[scale_x, 0, left], [0, scale_y, top]])
    eyes = moved(face, cv2.invertAffineTransform(from_part)).eyes
    usual = [complex(*eye) * EYE_SEARCH_SIDE for eye in EYES_IN_BOX]
    seen = [complex(*eye) for eye in eyes or ()]
    turn = (usual[1] - usual[0]) / (seen[1] - seen[0])  # the similarity that brings both eyes to their usual places
    shift = usual[0] - turn * seen[0]
    level = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    found = find_eyes(cv2.warpAffine(grey, level, (EYE_SEARCH_SIDE,) * 2, borderMode=cv2.BORDER_REPLICATE))
    if found is None:
        return face
    back = moved(replace(face, eyes=found), cv2.invertAffineTransform(level))
    return replace(face, eyes=moved(back, from_part).eyes)
