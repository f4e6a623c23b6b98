"""What is seen in the gallery is seen once for all visitors; what is seen in a visitor's picture is that visitor's."""

from pathlib import Path

import numpy as np
import pytest
import streamlit as st

import fer_models as fer
from tests.webapp.conftest import save
from webapp.components import explaining
from webapp.components.face import ChosenFace
from webapp.components.gallery import read_gallery
from webapp.components.samples import sample_crop

NAME = "mobilenetv3_small.ferplus"
SAMPLE = read_gallery()["fear"][0]


@pytest.fixture
def looks(tmp_path: Path, only_checkpoints, monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """The crops that a network has looked at."""
    only_checkpoints(tmp_path)
    save(tmp_path, "mobilenetv3_small")
    crops, explain = [], fer.explain
    monkeypatch.setattr(fer, "explain", lambda classifier, crop: crops.append(crop) or explain(classifier, crop))
    return crops


@pytest.fixture
def new_visitor(monkeypatch: pytest.MonkeyPatch):
    """Call it for a session that holds nothing yet."""
    return lambda: monkeypatch.setattr(st, "session_state", {})


def test_a_sample_is_looked_at_once_for_all_visitors(looks, new_visitor):
    face = ChosenFace(("sample", SAMPLE.id), sample_crop(SAMPLE), sample=SAMPLE)
    seen = []
    for _ in range(2):
        new_visitor()
        seen.append(explaining.explanation_for(NAME, face, None))
    assert len(looks) == 1 and seen[0].seen is seen[1].seen
    explained = explaining.explanation_for(NAME, face, "fear").seen
    assert explained.labels[explained.target] == "fear" and len(looks) == 1


def test_a_visitors_picture_is_looked_at_for_that_visitor_alone(looks, new_visitor):
    face = ChosenFace(("picture", 1), sample_crop(SAMPLE))
    seen = []
    for _ in range(2):
        new_visitor()
        seen.append(explaining.explanation_for(NAME, face, None))
        explaining.explanation_for(NAME, face, "fear")
    assert len(looks) == 2 and seen[0].seen is not seen[1].seen
