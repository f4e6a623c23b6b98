"""The networks in memory: each is loaded once and shared by all visitors."""

from __future__ import annotations

import threading
from collections import OrderedDict

import fer_models as fer
from fer_models.checkpoints import find_checkpoint

MOST = 12  # of a few megabytes each; the one that was used longest ago goes first

_kept: OrderedDict[tuple[str, int], fer.Classifier] = OrderedDict()
_loading = threading.Lock()
_using = threading.Lock()  # never held while a network is loaded: nobody waits for another's


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
    if classifier := _use(key):
        return classifier
    with _loading:
        if classifier := _use(key):
            return classifier
        classifier = fer.load_classifier(checkpoint)
        with _using:
            _kept[key] = classifier
            while len(_kept) > MOST:
                _kept.popitem(last=False)
        return classifier


def _use(key: tuple[str, int]) -> fer.Classifier | None:
    """The network, if it is there: from now on the one that was used last."""
    with _using:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)
