"""Brows, eyes, nose, mouth and cheeks in the aligned frame.

The frame is that of :mod:`fer_models.faces`, which is FER2013's. The regions are ellipses laid over its mean faces:
every face gets the same ones, so on one face they are approximate, and a head that is turned or a mouth wide open may
leave its region.
"""

from functools import lru_cache
from types import MappingProxyType

import numpy as np

#: Ellipses of each region in parts of the face's side: centre x, centre y, half width, half height. Where two overlap
#: the place belongs to the first.
_ELLIPSES = {
    "eyes": ((0.295, 0.375, 0.145, 0.085), (0.695, 0.375, 0.145, 0.085)),
    "brows": ((0.285, 0.25, 0.18, 0.095), (0.705, 0.25, 0.18, 0.095)),
    "mouth": ((0.495, 0.775, 0.26, 0.125),),
    "nose": ((0.495, 0.53, 0.13, 0.16),),
    "cheeks": ((0.22, 0.60, 0.16, 0.18), (0.77, 0.60, 0.16, 0.18)),
}
#: All of them; the rest is what is left: forehead, chin, hair, background.
REGIONS = ("brows", "eyes", "nose", "mouth", "cheeks", "rest")
_SAMPLES = 240  # pixels of the face's side, or more, on which the share of a region in a map's cells is counted


def face_regions(side: int) -> dict[str, np.ndarray]:
    """Which pixels of an aligned face belong to which region: approximate, the same for every face.

    Args:
        side: S of the face, in pixels.

    Returns: a (S, S) mask of bool for each of brows, eyes, nose, mouth, cheeks and rest; each pixel is in one of them.
        Of a side below 12 some may be empty. Raises ValueError for a side below 1.
    """
    if side < 1:
        raise ValueError(f"A face has a side of one pixel or more, not {side}.")
    centres = (np.arange(side) + 0.5) / side
    x, y = centres[None], centres[:, None]
    masks, free = {}, np.ones((side, side), bool)
    for name, ellipses in _ELLIPSES.items():
        inside = [((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1 for cx, cy, rx, ry in ellipses]
        masks[name] = np.logical_or.reduce(inside) & free
        free &= ~masks[name]
    return {name: masks.get(name, free) for name in REGIONS}


@lru_cache
def region_weights(height: int, width: int) -> MappingProxyType[str, np.ndarray]:
    """What share of each cell of a map (h, w) lies in each region, (h, w) float 0..1; they sum to 1 in every cell.

    Maps are coarse, 4 x 4 for some: a cell may lie in several regions. Not to be written to: it is kept.
    """
    cells = {}
    finer = max(8, -(-_SAMPLES // max(height, width)))
    for name, mask in face_regions(finer * max(height, width)).items():
        rows = np.add.reduceat(mask, np.arange(height) * len(mask) // height, axis=0, dtype=float)
        cells[name] = np.add.reduceat(rows, np.arange(width) * len(mask) // width, axis=1)
    total = sum(cells.values())
    return MappingProxyType({name: each / total for name, each in cells.items()})
