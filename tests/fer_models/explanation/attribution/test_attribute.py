"""What all methods of attribution share: names, targets, mistakes, threads, gates replaced, nothing left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import fer_models as fer
from fer_models.attention.gate import surgery
from fer_models.explanation.attribution import uses_layer
from tests.fer_models.explanation.test_explain import state_of

FAST = {"occlusion": {"grid": 3}, "integrated-gradients": {"steps": 2}}  # the arithmetic is tested elsewhere


def fast(classifier, crop, method: str, **given) -> fer.Attribution:
    return fer.attribute(classifier, crop, method, **FAST.get(method, {}), **given)


def test_the_methods_and_which_of_them_take_a_layer():
    assert fer.list_methods() == [
        "grad-cam",
        "hires-cam",
        "grad-cam++",
        "layer-cam",
        "ablation-cam",
        "occlusion",
        "integrated-gradients",
        "input-x-gradient",
    ]
    on_pixels = [method for method in fer.list_methods() if not uses_layer(method)]
    assert on_pixels == ["occlusion", "integrated-gradients", "input-x-gradient"]


@pytest.mark.parametrize("method", fer.list_methods())
def test_every_method_says_what_it_explained(classifier, crop, method):
    seen = fast(classifier, crop, method)
    assert (seen.method, seen.target) == (method, classifier.predict([crop])[0].argmax())
    assert seen.layer == (classifier.network.last_layer if uses_layer(method) else None)
    assert seen.values.dtype == np.float32 and seen.values.ndim == 2 and np.isfinite(seen.values).all()
    assert np.array_equal(fast(classifier, crop, method, target=classifier.labels[seen.target]).values, seen.values)


@pytest.mark.parametrize(
    ("method", "given", "says"),
    [
        ("gradcam", {}, "Did you mean 'grad-cam'"),
        (None, {}, "'None' is no method"),
        ("grad-cam", {"layer": 99}, "'99' is not a layer"),
        ("grad-cam", {"layer": "features.99"}, "Did you mean 'features"),
        ("layer-cam", {"layers": ["features.99"]}, "Did you mean 'features"),
        ("layer-cam", {"layers": ["features.1"], "layer": "features.1"}, "not both"),
        ("occlusion", {"layer": "features.1"}, "takes no layer"),
        ("occlusion", {"gird": 4}, "Did you mean 'grid'"),
        ("grad-cam", {"grid": 4}, "no option 'grid'"),
        ("grad-cam", {"target": "joy"}, "joy"),
    ],
)
def test_mistakes_are_said(classifier, crop, method, given, says):
    with pytest.raises(ValueError, match=says):
        fer.attribute(classifier, crop, method, **given)


@pytest.mark.parametrize("method", fer.list_methods())
def test_a_replaced_gate_is_replaced_in_every_pass(classifier, crop, method):
    def turned(layer, kind, gate):
        return gate.flip((1, 2, 3))

    before = fast(classifier, crop, method, target=0).values
    with surgery(turned):
        changed = fast(classifier, crop, method, target=0).values
    assert not np.allclose(changed, before, rtol=1e-3)
    assert np.array_equal(fast(classifier, crop, method, target=0).values, before)


@pytest.mark.parametrize("method", fer.list_methods())
def test_nothing_stays_also_when_a_pass_fails_midway(classifier, crop, method):
    state = state_of(classifier.network)
    fast(classifier, crop, method, target=0)
    assert state_of(classifier.network) == state

    def fail(layer, kind, gate):
        raise RuntimeError("midway")

    with surgery(fail), pytest.raises(RuntimeError, match="midway"):
        fast(classifier, crop, method, target=0)
    assert state_of(classifier.network) == state
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("method", fer.list_methods())
def test_works_inside_a_callers_inference_mode(classifier, crop, method):
    with torch.inference_mode():
        inside = fast(classifier, crop, method)
    assert np.array_equal(inside.values, fast(classifier, crop, method).values)


def test_many_threads_return_what_one_thread_returns(classifier, astronaut):
    crops = [astronaut[y : y + 90, 165:255].copy() for y in (60, 150)]
    asked = [(crop, method) for crop in crops for method in fer.list_methods() if method != "ablation-cam"]
    alone = [fast(classifier, *each, target=0).values for each in asked]
    barrier = threading.Barrier(4)

    def visit(first: int) -> list[tuple[int, np.ndarray]]:
        barrier.wait()
        order = [(first * 4 + i) % len(asked) for i in range(len(asked))]
        return [(i, fast(classifier, *asked[i], target=0).values) for i in order]

    with ThreadPoolExecutor(4) as pool:
        for index, values in (result for visits in pool.map(visit, range(4)) for result in visits):
            assert np.array_equal(values, alone[index])
