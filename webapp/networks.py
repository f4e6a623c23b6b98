"""The networks in memory: each is loaded once and shared by all visitors."""

from __future__ import annotations

import threading

import fer_models as fer
from fer_models.checkpoints import find_checkpoint

MOST = 12  # of a few megabytes each; the one that was loaded first goes first

_kept: dict[tuple[str, int], fer.Classifier] = {}
_loading = threading.Lock()


def version(checkpoint: str) -> int:
    """The time of its weights' file: another one when the weights are others. Raises CheckpointError."""
    return find_checkpoint(checkpoint).stat().st_mtime_ns


def is_loaded(checkpoint: str) -> bool:
    """Whether load_classifier answers at once. Raises CheckpointError."""
    return (checkpoint, version(checkpoint)) in _kept


def load_classifier(checkpoint: str) -> fer.Classifier:
    """The checkpoint's classifier. Of many who ask at once for a new one, one loads it and the others wait.

    Raises CheckpointError or UnknownNetworkError.
    """
    key = checkpoint, version(checkpoint)
    if classifier := _kept.get(key):
        return classifier
    with _loading:
        if key not in _kept:
            _kept[key] = fer.load_classifier(checkpoint)
            while len(_kept) > MOST:
                del _kept[next(iter(_kept))]
        return _kept[key]
