"""What was computed of faces, kept: of the gallery's for all visitors, of a visitor's own in their session alone.

Every page asks here. An answer is kept under all that decides it: the face, the file of the weights, and the question.
Both memories are bounded; what was used longest ago goes first.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from contextlib import nullcontext
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
import streamlit as st

import fer_models as fer
from fer_models.explanation.attribution import attribute_all, uses_layer
from webapp.components.face import ChosenFace
from webapp.networks import load_classifier, version
from webapp.precomputed import stored_occlusion

T = TypeVar("T")
SHARED_BYTES, OWN_BYTES = 64_000_000, 8_000_000
OCCLUSION = "occlusion"
OWN = "computed_of_own_pictures"  # in the session


class Memory:
    """Answers by what decides them. Of many threads that ask at once for the same, one computes and the others wait."""

    def __init__(self, most_bytes: int):
        self.most_bytes = most_bytes
        self._answers: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._using = threading.Lock()  # never held while anything is computed
        self._computing: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The answer that is kept, or what ``compute`` returns, kept from now on. What it raises is not kept."""
        with self._using:
            if key in self._answers:
                return self._use(key)
            mine = self._computing.setdefault(key, threading.Lock())
        with mine:
            try:
                with self._using:
                    if key in self._answers:
                        return self._use(key)
                answer = compute()
                with self._using:
                    self._answers[key] = answer, size(answer)
                    while self.bytes > self.most_bytes and len(self._answers) > 1:
                        self._answers.popitem(last=False)
                return answer
            finally:
                with self._using:
                    self._computing.pop(key, None)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._answers

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def bytes(self) -> int:
        """What the answers take."""
        return sum(taken for _, taken in self._answers.values())

    def _use(self, key: Hashable) -> Any:
        self._answers.move_to_end(key)
        return self._answers[key][0]


_shared = Memory(SHARED_BYTES)
# Fifty visitors at once would hold fifty computations' memory, and none would be done sooner.
_at_work = threading.BoundedSemaphore(os.cpu_count() or 1)


def remembered(
    face: ChosenFace,
    checkpoint: str,
    question: tuple[Hashable, ...],
    compute: Callable[[fer.Classifier], T],
    *,
    quick: bool = False,
) -> T:
    """What ``compute`` finds of the face with the checkpoint's classifier; computed once for each ``question``.

    Faces of equal key must be equal, as must be the answers to equal questions. Nobody changes an answer: it may be
    another visitor's as well. As many are computed at a time as there are cores, so ``compute`` must not ask here
    itself; what is ``quick``, a face's first answer, does not wait for these.

    Raises CheckpointError or UnknownNetworkError, and what ``compute`` raises.
    """

    def work() -> T:
        with nullcontext() if quick else _at_work:
            return compute(load_classifier(checkpoint))

    return _memory(face).get(_key(face, checkpoint, question), work)


def is_remembered(face: ChosenFace, checkpoint: str, question: tuple[Hashable, ...]) -> bool:
    """Whether remembered answers at once. Raises CheckpointError."""
    return _key(face, checkpoint, question) in _memory(face)


def attribution(face: ChosenFace, checkpoint: str, method: str, layer: str | None, target: int) -> np.ndarray:
    """A method's map (h, w) of a label's logit, see fer.attribute: every label's is kept where all cost what one does.

    ``layer``: None for the last map, and for methods on pixels. What covering changes on the gallery's faces is stored
    for the bundled checkpoints. Raises ValueError besides what remembered raises.
    """
    if (stored := _stored(face, checkpoint, method)) is not None:
        return stored[target]
    question = _question(method, layer, target)
    if len(question) == 3:
        return remembered(face, checkpoint, question, lambda clf: attribute_all(clf, face.crop, method, layer))[target]
    return remembered(
        face, checkpoint, question, lambda clf: fer.attribute(clf, face.crop, method, target, layer).values
    )


def is_attributed(face: ChosenFace, checkpoint: str, method: str, layer: str | None, target: int) -> bool:
    """Whether attribution answers at once."""
    return _stored(face, checkpoint, method) is not None or is_remembered(
        face, checkpoint, _question(method, layer, target)
    )


def _stored(face: ChosenFace, checkpoint: str, method: str) -> np.ndarray | None:
    """Every label's map (K, h, w), where no network is needed for it."""
    return stored_occlusion(checkpoint, face.crop) if method == OCCLUSION and face.sample else None


def _question(method: str, layer: str | None, target: int) -> tuple[Hashable, ...]:
    """Of every label's map where all cost what one does: of CAMs at the last map, and of occlusion."""
    all_at_once = method == OCCLUSION or (layer is None and uses_layer(method))
    return ("attribute", method, layer) if all_at_once else ("attribute", method, layer, target)


def forget_own() -> None:
    """A visitor's picture is gone, and so is what was computed of it."""
    st.session_state.pop(OWN, None)


def _memory(face: ChosenFace) -> Memory:
    return _shared if face.sample else st.session_state.setdefault(OWN, Memory(OWN_BYTES))


def _key(face: ChosenFace, checkpoint: str, question: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    return face.key, checkpoint, version(checkpoint), question


def size(answer: Any) -> int:
    """About how many bytes an answer takes: its arrays, however they are held."""
    if isinstance(answer, np.ndarray):
        return answer.nbytes
    if isinstance(answer, Mapping):
        return sum(map(size, answer.values()))
    if isinstance(answer, list | tuple):
        return sum(map(size, answer))
    if is_dataclass(answer):
        return sum(size(getattr(answer, each.name)) for each in fields(answer))
    return 64
