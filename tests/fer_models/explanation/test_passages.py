"""What each attention layer let pass, against hooks on the modules and the equations in float64."""

import numpy as np
import pytest
import torch

import fer_models as fer
from fer_models.attention import CBAM, Gate
from fer_models.explanation.passages import strength


def watched(classifier, crop) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Input and output of every mechanism, by hooks: CBAM's as a whole, the others' as they are."""
    modules = dict(classifier.network.named_modules())
    wholes = {name for name, module in modules.items() if isinstance(module, CBAM)}
    chosen = wholes | {
        name for name, module in modules.items() if isinstance(module, Gate) and name.rpartition(".")[0] not in wholes
    }
    seen: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    hooks = [
        modules[name].register_forward_hook(
            lambda module, inputs, output, name=name: seen.update({name: (inputs[0][0].numpy(), output[0].numpy())})
        )
        for name in chosen
    ]
    with torch.inference_mode():
        classifier.network(classifier.preprocess([crop]))
    for hook in hooks:
        hook.remove()
    return seen


def test_every_layer_is_there_with_what_came_in_and_went_out(classifier, crop):
    expected, found = watched(classifier, crop), fer.passages(classifier, crop)
    assert {each.layer for each in found} == set(expected) and len(found) == len(expected)
    for each in found:
        before, after = expected[each.layer]
        assert np.array_equal(each.before, before) and np.array_equal(each.after, after)
        product = each.before.astype(np.float64) * each.gate
        assert np.allclose(product, after, rtol=1e-5, atol=1e-6 * max(1, np.abs(after).max()))


def test_the_gate_is_the_product_of_those_that_are_recorded(classifier, crop):
    gates: dict[str, np.ndarray] = {}
    found = {each.layer: each for each in fer.passages(classifier, crop)}
    for gate in fer.explain(classifier, crop).gates:
        layer = gate.layer if gate.layer in found else gate.layer.rpartition(".")[0]
        shape = [
            size if axis in gate.axes else 1
            for axis, size in zip(("channel", "height", "width"), found[layer].gate.shape, strict=True)
        ]
        gates[layer] = gates.get(layer, 1.0) * gate.values.astype(np.float64).reshape(shape)
    for layer, values in gates.items():
        whole = np.broadcast_to(values, found[layer].gate.shape)
        assert np.allclose(found[layer].gate, whole, atol=1e-6)
        assert np.allclose(found[layer].weights, whole.mean((1, 2)), atol=1e-6)


def test_simams_energy_is_the_papers(classifier, crop):
    found = fer.passages(classifier, crop)
    for each in found:
        if each.inverse_energy is None:
            continue
        x = each.before.astype(np.float64)
        d = (x - x.mean((1, 2), keepdims=True)) ** 2
        v = d.sum((1, 2), keepdims=True) / (x[0].size - 1)
        assert np.allclose(each.inverse_energy, d / (4 * (v + 1e-4)) + 0.5, rtol=1e-4, atol=1e-5)
        assert np.allclose(each.gate, 1 / (1 + np.exp(-each.inverse_energy.astype(np.float64))), atol=1e-6)
    energies = [each.inverse_energy is not None for each in found]
    assert all(energies) if classifier.card.network == "mobilenetv3_simam" else not any(energies)


def test_what_is_operated_on_is_what_passed(classifier, crop):
    with fer.operate({"*": "identity"}, classifier):
        found = fer.passages(classifier, crop)
    assert found
    for each in found:
        assert (each.gate == 1).all() and np.array_equal(each.before, each.after)


def test_strength_is_the_root_of_the_mean_square():
    maps = np.array([[[3.0, 0.0]], [[4.0, -2.0]]], np.float32)
    assert strength(maps) == pytest.approx(np.array([[np.sqrt(12.5), np.sqrt(2)]]))
