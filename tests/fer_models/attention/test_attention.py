"""Each mechanism against a few lines of float64 algebra written from its equations, and the tap's promises."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from fer_models.attention import CBAM, CoordinateAttention, PointwiseGate, SimAM, SpatialGate, SqueezeExcite, listen
from fer_models.attention.gate import KINDS
from fer_models.explanation import read_gates

CHANNELS, HEIGHT, WIDTH = 32, 5, 7


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def hswish(x):
    return x * np.clip(x + 3, 0, 6) / 6


def weights(layer: nn.Conv2d) -> tuple[np.ndarray, np.ndarray]:
    """A 1x1 convolution as matrix and bias in float64 (bias zero where it has none)."""
    matrix = layer.weight.detach().double().numpy()[:, :, 0, 0]
    bias = np.zeros(len(matrix)) if layer.bias is None else layer.bias.detach().double().numpy()
    return matrix, bias


def dense(layer: nn.Conv2d, x: np.ndarray) -> np.ndarray:
    """(C, anything) -> (C', anything)."""
    matrix, bias = weights(layer)
    return matrix @ x + bias.reshape(-1, *[1] * (x.ndim - 1))


def norm(layer: nn.BatchNorm2d, x: np.ndarray) -> np.ndarray:
    mean, var, scale, shift = (
        t.detach().double().numpy()[:, None] for t in (layer.running_mean, layer.running_var, layer.weight, layer.bias)
    )
    return (x - mean) / np.sqrt(var + layer.eps) * scale + shift


def simam(module: SimAM, x: np.ndarray) -> list[np.ndarray]:
    d = (x - x.mean((1, 2), keepdims=True)) ** 2
    v = d.sum((1, 2), keepdims=True) / (x.shape[1] * x.shape[2] - 1)
    return [sigmoid(d / (4 * (v + module.e_lambda)) + 0.5)]


def se(module: SqueezeExcite, x: np.ndarray) -> list[np.ndarray]:
    hidden = np.maximum(dense(module.reduce, x.mean((1, 2))), 0)
    return [np.clip(dense(module.expand, hidden) + 3, 0, 6) / 6]


def coordinate(module: CoordinateAttention, x: np.ndarray) -> list[np.ndarray]:
    mean_w, max_w, mean_h, max_h = x.mean(2), x.max(2), x.mean(1), x.max(1)
    seen = {
        "avg": [(mean_w, mean_h)],
        "max": [(max_w, max_h)],
        "complementary": [(mean_w, max_h), (max_w, mean_h)],
    }[module.pool]
    f = sum(dense(module.reduce, np.concatenate(pair, axis=1)) for pair in seen)
    f = hswish(norm(module.norm, f))
    height = x.shape[1]
    return [sigmoid(dense(module.expand_h, f[:, :height])), sigmoid(dense(module.expand_w, f[:, height:]))]


def spatial(module: SpatialGate, x: np.ndarray) -> list[np.ndarray]:
    kernel = module.conv.weight.detach().double().numpy()[0]
    reach = kernel.shape[-1] // 2
    seen = np.pad(np.stack([x.mean(0), x.max(0)]), ((0, 0), (reach, reach), (reach, reach)))
    size = kernel.shape[-1]
    scores = np.array(
        [[(seen[:, i : i + size, j : j + size] * kernel).sum() for j in range(x.shape[2])] for i in range(x.shape[1])]
    )
    return [sigmoid(scores)]


def cbam(module: CBAM, x: np.ndarray) -> list[np.ndarray]:
    def shared(pooled):
        return dense(module.channel.expand, np.maximum(dense(module.channel.reduce, pooled), 0))

    channel = sigmoid(shared(x.mean((1, 2))) + shared(x.max((1, 2))))
    return [channel, *spatial(module.spatial, x * channel[:, None, None])]


def pointwise(module: PointwiseGate, x: np.ndarray) -> list[np.ndarray]:
    return [sigmoid(dense(module.conv, x.reshape(len(x), -1)).reshape(x.shape))]


CASES = {
    "SE": (lambda: SqueezeExcite(CHANNELS, 8), se, ["se"]),
    "SimAM": (SimAM, simam, ["simam"]),
    "CA": (lambda: CoordinateAttention(CHANNELS), coordinate, ["ca_h", "ca_w"]),
    "MAXCA": (lambda: CoordinateAttention(CHANNELS, "max"), coordinate, ["ca_h", "ca_w"]),
    "CPSCA": (lambda: CoordinateAttention(CHANNELS, "complementary"), coordinate, ["ca_h", "ca_w"]),
    "CBAM": (lambda: CBAM(CHANNELS, 16), cbam, ["channel", "spatial"]),
    "pointwise": (lambda: PointwiseGate(CHANNELS), pointwise, ["pointwise"]),
    "spatial": (lambda: SpatialGate(7), spatial, ["spatial"]),
}
SHAPES = {
    "simam": (CHANNELS, HEIGHT, WIDTH),
    "pointwise": (CHANNELS, HEIGHT, WIDTH),
    "se": (CHANNELS,),
    "channel": (CHANNELS,),
    "ca_h": (CHANNELS, HEIGHT),
    "ca_w": (CHANNELS, WIDTH),
    "spatial": (HEIGHT, WIDTH),
}


def make(name: str) -> tuple[nn.Module, torch.Tensor]:
    """A mechanism with random weights and norm statistics, and one input with positive and negative values."""
    torch.manual_seed(3)
    module = CASES[name][0]().eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor in (part.running_mean, part.running_var, part.weight.data, part.bias.data):
                tensor.uniform_(0.3, 1.5)
    return module, 2 * torch.randn(1, CHANNELS, HEIGHT, WIDTH) + 0.3


@pytest.mark.parametrize("name", CASES)
def test_gates_equal_the_equations(name):
    module, x = make(name)
    with torch.no_grad(), read_gates() as gates:
        y = module(x)
    expected = CASES[name][1](module, x[0].double().numpy())
    assert [gate.kind for gate in gates] == CASES[name][2]
    product = x[0].double().numpy()
    for gate, values in zip(gates, expected, strict=True):
        assert gate.values.dtype == np.float32
        assert gate.values.shape == SHAPES[gate.kind]
        np.testing.assert_allclose(gate.values, values, atol=2e-6)
        axes = ("channel", "height", "width")
        product = product * values[tuple(slice(None) if axis in gate.axes else None for axis in axes)]
    np.testing.assert_allclose(y[0].numpy(), product, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_output_is_input_times_recorded_gates_bit_for_bit(name):
    module, x = make(name)
    with torch.no_grad(), read_gates() as gates:
        y = module(x)
    product = x
    for gate in gates:
        axes = ("channel", "height", "width")
        values = torch.from_numpy(gate.values)
        product = product * values[tuple(slice(None) if axis in gate.axes else None for axis in axes)]
    assert torch.equal(product, y)


@pytest.mark.parametrize("name", CASES)
def test_gates_stay_in_the_range_of_their_kind(name):
    module, x = make(name)
    with torch.no_grad(), read_gates() as gates:
        module(100 * x)
    for gate in gates:
        low, high = gate.value_range
        assert gate.value_range == KINDS[gate.kind].value_range
        assert low <= gate.values.min() and gate.values.max() <= high


def test_simam_floor_and_blindness_to_sign():
    constant = torch.full((1, 4, 3, 3), 7.0)
    with read_gates() as gates:
        SimAM()(constant)
        x = torch.randn(1, 4, 6, 6)
        SimAM()(x)
        SimAM()(-x)
        SimAM()(torch.randn(1, 4, 1, 1))
    floor = 1 / (1 + np.exp(-0.5))
    np.testing.assert_allclose(gates[0].values, floor, rtol=1e-6)
    np.testing.assert_allclose(gates[1].values, gates[2].values, atol=1e-6)
    np.testing.assert_allclose(gates[3].values, floor, rtol=1e-6)


def test_a_listener_replaces_a_gate_and_an_outer_reader_sees_what_was_used():
    module, x = make("spatial")

    def half(layer, kind, gate):
        return torch.full_like(gate, 0.5)

    with torch.no_grad(), read_gates() as gates, listen(half):
        y = module(x)
    assert torch.equal(y, x * 0.5)
    assert (gates[0].values == 0.5).all()
    assert not torch.equal(module(x), y)


def test_other_threads_are_not_heard():
    module, x = make("SimAM")
    with read_gates() as gates:
        thread = threading.Thread(target=module, args=(x,))
        thread.start()
        thread.join()
    assert gates == []


def test_the_tap_is_silent_after_an_error():
    module, x = make("SimAM")
    with pytest.raises(ValueError, match="one picture at a time"), read_gates():
        module(torch.cat([x, x]))
    module(torch.cat([x, x]))


def test_gradients_pass_through_a_recorded_gate():
    module, x = make("CPSCA")
    module.requires_grad_(False)
    x = x.double().requires_grad_()
    module.double()
    with read_gates():
        assert torch.autograd.gradcheck(module, (x,), atol=1e-5)


def test_unusable_options_are_refused():
    with pytest.raises(ValueError, match="complementary"):
        CoordinateAttention(16, "median")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 16 channels"):
        CBAM(8)
