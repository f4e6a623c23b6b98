"""Operating on gates: what takes a gate's place, what is refused, and that nothing outlasts the block."""

import copy
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fer_models.attention import CBAM, KINDS, CoordinateAttention, Gate, SimAM, SqueezeExcite, name_gates
from fer_models.explanation import GateMap, explain, operate, read_gates
from fer_models.explanation.operate import clipped, gate_names


@pytest.fixture
def x() -> torch.Tensor:
    torch.manual_seed(5)
    return torch.randn(3, 32, 5, 7)


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(6)
    return named(squeeze=SqueezeExcite(32), simam=SimAM(), cbam=CBAM(32), coordinate=CoordinateAttention(32))


def named(**gates: nn.Module) -> nn.Module:
    return name_gates(nn.Sequential(OrderedDict(gates))).eval()


def recorded(network: nn.Module, x: torch.Tensor, operations: dict, **options) -> list[GateMap]:
    """Gates that the network used for the first picture."""
    with torch.no_grad(), operate(operations, **options), read_gates() as gates:
        network(x[:1])
    return gates


def gate_of(kind: str, gates: list[GateMap]) -> np.ndarray:
    (found,) = [gate for gate in gates if gate.kind == kind]
    return found.values


def test_identity_on_a_gate_that_is_identity_changes_nothing_bit_for_bit(x):
    gate = SqueezeExcite(32)
    nn.init.zeros_(gate.expand.weight)
    nn.init.constant_(gate.expand.bias, 9)  # the hard sigmoid is 1 from 3 on
    network = named(gate=gate)
    with torch.no_grad():
        before = network(x)
        with operate({"gate": "identity"}):
            after = network(x)
    assert torch.equal(before, x) and torch.equal(before, after)


def test_a_gates_own_values_change_nothing_bit_for_bit(classifier, crop):
    seen = explain(classifier, crop)
    with operate({"*": seen.gates}, classifier):
        again = explain(classifier, crop)
    assert np.array_equal(seen.probabilities, again.probabilities) and np.array_equal(seen.cams, again.cams)


def test_without_gates_a_network_is_what_remains_of_it(classifier, crop):
    """Independently: the same network with a module in each gate's place that hands its input on."""
    bare = copy.deepcopy(classifier.network)
    for name, module in list(bare.named_modules()):
        if isinstance(module, Gate):
            parent, _, own = name.rpartition(".")
            setattr(bare.get_submodule(parent), own, nn.Identity())
    with torch.inference_mode():
        expected = bare(classifier.preprocess([crop])).softmax(1).numpy()
    with operate({"*": "identity"}):
        assert classifier.predict([crop]) == pytest.approx(expected, abs=1e-6)
        assert all((gate.values == 1).all() for gate in explain(classifier, crop).gates)


def test_each_replacement_by_its_own_definition(network, x):
    plain = recorded(network, x, {})
    simam, spatial = gate_of("simam", plain), gate_of("spatial", plain)
    assert gate_of("simam", recorded(network, x, {"simam": "number"})) == pytest.approx(simam.mean(), abs=1e-6)
    assert np.array_equal(gate_of("simam", recorded(network, x, {"simam": "mirror"})), simam[:, :, ::-1])
    assert np.array_equal(gate_of("spatial", recorded(network, x, {"spatial": "mirror"})), spatial[:, ::-1])
    rows = gate_of("ca_h", recorded(network, x, {"coordinate:ca_h": "mirror"}))
    assert np.array_equal(rows, gate_of("ca_h", plain)[:, ::-1])
    columns = gate_of("ca_w", recorded(network, x, {"coordinate:ca_h": "mirror"}))
    assert np.array_equal(columns, gate_of("ca_w", plain))


def test_shuffled_places_are_the_same_values_elsewhere_the_same_in_every_channel(network, x):
    simam = gate_of("simam", recorded(network, x, {})).reshape(32, -1)
    once, again, other = (
        gate_of("simam", recorded(network, x, {"simam": "shuffle"}, seed=seed)).reshape(32, -1) for seed in (0, 0, 1)
    )
    assert np.array_equal(once, again) and not np.array_equal(once, other) and not np.array_equal(once, simam)
    order = [int(np.flatnonzero(simam[0] == value)[0]) for value in once[0]]
    assert sorted(order) == list(range(35)) and np.array_equal(once, simam[:, order])
    channels = gate_of("se", recorded(network, x, {"se": "shuffle"}))
    assert sorted(channels) == sorted(gate_of("se", recorded(network, x, {})))


def test_values_painted_for_all_or_for_the_places_alone(network, x):
    painted = np.linspace(0.7, 0.9, 35, dtype=np.float32).reshape(5, 7)
    assert np.array_equal(gate_of("spatial", recorded(network, x, {"spatial": painted})), painted)
    assert np.array_equal(gate_of("simam", recorded(network, x, {"simam": painted})), np.tile(painted, (32, 1, 1)))
    rows = np.linspace(0, 1, 5)
    assert gate_of("ca_h", recorded(network, x, {"ca_h": rows})) == pytest.approx(np.tile(rows, (32, 1)))


def test_a_value_out_of_range_is_clipped_and_said(network, x):
    painted = np.full((5, 7), 0.7)
    painted[2, 3] = 0.1  # SimAM's gate is never below 0.622
    with pytest.warns(UserWarning, match=r"1 of 35 .*0\.622 and 1"):
        gates = recorded(network, x, {"simam": painted})
    assert gate_of("simam", gates)[0, 2, 3] == pytest.approx(0.6224593, abs=1e-6)
    assert clipped(np.array([-1, 0.5, 2]), (0, 1))[1] == 2


def test_a_function_sees_each_picture_of_a_batch_and_is_not_clipped(network, x):
    seen = []

    def double(gate: GateMap) -> np.ndarray:
        seen.append(gate)
        return gate.values * 2

    with torch.no_grad():
        alone = named(only=network.squeeze)
        expected = alone(x)
        with operate({"only": double}):
            doubled = alone(x)
    assert torch.allclose(doubled, 2 * expected)
    assert [gate.values.shape for gate in seen] == [(32,)] * 3
    assert not np.array_equal(seen[0].values, seen[1].values)


def test_a_function_may_return_a_gate(network, x):
    halved = recorded(network, x, {"simam": lambda gate: replace(gate, values=gate.values / 2)})
    assert gate_of("simam", halved) == pytest.approx(gate_of("simam", recorded(network, x, {})) / 2)


def test_one_number_is_each_pictures_own(network, x):
    alone = named(only=network.squeeze)
    with torch.no_grad():
        means = alone[0].steps(x)["se"].mean((1, 2, 3))
        with operate({"*": "number"}):
            found = alone(x)
    assert torch.allclose(found, x * means[:, None, None, None])


def test_the_average_face(network, x):
    others = [recorded(network, one[None], {}) for one in x]
    mean = [
        replace(gates[0], values=np.mean([gate.values for gate in gates], axis=0))
        for gates in zip(*others, strict=True)
    ]
    used = recorded(network, x, {"*": "average face"}, average=mean)
    for gate, expected in zip(used, mean, strict=True):
        assert gate.values == pytest.approx(expected.values)
    with pytest.raises(ValueError, match="average"):
        recorded(network, x, {"*": "average face"})


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ({"simma": "identity"}, "simma.*Did you mean 'simam'"),
        ({"simam": "identitty"}, "Did you mean 'identity'"),
        ({"*": "identity", "simam": "number"}, "twice.*simam.*\\*"),
        ({"coordinate": "identity", "coordinate:ca_h": "number"}, "twice"),
        ({"spatial": np.ones((5, 6))}, "5 x 7.*5 x 6"),
        ({"spatial": np.array(1.0)}, "single number"),
        ({"spatial": np.full((5, 7), np.nan)}, "NaN"),
        ({"spatial": np.array(["a"])}, "numbers"),
        ({"squeeze": "mirror"}, "no places"),
        ({"*": [GateMap("squeeze", "se", ("channel",), (0, 1), np.ones(32))]}, "simam.*not in the gates given"),
        ({"*": [1, 2]}, "GateMap"),
        ({"*": 0.5}, "an array, a GateMap"),
        ({"*": None}, "an array, a GateMap"),
        ({"simam": lambda gate: gate.values * np.nan}, "NaN"),
        ({"simam": lambda gate: gate.values[0, 0, 0]}, "single number"),
    ],
)
def test_what_makes_no_sense_is_told_and_leaves_nothing_behind(network, x, operations, message):
    with torch.no_grad():
        before = network(x)
        with pytest.raises(ValueError, match=message), operate(operations):
            network(x)
        assert torch.equal(network(x), before)


def test_the_same_wish_in_two_names_is_no_contradiction(network, x):
    gates = recorded(network, x, {"*": "identity", "simam": "identity"})
    assert all((gate.values == 1).all() for gate in gates)


def test_a_classifiers_mistakes_are_told_before_anything_is_computed(classifier):
    gates = gate_names(classifier)
    assert gates and all(kind in KINDS for _, kind in gates)
    with pytest.raises(ValueError, match="no gate of this network"), operate({"features.99": "identity"}, classifier):
        pytest.fail("the block was entered")


def test_gates_are_named_in_the_order_they_are_computed(classifier, crop):
    assert gate_names(classifier) == [(gate.layer, gate.kind) for gate in explain(classifier, crop).gates]


def test_a_network_without_gates(x):
    with pytest.raises(ValueError, match="computes none"), operate({"*": "identity"}):
        nn.ReLU()(x)


def test_of_two_blocks_the_inner_has_the_last_word(network, x):
    with operate({"se": "identity"}):
        gates = recorded(network, x, {"se": lambda gate: gate.values * 0.5})
    assert (gate_of("se", gates) == 0.5).all()
