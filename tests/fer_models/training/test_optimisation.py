"""Schedules by hand, optimizers by what they touch, sharpness-aware minimisation on a function one can solve."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from fer_models.networks import create_network
from fer_models.training.learner import Learner
from fer_models.training.optimisation import learning_rate_at, make_optimizer, plateaus, sharpest_neighbour
from fer_models.training.recipe import Recipe, Stage


def recipe(**changes):
    return Recipe(network="x", stages=(Stage(side=48, epochs=5),), learning_rate=1.0, warmup_epochs=1, **changes)


def test_cosine_by_hand():
    rates = [learning_rate_at(step, recipe(), 10) for step in range(50)]
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 10)
    np.testing.assert_allclose(rates[10:], 0.5 * (1 + np.cos(np.pi * np.arange(40) / 40)), atol=1e-12)


@pytest.mark.parametrize(
    ("epochs", "steps_per_epoch", "expected"),
    [(0.5, 5, [0.4, 0.8, 1, 1, 1]), (0.5, 1, [1, 1]), (1.5, 3, [2 / 9, 4 / 9, 6 / 9, 8 / 9, 1, 1]), (0, 4, [1, 1])],
)
def test_a_warm_up_that_ends_between_two_steps_does_not_overshoot(epochs, steps_per_epoch, expected):
    warm = recipe(schedule="constant").model_copy(update={"warmup_epochs": epochs})
    rates = [learning_rate_at(step, warm, steps_per_epoch) for step in range(len(expected))]
    np.testing.assert_allclose(rates, expected)


def test_constant_and_inverse_time_by_hand():
    assert {learning_rate_at(step, recipe(schedule="constant"), 10) for step in range(10, 50)} == {1.0}
    assert learning_rate_at(30_000, recipe(schedule="inverse time"), 10) == pytest.approx(1 / 1.3)


def test_plateau_counts_epochs_without_a_lower_loss():
    falling, flat = list(np.linspace(2, 1, 5)), [1.0] * 9
    assert plateaus(falling + flat) == 0
    assert plateaus(falling + flat + [1.0]) == 1
    assert plateaus(falling + flat + [0.9] + flat) == 0
    assert plateaus(falling + [1.0] * 20) == 2
    losses = falling + [1.0] * 10
    assert learning_rate_at(20, recipe(schedule="plateau"), 10, losses) == pytest.approx(0.1)


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
def test_weight_decay_spares_norms_and_biases(kind):
    network = create_network("mobilenetv3_small")
    optimizer = make_optimizer(network, recipe(optimizer=kind))
    assert type(optimizer).__name__.lower() == kind
    decayed, others = (group["params"] for group in optimizer.param_groups)
    assert {p.ndim for p in decayed} == {2, 4} and {p.ndim for p in others} == {1}
    assert len(decayed) + len(others) == len(list(network.parameters()))
    assert optimizer.param_groups[1]["weight_decay"] == 0


def test_layers_nearer_to_the_picture_learn_more_slowly():
    network = create_network("dlib_resnet")
    optimizer = make_optimizer(network, recipe(optimizer="adamw", layer_decay=0.5))
    share = {id(p): group["share"] for group in optimizer.param_groups for p in group["params"]}
    assert len(share) == sum(len(group["params"]) for group in optimizer.param_groups)
    shares = {name: share[id(p)] for name, p in network.named_parameters()}
    assert shares["classifier.1.weight"] == shares["embedding.2.bias"] == 1
    assert [shares[f"features.{layer}.conv2.bias"] for layer in (13, 12, 1)] == [0.5, 0.25, 0.5**13]
    assert shares["features.0.0.weight"] == 0.5**14
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    learner = Learner(network, recipe(optimizer="adamw", layer_decay=0.5), torch.arange(8))
    learner.learn(torch.randn(8, 3, 64, 64), torch.eye(8), torch.arange(8), step=0, rate=1e-3)
    # Adam's first step is the rate itself, in the direction of each gradient.
    moved = {name: float((p.detach() - before[name]).abs().max()) for name, p in network.named_parameters()}
    assert moved["classifier.1.bias"] == pytest.approx(1e-3, rel=0.01)
    assert moved["features.12.conv1.bias"] == pytest.approx(0.25e-3, rel=0.01)


@pytest.mark.parametrize("name", ["efficientnet_b0_attention", "efficientnet_lite2", "mobilenetv3_simam"])
def test_every_layer_has_its_share_also_one_with_a_name(name):
    network = create_network(name)
    optimizer = make_optimizer(network, recipe(optimizer="adamw", layer_decay=0.5))
    share = {id(p): group["share"] for group in optimizer.param_groups for p in group["params"]}
    shares = [{share[id(p)] for p in layer.parameters()} for layer in network.features]
    assert [each for each in shares if each] == [
        {0.5 ** (len(shares) - place)} for place, each in enumerate(shares) if each
    ]


def test_the_sharpest_neighbour_is_rho_away_along_the_gradient_and_left_again():
    layer = nn.Linear(2, 1, bias=False).double()
    before = layer.weight.detach().clone()
    layer(torch.tensor([[3.0, 4.0]], dtype=torch.float64)).sum().backward()  # gradient (3, 4), length 5
    with sharpest_neighbour(layer, 0.5):
        expected = before + 0.5 * torch.tensor([[0.6, 0.8]], dtype=torch.float64)
        torch.testing.assert_close(layer.weight.detach(), expected)
    assert torch.equal(layer.weight, before)
    with pytest.raises(RuntimeError, match="midway"), sharpest_neighbour(layer, 0.5):
        raise RuntimeError("midway")
    assert torch.equal(layer.weight, before)


def test_running_statistics_stay_while_away():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    x = torch.randn(8, 3)
    network(x).square().sum().backward()
    mean, momentum = network[1].running_mean.clone(), network[1].momentum
    with sharpest_neighbour(network, 0.1):
        network(x)
    assert torch.equal(network[1].running_mean, mean) and network[1].momentum == momentum


_ONE_STEP = """
import sys
import torch
from fer_models.training.optimisation import without_compiler
if sys.argv[1] == "without":
    without_compiler()
torch.manual_seed(0)
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
    layer = torch.nn.Linear(4, 3)
    optimizer = kind(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        layer(torch.ones(2, 4)).square().sum().backward()
        optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    print(layer.weight.tolist(), layer.weight.requires_grad)
print("torch._dynamo" in sys.modules)
"""


def test_without_the_compiler_optimizers_do_the_same():
    told = [
        subprocess.run([sys.executable, "-c", _ONE_STEP, how], check=True, capture_output=True, text=True).stdout
        for how in ("with", "without")
    ]
    (*steps, loaded), (*others, loaded_too) = (text.splitlines() for text in told)
    assert len(steps) == 3 and steps == others
    assert (loaded, loaded_too) == ("True", "False")
