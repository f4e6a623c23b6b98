"""Each mechanism against a few lines of float64 algebra written from its equations."""

import numpy as np
import pytest
import torch
from torch import nn

from fer_models.attention import (
    CBAM,
    ChannelGate,
    CoordinateAttention,
    PointwiseGate,
    SimAM,
    SpatialGate,
    SqueezeExcite,
)
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


def simam(module: SimAM, x: np.ndarray) -> dict[str, np.ndarray]:
    mean = x.mean((1, 2), keepdims=True)
    d = (x - mean) ** 2
    v = d.sum((1, 2), keepdims=True) / (x.shape[1] * x.shape[2] - 1)
    inverse_energy = d / (4 * (v + module.e_lambda)) + 0.5
    return {"mean": mean, "d": d, "v": v, "inverse_energy": inverse_energy, "simam": sigmoid(inverse_energy)}


def se(module: SqueezeExcite, x: np.ndarray) -> dict[str, np.ndarray]:
    squeezed = x.mean((1, 2))
    hidden = np.maximum(dense(module.reduce, squeezed), 0)
    scores = dense(module.expand, hidden)
    return {"squeezed": squeezed, "hidden": hidden, "scores": scores, "se": np.clip(scores + 3, 0, 6) / 6}


def coordinate(module: CoordinateAttention, x: np.ndarray) -> dict[str, np.ndarray]:
    sums = {"rows_mean": x.mean(2), "rows_maximum": x.max(2), "columns_mean": x.mean(1), "columns_maximum": x.max(1)}
    pairs = {
        "avg": ["rows_mean", "columns_mean"],
        "max": ["rows_maximum", "columns_maximum"],
        "complementary": ["rows_mean", "columns_maximum", "rows_maximum", "columns_mean"],
    }[module.pool]
    pooled = {name: sums[name] for name in pairs}
    f = sum(
        dense(module.reduce, np.concatenate([sums[rows], sums[columns]], axis=1))
        for rows, columns in zip(pairs[::2], pairs[1::2], strict=True)
    )
    f = hswish(norm(module.norm, f))
    f_h, f_w = f[:, : x.shape[1]], f[:, x.shape[1] :]
    scores_h, scores_w = dense(module.expand_h, f_h), dense(module.expand_w, f_w)
    made = {"f_h": f_h, "f_w": f_w, "scores_h": scores_h, "scores_w": scores_w}
    return {**pooled, **made, "ca_h": sigmoid(scores_h), "ca_w": sigmoid(scores_w)}


def spatial(module: SpatialGate, x: np.ndarray) -> dict[str, np.ndarray]:
    kernel = module.conv.weight.detach().double().numpy()[0]
    reach = kernel.shape[-1] // 2
    seen = np.pad(np.stack([x.mean(0), x.max(0)]), ((0, 0), (reach, reach), (reach, reach)))
    size = kernel.shape[-1]
    scores = np.array(
        [[(seen[:, i : i + size, j : j + size] * kernel).sum() for j in range(x.shape[2])] for i in range(x.shape[1])]
    )
    return {"mean": x.mean(0), "maximum": x.max(0), "scores": scores, "spatial": sigmoid(scores)}


def channel(module: ChannelGate, x: np.ndarray) -> dict[str, np.ndarray]:
    def shared(pooled):
        return dense(module.expand, np.maximum(dense(module.reduce, pooled), 0))

    mean, maximum = x.mean((1, 2)), x.max((1, 2))
    scores = {"mean_scores": shared(mean), "maximum_scores": shared(maximum)}
    return {"mean": mean, "maximum": maximum, **scores, "channel": sigmoid(sum(scores.values()))}


def cbam(module: CBAM, x: np.ndarray) -> dict[str, np.ndarray]:
    first = channel(module.channel, x)["channel"]
    return {"channel": first, "spatial": spatial(module.spatial, x * first[:, None, None])["spatial"]}


def pointwise(module: PointwiseGate, x: np.ndarray) -> dict[str, np.ndarray]:
    scores = dense(module.conv, x.reshape(len(x), -1)).reshape(x.shape)
    return {"scores": scores, "pointwise": sigmoid(scores)}


CASES = {
    "SE": (lambda: SqueezeExcite(CHANNELS, 8), se, ["se"]),
    "SimAM": (SimAM, simam, ["simam"]),
    "CA": (lambda: CoordinateAttention(CHANNELS), coordinate, ["ca_h", "ca_w"]),
    "MAXCA": (lambda: CoordinateAttention(CHANNELS, "max"), coordinate, ["ca_h", "ca_w"]),
    "CPSCA": (lambda: CoordinateAttention(CHANNELS, "complementary"), coordinate, ["ca_h", "ca_w"]),
    "channel": (lambda: ChannelGate(CHANNELS, 16), channel, ["channel"]),
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
    for gate in gates:
        values = expected[gate.kind]
        assert gate.values.dtype == np.float32
        assert gate.values.shape == SHAPES[gate.kind]
        np.testing.assert_allclose(gate.values, values, atol=2e-6)
        axes = ("channel", "height", "width")
        product = product * values[tuple(slice(None) if axis in gate.axes else None for axis in axes)]
    np.testing.assert_allclose(y[0].numpy(), product, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in CASES if name != "CBAM"])
def test_every_step_to_a_gate_has_its_name_and_the_value_of_the_equations(name):
    module, x = make(name)
    with torch.no_grad():
        steps = module.steps(x)
    expected = CASES[name][1](module, x[0].double().numpy())
    assert list(steps) == list(expected)
    for step, values in expected.items():
        np.testing.assert_allclose(steps[step][0].numpy().reshape(values.shape), values, rtol=1e-4, atol=1e-5)


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
        assert (low, high) == ((pytest.approx(1 / (1 + np.exp(-0.5))) if gate.kind == "simam" else 0), 1)
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
