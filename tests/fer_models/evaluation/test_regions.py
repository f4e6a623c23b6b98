"""From which part of the face a network reads each expression."""

import numpy as np
import pytest
from scipy.stats import bootstrap

import fer_models as fer
from fer_models.data.faces import Faces
from fer_models.evaluation.regions import load_regions, measure_regions
from fer_models.evaluation.stored import save_measured
from fer_models.explanation.regions import cover_regions, shares
from fer_models.face_parts import REGIONS
from fer_models.labels import FER2013, FERPLUS
from tests.conftest import make_checkpoint


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return make_checkpoint("mobilenetv3_small", tmp_path_factory.mktemp("checkpoints"), "small.test")


@pytest.fixture(scope="module")
def classifier(weights):
    return fer.load_classifier(weights)


@pytest.fixture(scope="module")
def faces(classifier) -> Faces:
    """Noise; each is labelled with what the network answers, but for the last ten."""
    images = np.random.default_rng(0).integers(0, 256, (40, 48, 48), np.uint8)
    labels = classifier.logits(list(images)).argmax(1)
    labels[-10:] = (labels[-10:] + 1) % 8
    return Faces(images, labels, np.eye(8, dtype=np.float32)[labels], np.arange(40), FERPLUS)


@pytest.fixture(scope="module")
def found(classifier, faces):
    return measure_regions(classifier, faces, split="PublicTest", label_rule="ferplus-majority", count=12)


def test_means_are_of_recognised_faces_one_by_one(classifier, faces, found):
    recognised = {label: faces.images[:30][faces.labels[:30] == label] for label in set(faces.labels[:30].tolist())}
    assert set(found.labels) == {FERPLUS.labels[label] for label in recognised}
    label, images = next((label, images) for label, images in recognised.items() if 3 <= len(images) <= 12)
    changes = [cover_regions(classifier, image, label) for image in images]
    cams = [shares(fer.attribute(classifier, image, "grad-cam", label).values) for image in images]
    rows = found.of(FERPLUS.labels[label])
    assert tuple(rows) == REGIONS
    for region, row in rows.items():
        values = np.array([change[region] for change in changes])
        assert row.faces == len(images) and row.change == pytest.approx(values.mean(), abs=1e-4)
        assert row.share == pytest.approx(np.mean([cam[region].share for cam in cams]), abs=1e-4)
        assert row.interval[0] < row.change < row.interval[1]
        drawn = bootstrap((values,), np.mean, rng=0).confidence_interval
        assert row.interval[1] - row.interval[0] > 0.8 * (drawn.high - drawn.low)
    assert sum(row.share for row in rows.values()) == pytest.approx(1)


def test_no_more_faces_than_asked_for_and_the_same_ones_again(classifier, faces, found):
    few = measure_regions(classifier, faces, split="PublicTest", label_rule="ferplus-majority", count=2)
    assert max(row.faces for row in few.rows) == 2
    again = measure_regions(classifier, faces, split="PublicTest", label_rule="ferplus-majority", count=2)
    assert few == again


def test_what_is_stored_comes_back(weights, found):
    assert load_regions(weights) is None
    save_measured(found, weights, "regions")
    assert load_regions(weights) == found


def test_faces_labelled_otherwise_are_refused(classifier, faces):
    other = Faces(faces.images, faces.labels % 7, faces.targets[:, :7], faces.rows, FER2013)
    with pytest.raises(ValueError, match="labelled anger"):
        measure_regions(classifier, other, split="PublicTest", label_rule="fer2013")
