"""From a face crop to what a network gets. Training and serving call the same two functions.

A network trained on FER2013 has seen grey faces of 48 pixels, enlarged. A sharp colour photo would be another
distribution, so every crop is first brought to that: luminance, area-resize to the source side, then enlarge.
PyTorch is loaded when tensors are asked for: the page draws the source before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fer_models.card import Preprocessing

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def to_source(crop: np.ndarray, side: int) -> np.ndarray:
    """Luminance of one crop at the source side.

    Args:
        crop: (H, W, 3) RGB or (H, W) grey, uint8; a crop that is not square is squeezed.
        side: S, in pixels.

    Returns: (S, S) uint8. Raises ValueError for another shape or type, or an empty crop.
    """
    if not isinstance(crop, np.ndarray) or crop.dtype != np.uint8:
        raise ValueError("A crop is a uint8 array; open_image and detect_faces return such arrays.")
    if crop.ndim not in (2, 3) or crop.shape[2:] not in ((), (3,)) or 0 in crop.shape:
        raise ValueError(f"A crop has the shape (height, width, 3), not {crop.shape}.")
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) if crop.ndim == 3 else crop
    if grey.shape == (side, side):
        return grey
    shrinks = min(grey.shape) >= side
    return cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def to_input(
    faces: Tensor, preprocessing: Preprocessing, side: int | None = None, dtype: torch.dtype | None = None
) -> Tensor:
    """Bring grey faces to the input side, give them three equal channels and normalise.

    Faces larger than the input side, as a first stage of growing sides may have them, are shrunk with antialiasing.

    Args:
        faces: (N, s, s), float in 0..1 or uint8.
        side: the input side S if it is not the card's (training at growing sides).
        dtype: what all is computed in, float32 unless given.

    Returns: (N, 3, S, S) in channels-last memory format, on the faces' device.
    """
    import torch
    from torch.nn import functional as F

    side = side or preprocessing.input_side
    grey = faces.unsqueeze(1).to(dtype or torch.float32)
    if faces.dtype == torch.uint8:
        grey = grey / 255
    if grey.shape[-1] != side:
        shrinks = grey.shape[-1] > side
        grey = F.interpolate(grey, size=(side, side), mode="bilinear", align_corners=False, antialias=shrinks)
    grey = (grey - preprocessing.mean) / preprocessing.std
    return grey.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def preprocess(crops: Sequence[np.ndarray], preprocessing: Preprocessing) -> Tensor:
    """Crops, each (H, W, 3) uint8 RGB, to a network's input (N, 3, S, S) float32."""
    import torch

    return to_input(torch.from_numpy(to_sources(crops, preprocessing.source_side)), preprocessing)


def to_sources(crops: Sequence[np.ndarray], side: int) -> np.ndarray:
    """:func:`to_source` of several crops, (N, S, S) uint8. ValueError for none."""
    if isinstance(crops, np.ndarray) and crops.ndim < 4:
        raise ValueError("Give a list of crops: predict([crop]), not predict(crop).")
    if len(crops) == 0:
        raise ValueError("There is no crop to look at: the list is empty.")
    return np.stack([to_source(crop, side) for crop in crops])
