"""What a network saw in a face: computed, or stored while the network is still being loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

import fer_models as fer
from fer_models.faces import DetectorError
from webapp import warm_up
from webapp.components.face import ChosenFace
from webapp.components.waiting import wait_until
from webapp.figures.gate_groups import GateGroup, group_gates
from webapp.maps import remembered
from webapp.networks import is_loaded, load_classifier
from webapp.precomputed import stored_answer

# What may be wrong with a visitor's picture or with a checkpoint; every message is a sentence for a person.
EXPECTED_ERRORS = (fer.ImageError, fer.CheckpointError, fer.UnknownNetworkError, DetectorError)
LOADING = "This network is being loaded"


@dataclass(frozen=True, eq=False)
class Answer:
    """An explanation, and its gates as the page shows them."""

    seen: fer.Explanation
    groups: list[GateGroup]


def explanation_for(checkpoint: str, face: ChosenFace, target: str | None) -> Answer | None:
    """What the checkpoint saw in the face, explained for a label or, where ``target`` is None, for the predicted one.

    None while the server is still loading the network and has no stored answer; see :func:`wait_for`. Looks once at
    each face with each network: moving a slider or asking for another label computes nothing again. Raises
    CheckpointError or UnknownNetworkError.
    """
    answer = _answer(checkpoint, face)
    if answer is None or target is None:
        return answer
    return replace(answer, seen=replace(answer.seen, target=answer.seen.labels.index(target)))


def wait_for(checkpoint: str) -> None:
    """Run the page again as soon as the network is in memory."""
    wait_until(lambda: is_loaded(checkpoint) or not warm_up.pending())


def _answer(checkpoint: str, face: ChosenFace) -> Answer | None:
    if not is_loaded(checkpoint) and warm_up.pending():
        stored = stored_answer(checkpoint, face.sample) if face.sample and not face.altered else None
        return Answer(*stored) if stored else None
    if is_loaded(checkpoint):
        load_classifier(checkpoint)  # used, also where what it saw is known: it stays in memory
    else:
        with st.spinner(LOADING):
            load_classifier(checkpoint)
    return remembered(face, checkpoint, ("explain",), lambda classifier: _look(classifier, face.crop), quick=True)


def _look(classifier: fer.Classifier, crop: np.ndarray) -> Answer:
    seen = fer.explain(classifier, crop)
    return Answer(seen, group_gates(classifier.network, seen.gates))
