"""explain: Grad-CAM against captum, gates in the same pass, threads, and nothing left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam

import fer_models as fer
from fer_models.attention import SimAM
from fer_models.explanation.attribution.cam import grad_cams
from fer_models.networks import Network


def state_of(network: torch.nn.Module) -> list:
    """All that a call could leave behind: hooks, modes, gradients, weights' versions."""
    return [
        (
            name,
            module.training,
            len(module._forward_hooks),
            len(module._forward_pre_hooks),
            len(module._backward_hooks),
            [(p.grad is None, p.requires_grad, p._version) for p in module.parameters(recurse=False)],
            [b._version for b in module.buffers(recurse=False)],
        )
        for name, module in network.named_modules()
    ]


def test_cams_equal_captum_for_every_label(classifier, crop):
    seen = fer.explain(classifier, crop)
    images = classifier.preprocess([crop]).requires_grad_()
    oracle = LayerGradCam(classifier.network, classifier.network.get_submodule(seen.layer))
    assert seen.cams.shape == (8, 2, 2) and seen.cams.dtype == np.float32
    assert np.abs(seen.cams).max() > 1e-3
    for label in range(8):
        expected = oracle.attribute(images, target=label).detach().numpy()[0, 0]
        np.testing.assert_allclose(seen.cams[label], expected, atol=1e-5)


def test_grad_cam_of_a_toy_network_worked_out_by_hand():
    """Three channels on 2 x 2 places, pooled to (1, 2, 3); a hidden layer h of two units; two logits.

    h = relu((1 + 4 - 3, 1 - 2 - 3)) = (2, 0), so the second unit is dead, and the logits are (2 * 2 + 0.5, -2).
    d logit_0 / d pooled = 2 * (1, 2, -1), d logit_1 / d pooled = -1 * (1, 2, -1); each place has a quarter of it, and
    so has the mean over places: alpha_0 = (0.5, 1, -0.5), alpha_1 = (-0.25, -0.5, 0.25).
    CAM_0 = 0.5 A_0 + A_1 - 0.5 A_2; CAM_1 is minus a half of it.
    """
    hidden, last = torch.nn.Linear(3, 2, bias=False), torch.nn.Linear(2, 2)
    hidden.weight.data = torch.tensor([[1.0, 2, -1], [1, -1, -1]])
    last.weight.data, last.bias.data = torch.tensor([[2.0, 5], [-1, 3]]), torch.tensor([0.5, 0])
    pooled = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]
    embedding = torch.nn.Sequential(*pooled, hidden, torch.nn.ReLU())
    network = Network(torch.nn.Sequential(), embedding, torch.nn.Sequential(last), "features").eval()
    feature_map = torch.tensor([[[[4.0, 0], [0, 0]], [[0, 8], [0, 0]], [[0, 0], [4, 8]]]])
    logits, cams = grad_cams(network, feature_map)
    assert logits.tolist() == [4.5, -2]
    assert cams.tolist() == [[[2, 8], [-2, -4]], [[-1, -4], [1, 2]]]


def test_one_explanation_agrees_with_prediction_and_reading(classifier, crop):
    seen = fer.explain(classifier, crop)
    (expected,) = classifier.predict([crop])
    np.testing.assert_allclose(seen.probabilities, expected, rtol=1e-4, atol=1e-6)
    assert seen.target == expected.argmax()
    assert np.array_equal(seen.cam, seen.cams[seen.target])
    with torch.no_grad(), fer.read_gates() as gates:
        classifier.network(classifier.preprocess([crop]))
    assert [(g.layer, g.kind) for g in gates] == [(g.layer, g.kind) for g in seen.gates]
    for ours, again in zip(seen.gates, gates, strict=True):
        assert np.array_equal(ours.values, again.values)


def test_targets(classifier, crop):
    by_name = fer.explain(classifier, crop, target="fear")
    assert by_name.target == classifier.labels.index("fear")
    assert fer.explain(classifier, crop, target=by_name.target).target == by_name.target
    for wrong in ("joy", 8, -1):
        with pytest.raises(ValueError):
            fer.explain(classifier, crop, target=wrong)


def test_works_inside_a_callers_inference_mode(classifier, crop):
    with torch.inference_mode():
        seen = fer.explain(classifier, crop)
    assert np.array_equal(seen.cams, fer.explain(classifier, crop).cams)


def test_eight_threads_return_what_one_thread_returns(classifier, astronaut):
    crops = [astronaut[y : y + 90, x : x + 90].copy() for y in (60, 150, 240, 330) for x in (150, 300)]
    alone = [fer.explain(classifier, crop) for crop in crops]
    # All eight start together, and each explains every face, so that calls overlap in every pairing.
    barrier = threading.Barrier(8)

    def visit(first: int) -> list[tuple[int, fer.Explanation]]:
        barrier.wait()
        order = [(first + i) % 8 for i in range(8)]
        return [(i, fer.explain(classifier, crops[i])) for i in order]

    with ThreadPoolExecutor(8) as pool:
        results = [result for visits in pool.map(visit, range(8)) for result in visits]
    assert len(results) == 64
    for index, seen in results:
        expected = alone[index]
        assert np.array_equal(seen.probabilities, expected.probabilities)
        assert np.array_equal(seen.cams, expected.cams)
        assert len(seen.gates) == len(expected.gates)
        for gate, other in zip(seen.gates, expected.gates, strict=True):
            assert (gate.layer, gate.kind) == (other.layer, other.kind)
            assert np.array_equal(gate.values, other.values)


def test_nothing_stays_after_a_call_and_after_one_that_raised(classifier, crop, monkeypatch):
    before = state_of(classifier.network)
    fer.explain(classifier, crop)
    assert state_of(classifier.network) == before
    broken = classifier.network.embedding

    def fail(module, inputs):
        raise RuntimeError("midway")

    handle = broken.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="midway"):
        fer.explain(classifier, crop)
    handle.remove()
    assert state_of(classifier.network) == before
    with fer.read_gates() as gates:
        SimAM()(torch.randn(1, 2, 3, 3))
    assert len(gates) == 1  # the reader of the call that raised is gone
