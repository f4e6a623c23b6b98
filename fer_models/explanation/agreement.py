"""Do maps mark the same places? Rank correlation of maps of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import cv2
import numpy as np

from fer_models.explanation.attribution import Attribution
from fer_models.explanation.gates import GateMap, position_map

#: Cells a side on which maps are compared: occlusion's own. A fixed one, so that what two maps have in common does not
#: depend on which others they are shown with.
GRID = 16


#: A map (h, w), or what has one: an Attribution, or a gate with places, as ``position_map`` draws it.
AnyMap: TypeAlias = np.ndarray | Attribution | GateMap


def agreement(maps: Mapping[str, AnyMap] | Sequence[AnyMap], grid: int = GRID) -> np.ndarray:
    """Spearman's rank correlation of every two maps, places by places: 1 same order, 0 no relation, -1 reversed.

    Maps are brought to one grid first, see :func:`to_grid`; tied places share their mean rank.

    Args:
        maps: n maps of one face (or of two faces in one frame), by name or one after the other.
        grid: cells a side.

    Returns: (n, n) float64, symmetric, 1 on the diagonal; nan where one of the two has the same value everywhere.
        Raises ValueError for what is no map.
    """
    ranked = [ranks(to_grid(map_values(each), grid)).ravel() for each in named_maps(maps).values()]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.atleast_2d(np.corrcoef(ranked))
    np.fill_diagonal(found, 1)
    return found


def named_maps(maps: Mapping[str, AnyMap] | Sequence[AnyMap]) -> dict[str, AnyMap]:
    """Maps by name: their own names, or for a sequence '1', '2' and so on."""
    return dict(maps) if isinstance(maps, Mapping) else {str(place): each for place, each in enumerate(maps, 1)}


def map_values(given: AnyMap) -> np.ndarray:
    """The values (h, w) of a map. ValueError for a gate without places."""
    if isinstance(given, GateMap):
        return position_map(given)
    return given.values if isinstance(given, Attribution) else np.asarray(given)


def to_grid(values: np.ndarray, grid: int) -> np.ndarray:
    """A map (h, w) at (grid, grid), float64: a finer one is averaged by area, a coarser one enlarged bilinearly.

    Raises ValueError for another shape or values that are not finite.
    """
    if values.ndim != 2 or 0 in values.shape or not np.isfinite(values).all():
        raise ValueError("A map has the shape (height, width), and every value of it is finite.")
    if values.shape == (grid, grid):
        return values.astype(np.float64)
    shrinks = min(values.shape) >= grid
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(values.astype(np.float64), (grid, grid), interpolation=how)


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, of the same shape; ties share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[place].reshape(values.shape)
