"""A very small network that has to agree to every face that the cascades find.

It sees grey pictures and knows FER2013's frame (:mod:`fer_models.face_frame`): what fills it upright is a face.
`benchmarks/train_verifier.py` trains it; the weights are in `face_verifier.safetensors` beside this file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from safetensors.numpy import load_file

from fer_models.face_detections import Grey
from fer_models.face_frame import cut_square

WEIGHTS = Path(__file__).with_suffix(".safetensors")
VIEW = 24  # pixels of a view's side
# Four 3 x 3 convolutions with a ReLU each and a last sum. So small a network needs no PyTorch, nor its threads.
LAYERS = ((0, 2, 1), (2, 2, 1), (4, 2, 1), (6, 1, 0))  # name, stride, zeros around


def framed(grey: Grey, corner: complex, edge: complex) -> Grey:
    """(VIEW, VIEW): what the verifier sees of a frame."""
    cut = cut_square(grey, corner, edge)
    shrinks = cut.shape[0] > VIEW
    return cv2.resize(cut, (VIEW, VIEW), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def verify(views: list[Grey]) -> NDArray[np.float32]:
    """For each of `framed`'s views the logit that it is an upright face: (N,)."""
    if not views:
        return np.empty(0, np.float32)
    weights = _weights()
    seen = np.stack(views)[:, None].astype(np.float32) / 255  # (N, C, h, w)
    for layer, stride, edge in LAYERS:
        seen = np.pad(seen, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
        windows = sliding_window_view(seen, (3, 3), (2, 3))[:, :, ::stride, ::stride]
        sums = np.tensordot(windows, weights[f"{layer}.weight"], ((1, 4, 5), (1, 2, 3))) + weights[f"{layer}.bias"]
        seen = np.maximum(sums, 0).transpose(0, 3, 1, 2)
    logits = seen.reshape(len(views), -1) @ weights["9.weight"].T + weights["9.bias"]
    return np.asarray(logits[:, 0], np.float32)


@cache
def _weights() -> dict[str, NDArray[np.float32]]:
    return {name: values.astype(np.float32) for name, values in load_file(WEIGHTS).items()}
