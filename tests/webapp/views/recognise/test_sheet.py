"""What is taken away of the page "Recognise"."""

from dataclasses import replace

import numpy as np
import pytest

from fer_models.evaluation.faithfulness import MapName
from fer_models.explanation import explain
from webapp.components.covering import Patch
from webapp.components.explaining import Answer
from webapp.components.face import ChosenFace
from webapp.components.gallery import read_gallery
from webapp.components.samples import sample_crop
from webapp.views.recognise.hero import Looked
from webapp.views.recognise.sheet import make_sheet


@pytest.fixture
def looked(classifier) -> Looked:
    sample = read_gallery()["fear"][0]
    face = ChosenFace((sample.id,), sample_crop(sample), sample=sample)
    seen = Answer(explain(classifier, face.crop, "fear"), [])
    return Looked(classifier.card.name, face, face, None, seen, seen, "", 1.0)


def test_every_map_of_the_row_goes_with_what_it_is_and_the_answer(looked):
    cam, layer = looked.after.seen.cam, looked.after.seen.layer
    changes = np.linspace(-2, 1, 256, dtype=np.float32).reshape(16, 16)
    found = make_sheet(looked, [(MapName("occlusion"), changes), (MapName("grad-cam", layer), cam)])
    covering, gradients = found.panels
    assert covering.values is changes and (covering.low, covering.high) == (-2, 2) and covering.layer is None
    assert gradients.values is cam and gradients.layer == layer
    assert {panel.target for panel in found.panels} == {"fear"}
    assert np.array_equal(found.answers[0].probabilities, looked.after.seen.probabilities)
    assert looked.checkpoint in found.title


def test_a_patch_and_a_visitors_own_picture_are_named(looked):
    own = replace(looked.face, sample=None)
    found = make_sheet(replace(looked, face=own, patch=Patch((50, 50), 25, "mean")), [])
    assert found.answers[0].picture == "own picture, covered in part"
