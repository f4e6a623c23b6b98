"""Scores of maps over many faces, and what is kept of them."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from fer_models.classifier import load_classifier
from fer_models.evaluation.faithfulness import (
    KIND,
    MapName,
    best_map,
    load_faithfulness,
    maps_worth_measuring,
    measure_faithfulness,
)
from fer_models.evaluation.stored import measured_file, save_measured
from fer_models.explanation import attribution
from fer_models.explanation.agreement import to_grid
from fer_models.explanation.controls import face_prior
from fer_models.explanation.faithfulness import curves, gain
from tests.conftest import make_checkpoint

FACES = np.random.default_rng(0).integers(0, 256, (12, 48, 48), np.uint8)
OTHERS = np.random.default_rng(1).integers(0, 256, (30, 48, 48), np.uint8)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return load_classifier(make_checkpoint("mobilenetv3_cpsca", tmp_path_factory.mktemp("checkpoint"), "a.test"))


@pytest.fixture(scope="module")
def found(classifier):
    """Of three maps, so that it is quick: the measuring is the same for all."""
    with pytest.MonkeyPatch.context() as patch:
        last = classifier.layers[-1].name
        names = [MapName("grad-cam", last), MapName("input-x-gradient"), MapName("occlusion")]
        patch.setattr("fer_models.evaluation.faithfulness.maps_worth_measuring", lambda _: names)
        return measure_faithfulness(classifier, FACES, OTHERS, split="made up", command="ferscope faithfulness a.test")


def test_every_method_is_measured_and_the_cams_at_three_sizes(classifier):
    names = maps_worth_measuring(classifier)
    assert {name.method for name in names} == set(attribution.list_methods())
    sides = {layer.name: layer.side for layer in classifier.layers}
    assert sorted(sides[name.layer] for name in names if name.method == "grad-cam") == [2, 4, 8]
    assert all((name.layer is None) != attribution.uses_layer(name.method) for name in names)
    assert len(set(names)) == len(names)


def test_gains_are_those_of_each_face_with_the_fills_in_turn(classifier, found):
    gains, priors = [], []
    for number, face in enumerate(FACES):
        target = int(classifier.predict([face])[0].argmax())
        values = attribution.attribute(classifier, face, "input-x-gradient", target).values
        maps = np.stack([to_grid(each, 2) for each in (values, face_prior(48))])
        fill = ("blur", "mean")[number % 2]
        one, prior = gain(*curves(classifier, face, maps, target, fill, steps=4, seed=number))
        gains.append(one)
        priors.append(one - prior)
    score = found.score("input-x-gradient", None)
    assert score.faces == 12 and score.side == 48 and not score.control
    interval = ttest_1samp(gains, 0).confidence_interval()
    assert (score.gain, *score.interval) == pytest.approx((np.mean(gains), *interval), abs=1e-4)
    paired = ttest_1samp(priors, 0).confidence_interval()
    assert score.ahead["face prior"] == pytest.approx((np.mean(priors), *paired), abs=1e-4)


def test_controls_stand_beside_the_maps_and_all_are_of_all_faces(found):
    controls = [score.name for score in found.scores if score.control]
    assert controls == ["random", "edges", "face prior", "network mean"]
    assert {score.faces for score in found.scores} == {12}
    assert found.score("random", None).verdict in ("no", "cannot tell")
    assert (found.faces, found.grid, found.fills) == (12, 2, ("blur", "mean"))


def test_the_best_map_is_the_networks_and_not_the_yardstick(found):
    best = found.best
    names = ("grad-cam", "input-x-gradient")
    leads = {score.name: score.ahead["face prior"][0] for score in found.scores if score.name in names}
    assert best.name == max(leads, key=leads.get)


def test_what_is_stored_is_found_again_and_not_for_other_weights(classifier, found, tmp_path):
    assert best_map(str(classifier.file)) is None
    save_measured(found, classifier.file, KIND)
    assert load_faithfulness(str(classifier.file)) == found
    assert best_map(str(classifier.file)) == MapName(found.best.name, found.best.layer)
    other = make_checkpoint("mobilenetv3_ca", tmp_path, "a.test")
    measured_file(other, KIND).write_bytes(measured_file(classifier.file, KIND).read_bytes())
    assert best_map(str(other)) is None
    measured_file(classifier.file, KIND).unlink()


def test_too_few_faces(classifier):
    with pytest.raises(ValueError, match="10 of them"):
        measure_faithfulness(classifier, FACES[:9], OTHERS, split="made up")
