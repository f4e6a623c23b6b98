"""What a sheet says of where its maps come from."""

import numpy as np
import pytest

import fer_models as fer
from fer_models.export.sheet import attribution_panel, explained, gate_panels
from fer_models.version import __version__
from tests.support.sheets import made_up_sheet


def test_what_all_maps_have_in_common_is_said_once_with_the_version():
    sheet = made_up_sheet()
    assert sheet.provenance == {"picture": "one <b>.jpg", "FERScope": __version__}
    assert sheet.panels[0].facts["size"] == "4 x 4" and "target" not in sheet.panels[1].facts
    assert sheet.answers[0].sentence == "A-MobileNet (a_mobilenet.ferplus): happiness 70.0 %, anger 20.0 %"


def test_a_row_a_network_and_a_map_a_method(classifier, crop):
    layer = classifier.layers[3].name
    sheet = explained([classifier, classifier], crop, "face", ["grad-cam", "input-x-gradient"], "fear", layer)
    assert [[panel.what for panel in row] for row in sheet.rows] == [["grad-cam", "input-x-gradient"]] * 2
    cam, pixels = sheet.rows[0]
    assert (cam.layer, pixels.layer) == (layer, None)
    assert cam.target == pixels.target == "fear" and cam.checkpoint == classifier.card.name
    expected = fer.attribute(classifier, crop, "grad-cam", "fear", layer).values
    assert np.array_equal(cam.values, expected) and cam.high == -cam.low == pytest.approx(np.abs(expected).max())
    assert sheet.answers[1].probabilities == pytest.approx(classifier.predict([crop])[0])


def test_the_predicted_label_is_explained_unless_another_is_asked_for(classifier, crop):
    (panel,) = explained([classifier], crop, "face", ["grad-cam"]).panels
    assert panel.target == classifier.labels[classifier.predict([crop])[0].argmax()]
    seen = fer.attribute(classifier, crop, "grad-cam")
    assert np.array_equal(attribution_panel(classifier, crop, seen).values, panel.values)


def test_gates_that_have_places_are_panels_on_their_own_scale(classifier, crop):
    gates = fer.explain(classifier, crop).gates
    panels = gate_panels(classifier, crop, gates)
    assert len(panels) == sum(gate.places in (("height", "width"), ("width",)) for gate in gates)
    for panel in panels:
        assert 0 <= panel.low == panel.values.min() and panel.high == panel.values.max() <= 1
        assert panel.target is None
