"""A live check of one map: does it mark what the network uses, and does it say anything about this very face?

The place that the map marks most is covered, and equal patches elsewhere; what each does to the target's logit is
compared. A few dozen faces go through the network. :mod:`faithfulness` asks the same of the whole map, and at length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from fer_models.explanation.agreement import agreement
from fer_models.explanation.cover import covered
from fer_models.face_parts import region_weights
from fer_models.preprocessing import to_source

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

PATCH = 1 / 4  # width of the patch as a share of the face's side: a cell of a 4 x 4 map
GRID = 5  # places along each side where an equal patch is laid
#: A map holds when its strongest place does this share of what the most important place does.
HOLDS = 0.5
#: From this rank correlation with the mean map of other faces on, a map is nearly the same for every face.
ALIKE = 0.8
_WHERE = {
    "brows": "the brows",
    "eyes": "the eyes",
    "nose": "the nose",
    "mouth": "the mouth",
    "cheeks": "the cheeks",
    "rest": "forehead, chin, hair or background",
}
_UNCHANGED = 0.005  # of a logit: less is 0.00 in words
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Check:
    """What covering says of one map of one face.

    Attributes:
        colour: 'green', the map's strongest place is one that matters; 'red', it matters no more than any; 'amber',
            something between, or a map that is nearly the same for every face.
        sentence: the same in plain words, with the numbers.
        strongest: what the target's logit loses when the place that the map marks most is covered; negative: it gains.
            NaN where the map marks none.
        elsewhere: the same for an equal patch, mean over all places.
        most: the same where it is largest.
        alike: rank correlation with the mean map of other faces, -1..1; None where none was given or one is flat.
        strongest_box, most_box: these places, (x0, y0, x1, y1) in parts of the face's side; the first is None where the
            map marks none.
    """

    colour: Literal["green", "amber", "red"]
    sentence: str
    strongest: float
    elsewhere: float
    most: float
    alike: float | None
    strongest_box: Box | None
    most_box: Box


def check(
    classifier: Classifier,
    crop: np.ndarray,
    values: np.ndarray,
    target: str | int | None = None,
    mean_map: np.ndarray | None = None,
    grid: int = GRID,
    fill: str = "mean",
) -> Check:
    """Check a map of one face by covering.

    Args:
        classifier: from load_classifier.
        crop: (H, W, 3) uint8 RGB, one face.
        values: (h, w), the map, positive where it says that a place raises the target's logit.
        target: label name or index that the map explains; the predicted one unless given.
        mean_map: the network's mean map of other faces, by the same method at the same layer; see ``read_averages``.
        grid: places along each side where an equal patch is laid.
        fill: what is laid there, see :func:`cover`.

    Raises ValueError for an unknown target or fill, or arrays that are no crop or no map.
    """
    index = None if target is None else classifier.target_index(target)
    source = to_source(crop, classifier.card.preprocessing.source_side)
    side = len(source)
    patch = round(PATCH * side)
    steps = np.linspace(0, side - patch, grid).round().astype(int)
    corners = [(int(x), int(y)) for y in steps for x in steps]
    marked = _strongest(values, side, patch)
    masks = np.zeros((len(corners) + 1, side, side), bool)
    for mask, (x, y) in zip(masks, [*corners, marked or (0, 0)], strict=True):
        mask[y : y + patch, x : x + patch] = True
    logits = classifier.logits([source, *covered(source, masks, fill)])
    explained = int(logits[0].argmax()) if index is None else index
    *drops, strongest = (logits[0, explained] - logits[1:, explained]).tolist()
    most = int(np.argmax(drops))
    alike = None
    if mean_map is not None:
        found = float(agreement({"this": values, "mean": mean_map})[0, 1])
        alike = None if np.isnan(found) else found
    # The strongest place may matter more than any on the grid.
    best, box = max((drops[most], corners[most]), (strongest, marked)) if marked else (drops[most], corners[most])
    numbers = (strongest if marked else float("nan"), float(np.mean(drops)), best)
    colour = _colour(*numbers, alike)
    strongest_box = _box(marked, patch, side) if marked else None
    most_box = _box(box, patch, side)
    sentence = _sentence(colour, *numbers, alike, classifier.labels[explained], strongest_box, most_box)
    return Check(colour, sentence, *numbers, alike, strongest_box, most_box)


def _strongest(values: np.ndarray, side: int, patch: int) -> tuple[int, int] | None:
    """Left upper corner (x, y) of the patch under which a map's mean is largest; None where no place is positive."""
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError("A map has the shape (height, width), and every value of it is finite.")
    if values.max() <= 0:
        return None
    places = cv2.resize(values.astype(np.float64), (side, side), interpolation=cv2.INTER_NEAREST)
    sums = cv2.integral(places)
    under = sums[patch:, patch:] - sums[:-patch, patch:] - sums[patch:, :-patch] + sums[:-patch, :-patch]
    y, x = np.unravel_index(np.argmax(under), under.shape)
    return int(x), int(y)


def _colour(strongest: float, elsewhere: float, most: float, alike: float | None) -> Literal["green", "amber", "red"]:
    if np.isnan(strongest) or most <= 0:
        return "amber"
    if strongest <= max(elsewhere, 0):
        return "red"
    return "green" if strongest >= HOLDS * most and (alike is None or alike < ALIKE) else "amber"


def _sentence(
    colour: str,
    strongest: float,
    elsewhere: float,
    most: float,
    alike: float | None,
    label: str,
    strongest_box: Box | None,
    most_box: Box,
) -> str:
    score = f"the score of {label}"
    if strongest_box is None:
        found = f"This map marks no place that speaks for {label}, so covering cannot check it."
    elif most <= 0:
        found = f"Covering no place lowers {score}, so covering cannot check this map."
    else:
        verdict = {"green": "This map holds.", "red": "This map misleads.", "amber": "Take this map with care."}[colour]
        found = f"{verdict} Covering the place it marks most ({part_at(strongest_box)}) {_change(strongest, score)}"
        if strongest_box == most_box:
            found += f", more than an equal patch anywhere else; on average that {_change(elsewhere)}."
        else:
            largest = f"by {most:.2f}" if elsewhere >= _UNCHANGED else _change(most)
            where = f"where it matters most ({part_at(most_box)})"
            found += f"; an equal patch {_change(elsewhere)} on average, and {largest} {where}."
    if alike is None:
        return found
    if alike >= ALIKE:
        told = f"nearly the same for every face (likeness {alike:.2f} of 1), so it says little about this one"
        return f"{found} It is {told}."
    likeness = f"{alike:.2f}".replace("-", "\N{MINUS SIGN}")
    return f"{found} Its likeness to the network's mean map of other faces is {likeness} of 1."


def _change(drop: float, what: str = "it") -> str:
    """'lowers it by 0.90', of what the logit loses."""
    if abs(drop) < _UNCHANGED:
        return f"does not change {what}"
    return f"{'lowers' if drop > 0 else 'raises'} {what} by {abs(drop):.2f}"


def part_at(box: Box) -> str:
    """In words, the part of an aligned face that most of a box (x0, y0, x1, y1), in parts of its side, lies on."""
    x0, y0, x1, y1 = (round(48 * edge) for edge in box)
    areas = {name: weights[y0:y1, x0:x1].sum() for name, weights in region_weights(48, 48).items()}
    return _WHERE[max(areas, key=areas.__getitem__)]


def _box(corner: tuple[int, int], patch: int, side: int) -> Box:
    x, y = corner
    return x / side, y / side, (x + patch) / side, (y + patch) / side
