"""Scores with gates replaced: every plan against the library's own operate, one face at a time."""

import numpy as np
import pytest

from fer_models.checkpoints import save_checkpoint
from fer_models.classifier import Classifier, load_classifier
from fer_models.data.faces import Faces
from fer_models.evaluation.comparison import mcnemar
from fer_models.evaluation.confusion import Confusion
from fer_models.evaluation.stored import load_measured, save_measured
from fer_models.evaluation.surgery import (
    DRAWS,
    KIND,
    WAYS,
    Plan,
    Surgery,
    make_plans,
    measure_surgery,
    operated_logits,
)
from fer_models.explanation import explain, operate
from fer_models.explanation.averages import Averages
from fer_models.explanation.operate import gate_names
from fer_models.labels import FERPLUS
from tests.conftest import make_network

FACES = 9


@pytest.fixture(scope="module")
def faces() -> Faces:
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (FACES, 6, 6), np.uint8).repeat(8, 1).repeat(8, 2)
    labels = rng.integers(0, 8, FACES)
    return Faces(images, labels, np.eye(8, dtype=np.float32)[labels], np.arange(FACES), FERPLUS)


@pytest.fixture(scope="module")
def simam() -> Classifier:
    return Classifier(*make_network("mobilenetv3_simam"))


@pytest.fixture(scope="module")
def averages(classifier, faces) -> Averages:
    return Averages(explain(classifier, faces.images[0]).gates, faces=1, about="one face")


@pytest.fixture(scope="module")
def found(classifier, faces, averages):
    plans = make_plans(gate_names(classifier))
    return operated_logits(classifier, faces.images, plans, averages.gates)


def test_every_gate_every_kind_and_all_are_replaced_each_way(classifier, found):
    gates = gate_names(classifier)
    kinds = {kind for _, kind in gates}
    plans = set(found[2])
    for way in WAYS:
        assert Plan("all", "*", way) in plans
        for kind in kinds if len(kinds) > 1 else ():
            assert Plan("kind", kind, way) in plans
        for layer, kind in gates:
            alone = sum(kind == other for _, other in gates) == 1
            assert alone or Plan("gate", f"{layer}:{kind}", way) in plans
    assert Plan("all", "*", "another face", DRAWS - 1) in plans


def test_every_plan_is_what_operate_does_to_one_face_after_the_other(classifier, faces, averages, found):
    order, untouched, operated = found
    assert sorted(order) == list(range(FACES))
    pictures = faces.images[order]
    assert untouched == pytest.approx(classifier.logits(list(pictures)), abs=1e-4)
    seen = [explain(classifier, picture).gates for picture in pictures]
    one_of_each = {(plan.scope, plan.way, plan.draw): plan for plan in operated}.values()
    for plan in one_of_each:
        for place, picture in enumerate(pictures[:2]):
            other = seen[place - 1 - plan.draw] if plan.way == "another face" else None
            with operate({plan.gate: other or plan.way}, classifier, average=averages.gates):
                expected = classifier.logits([picture])[0]
            assert operated[plan][place] == pytest.approx(expected, abs=1e-2 * float(np.abs(expected).max())), plan


@pytest.fixture(scope="module")
def surgery(simam, faces) -> Surgery:
    averages = Averages(explain(simam, faces.images[0]).gates, faces=1, about="one face")
    return measure_surgery(simam, faces, averages, split="all", label_rule="folder")


def test_scores_are_those_of_the_answers(simam, faces, surgery):
    plans = make_plans(gate_names(simam))
    order, untouched, operated = operated_logits(simam, faces.images, plans, explain(simam, faces.images[0]).gates)
    labels = faces.labels[order]
    before = untouched.argmax(1) == labels
    assert surgery.accuracy == pytest.approx(before.mean())
    for row in surgery.rows:
        answers = operated[Plan(row.scope, row.gate, row.way, row.draw)].argmax(1)
        right = answers == labels
        assert row.accuracy == pytest.approx(right.mean())
        assert row.difference == pytest.approx(right.mean() - before.mean())
        assert (row.lost, row.won) == ((before & ~right).sum(), (right & ~before).sum())
        assert row.p_value == pytest.approx(mcnemar(row.lost, row.won))
        assert row.macro_f1 == pytest.approx(float(Confusion.of(labels, answers, 8).macro_f1))
    assert any(row.lost != row.won for row in surgery.rows)


def test_a_network_without_gates_and_too_few_faces_are_refused(faces, simam):
    averages = Averages([])
    bare = Classifier(*make_network("mobilenetv1"))
    with pytest.raises(ValueError, match="no gate"):
        measure_surgery(bare, faces, averages, split="all", label_rule="folder")
    with pytest.raises(ValueError, match="more than"):
        measure_surgery(simam, faces.take(np.arange(DRAWS)), averages, split="all", label_rule="folder")


def test_what_is_stored_is_read_back(tmp_path, monkeypatch, faces):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    network, card = make_network("mobilenetv3_simam")
    weights = save_checkpoint(network, card.model_copy(update={"name": "one"}), tmp_path)
    classifier = load_classifier("one")
    averages = Averages(explain(classifier, faces.images[0]).gates, faces=1, about="one face")
    surgery = measure_surgery(classifier, faces, averages, split="all", label_rule="folder", command="as here")
    save_measured(surgery, weights, KIND)
    assert load_measured("one", KIND, Surgery) == surgery


def test_of_several_other_faces_that_with_the_middle_accuracy_stands_for_all(surgery):
    middle = surgery.row("*", "another face")
    accuracies = sorted(row.accuracy for row in surgery.rows if (row.gate, row.way) == ("*", "another face"))
    assert len(accuracies) == DRAWS and middle.accuracy == accuracies[1]
    assert surgery.row("spatial", "identity") is None
