"""Occlusion: what changes when a place is covered (Zeiler and Fergus 2014, section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fer_models.explanation.cover import covered
from fer_models.preprocessing import to_source

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

GRID = 16
#: Width of the patch as a share of the face's side, 8 of 48 pixels: an eye, or half a mouth.
PATCH = 1 / 6


def occlusion(
    classifier: Classifier,
    crop: np.ndarray,
    targets: Sequence[int],
    *,
    grid: int = GRID,
    patch: float = PATCH,
    fill: str = "mean",
) -> np.ndarray:
    """Logits before, less logits with a square patch over each place, (T, grid, grid).

    The patch is centred in turn on each cell of a grid over the face as the network gets it (see :mod:`cover`). One
    pass over the covered faces answers for every label.

    Args:
        grid: cells along each side, 1 up to the source side.
        patch: width of the patch, as a share of the face's side, above 0 up to 1.
        fill: what lies over the place, see FILLS.
    """
    source = to_source(crop, classifier.card.preprocessing.source_side)
    pictures = covered(source, patches(len(source), grid, patch), fill)
    logits = classifier.logits([source, *pictures])
    return (logits[0] - logits[1:])[:, list(targets)].T.reshape(-1, grid, grid)


def patches(side: int, grid: int = GRID, patch: float = PATCH) -> np.ndarray:
    """How much of each pixel a patch over each place covers, (grid * grid, side, side) float32, row by row, 0..1.

    ValueError for a grid of no cell or finer than the pixels, and a patch without width or wider than the face.
    """
    if not 1 <= grid <= side:
        raise ValueError(f"A grid has 1 to {side} cells along a side, not {grid}.")
    if not 0 < patch <= 1:
        raise ValueError(f"A patch is above 0 and up to 1 of the face's side wide, not {patch:g}.")
    centres = (np.arange(grid) + 0.5) * side / grid
    left, right = centres[:, None] - patch * side / 2, centres[:, None] + patch * side / 2
    pixels = np.arange(side)
    along = np.clip(np.minimum(right, pixels + 1) - np.maximum(left, pixels), 0, 1).astype(np.float32)
    return (along[:, None, :, None] * along[None, :, None, :]).reshape(-1, side, side)
