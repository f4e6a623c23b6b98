"""What is taken away of the page "Operate"."""

import numpy as np
import pytest

import fer_models as fer
from fer_models.classifier import Classifier
from fer_models.explanation.replacements import look, replace_each_way
from tests.conftest import make_network
from webapp.views.operate.sheet import COLUMNS, make_sheet


@pytest.mark.parametrize("network", ["a_mobilenet", "mobilenetv3_cpsca", "mobilenetv3_large"])
def test_gates_before_and_after_stand_below_each_other_on_one_scale_with_every_answer(crop, network):
    classifier = Classifier(*make_network(network))
    seen = fer.explain(classifier, crop)
    after = replace_each_way(classifier, look(classifier, crop), "*", {"identity": "identity", "shuffled": "shuffle"})
    sheet = make_sheet(classifier, crop, "face", "The network", "All gates", seen, after, "shuffled")
    places = {gate.layer for gate in seen.gates if gate.places}
    assert len(sheet.panels) == 2 * len(places)
    for above, below in zip(sheet.rows[::2], sheet.rows[1::2], strict=True):
        assert len(above) == len(below) <= COLUMNS
        for before, shuffled in zip(above, below, strict=True):
            assert (before.layer, before.low, before.high) == (shuffled.layer, shuffled.low, shuffled.high)
            assert before.low == min(before.values.min(), shuffled.values.min())
    answers = {answer.network: answer.probabilities for answer in sheet.answers}
    assert np.array_equal(answers["The network, as computed"], seen.probabilities)
    assert np.array_equal(answers["The network, identity"], after["identity"].probabilities)
    assert len(answers) == 3
