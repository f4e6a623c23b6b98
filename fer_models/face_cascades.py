"""Faces by OpenCV's bundled Haar cascades; where no sure one is seen, on equalised, turned and finer copies too."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_models.face_detections import (
    LONGEST_SIDE,
    Detection,
    DetectorError,
    Eyes,
    Grey,
    Point,
    drop_duplicates,
    moved,
    plausible,
    shrink,
)
from fer_models.face_frame import frame_of_haar
from fer_models.face_verifier import framed, verify
from fer_models.face_windows import SMALLEST_FACE, Window, close_windows, coarse_windows
from fer_models.images import RGBImage

_DULL = 64  # grey levels between a picture's darkest and brightest hundredth
_PORTRAIT = 1 / 8  # of a picture's shorter side: a face so large and alone is taken at a coarse look
_FACE = "haarcascade_frontalface_alt2.xml"

_of_this_thread = threading.local()  # CascadeClassifier keeps scratch space: each thread has its own


def find_with_haar(image: RGBImage) -> list[Detection]:
    """Faces in an (H, W, 3) uint8 picture by `haarcascade_frontalface_alt2`; scores are its last stage's vote, > 0.

    Faces from about 40 px (of a shrunk copy, where the picture's longer side is above 1600 px), leaning by up to some
    20 degrees; a small network has to agree to each. One that is very sure, an eighth of the picture or more and alone
    at a coarse look is the answer. Where a close search sees none that is very sure, four more follow until one has a
    surer face: an equalised copy, leaning copies, quarter turns, and the picture at full resolution. Each costs time
    and brings chances of a false alarm, so that only faces that show both eyes and are sure count there.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small, scales = _copy(grey, LONGEST_SIDE)
    if portrait := _search_portrait(small):
        return _moved_up(portrait, scales)
    upright = _moved_up(_search_upright(small), scales)
    if any(map(_is_very_sure, upright)):
        return drop_duplicates(_without_specks(upright))
    surest = max((face.score for face in upright if face.eyes), default=0.0)
    for search in (_search_equalised, _search_leaning, _search_quarter_turns, _search_at_full_resolution):
        found = [face for face in search(grey) if _is_sure(face)]
        if found and max(face.score for face in found) > surest + 1:
            return drop_duplicates(found)
    return drop_duplicates(upright)


def _without_specks(faces: list[Detection]) -> list[Detection]:
    """Without what is less than half as wide as a sure face, shows no eyes and has no very sure vote: folds, badges."""
    widest = max(face.box[2] - face.box[0] for face in faces if _is_sure(face))
    return [
        face for face in faces if face.eyes or face.score >= _SURE_VOTE + 1 or face.box[2] - face.box[0] >= 0.5 * widest
    ]


def _is_sure(face: Detection) -> bool:
    return face.eyes is not None and face.score >= _SURE_VOTE


def _is_very_sure(face: Detection) -> bool:
    return _is_sure(face) and (face.score >= _SURE_VOTE + 1 or face.likeness >= _VERY_LIKE)


def _search_portrait(grey: Grey) -> list[Detection]:
    """A face that is very sure, large and alone at a coarse look, which costs a third of a close one; else none."""
    windows = coarse_windows(_cascade(_FACE), grey)
    if len(windows) != 1 or windows[0].box[2] < min(grey.shape) * _PORTRAIT:
        return []
    return list(filter(_is_very_sure, _faces(grey, windows)))


def _search_copy(grey: Grey, longest_side: int, degrees: float = 0.0, equalised: bool = False) -> list[Detection]:
    """Faces of a shrunk copy turned by `degrees`, in the picture's coordinates."""
    small, scales = _copy(grey, longest_side, equalised)
    found = _search_turned(small, degrees) if degrees else _search_upright(small)
    return _moved_up(found, scales)


def _copy(grey: Grey, longest_side: int, equalised: bool = False) -> tuple[Grey, tuple[float, float]]:
    small, scales = shrink(grey, longest_side)
    return cv2.equalizeHist(small) if equalised else _stretched(small), scales


def _moved_up(faces: list[Detection], scales: tuple[float, float]) -> list[Detection]:
    """From a shrunk copy to the picture."""
    return [moved(face, np.array([[scales[0], 0, 0], [0, scales[1], 0]])) for face in faces]


def _stretched(grey: Grey) -> Grey:
    """A dark or dull picture brought to the full range; any other as it is. The cascade passes over flat windows."""
    low, high = np.percentile(grey[::4, ::4], (1, 99))
    if not 8 <= high - low < _DULL:
        return grey
    levels = (np.arange(256) - low) * (255 / (high - low))
    return cv2.LUT(grey, levels.clip(0, 255).astype(np.uint8))


def _search_equalised(grey: Grey) -> list[Detection]:
    return _search_copy(grey, LONGEST_SIDE, equalised=True)


def _search_leaning(grey: Grey) -> list[Detection]:
    return [face for degrees in (-25.0, 25.0) for face in _search_copy(grey, LONGEST_SIDE // 2, degrees)]


def _search_quarter_turns(grey: Grey) -> list[Detection]:
    """Of the three quarter turns the one with the surest face: a picture is turned as a whole."""
    turns = [_search_copy(grey, LONGEST_SIDE // 2, degrees) for degrees in (90.0, 180.0, 270.0)]
    return max(turns, key=lambda found: max((face.score for face in found if _is_sure(face)), default=0.0))


def _search_at_full_resolution(grey: Grey) -> list[Detection]:
    """Faces too small for the shrunk copy, in overlapping tiles: time grows with the picture, memory does not."""
    height, width = grey.shape
    if max(height, width) <= LONGEST_SIDE:
        return []
    largest = math.ceil(1.5 * SMALLEST_FACE * max(height, width) / LONGEST_SIDE)
    step = max(LONGEST_SIDE - largest, LONGEST_SIDE // 4)
    found = []
    for top in range(0, max(height - largest, 1), step):
        for left in range(0, max(width - largest, 1), step):
            tile = np.ascontiguousarray(grey[top : top + step + largest, left : left + step + largest])
            shift = np.array([[1.0, 0, left], [0, 1.0, top]])
            found += [moved(face, shift) for face in _search_upright(tile, largest)]
    return found


# Medians over 436 FER2013 faces, as parts of the cascade's box: (x, y) of the eye on the picture's left and right.
EYES_IN_BOX = ((0.310, 0.389), (0.683, 0.388))
# Of 35 false alarms in photographs without faces 1 showed a pair of eyes and 2 had such a vote; of 639 FER2013 faces
# pasted into them 87 % showed eyes, 91 % had such a vote, and 96 % either.
_SURE_VOTE = 55.5
# The verifier's logit, of the frames by eyes and by box together. Of 226 FER2013 faces in drawn scenes that the cascade
# found all had more than 0.2 and 90 % more than 2.8; of 20 alarms in drawn pictures without a face 5 had more than 0.2
# and 1 more than 1.
_LIKE, _VERY_LIKE = 0.0, 3.0
_EYE_CASCADES = ("haarcascade_eye_tree_eyeglasses.xml", "haarcascade_eye.xml")
EYE_SEARCH_SIDE = 200  # every face is brought to this size, so that the eye windows are always of the same size


def _cascade(name: str) -> Any:
    cascades = _of_this_thread.__dict__.setdefault("cascades", {})
    if name not in cascades:
        path = Path(cv2.__file__).parent / "data" / name
        cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
        if cascade is None or cascade.empty():
            raise DetectorError(f"OpenCV has no {name}. Install opencv-python-headless>=4.12,<5.")
        cascades[name] = cascade
    return cascades[name]


def _search_upright(grey: Grey, largest: int = 0) -> list[Detection]:
    """Verified faces of at most `largest` pixels (0: of any size) that show both eyes or have a sure vote."""
    return _faces(grey, close_windows(_cascade(_FACE), grey, largest=largest))


def _faces(grey: Grey, windows: list[Window]) -> list[Detection]:
    faces = []
    for (x, y, width, height), vote in windows:
        eyes = find_eyes(grey[y : y + height, x : x + width])
        if eyes:
            eyes = ((eyes[0][0] + x, eyes[0][1] + y), (eyes[1][0] + x, eyes[1][1] + y))
        if eyes or vote >= _SURE_VOTE:
            faces.append(Detection((x, y, x + width, y + height), vote, eyes))
    return _verified(grey, faces)


def _verified(grey: Grey, faces: list[Detection]) -> list[Detection]:
    """Those in which the verifier sees a face, in the frame of the eyes and in that of the box together."""
    by_eyes = [framed(grey, *frame_of_haar(face)) for face in faces]
    by_box = [framed(grey, *frame_of_haar(replace(face, eyes=None))) for face in faces]
    likeness = verify(by_eyes + by_box).reshape(2, -1).mean(0).tolist()
    return [replace(face, likeness=like) for face, like in zip(faces, likeness, strict=True) if like >= _LIKE]


def _search_turned(grey: Grey, degrees: float) -> list[Detection]:
    """Faces of a copy turned about its centre, brought back to the picture's coordinates."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    spanned = np.abs(turn[:, :2]) @ (width, height)  # the turned picture's width and height
    turn[:, 2] += (spanned - (width, height)) / 2
    size = (math.ceil(spanned[0]), math.ceil(spanned[1]))
    turned = cv2.warpAffine(grey, turn, size, borderMode=cv2.BORDER_REPLICATE)
    back = cv2.invertAffineTransform(turn)
    return [moved(face, back) for face in _search_upright(turned)]


def find_eyes(face: Grey) -> Eyes | None:
    """Eye centres in a square grey face, in its own pixels; None unless a plausible pair is seen."""
    side = face.shape[0]
    scaled = cv2.resize(face, (EYE_SEARCH_SIDE, EYE_SEARCH_SIDE), interpolation=cv2.INTER_LINEAR)
    box = (0.0, 0.0, 1.0, 1.0)
    both = product(_eye_candidates(scaled, 0), _eye_candidates(scaled, 1))
    pairs = [pair for pair in both if plausible(box, pair)]
    if not pairs:
        return None
    left, right = min(pairs, key=_strangeness)
    return (left[0] * side, left[1] * side), (right[0] * side, right[1] * side)


def _eye_candidates(face: Grey, which: int) -> list[Point]:
    """Centres, as parts of the side, of what may be the eye on the picture's left (0) or right (1)."""
    side = EYE_SEARCH_SIDE
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
    usual_left, usual_right = complex(*EYES_IN_BOX[0]), complex(*EYES_IN_BOX[1])
    distance = abs(right - left) - abs(usual_right - usual_left)
    middle = abs((left + right) / 2 - (usual_left + usual_right) / 2)
    return distance**2 + middle**2
