"""The tap's promises: surgery before reading, nothing heard elsewhere, nothing left behind."""

import asyncio
import threading

import pytest
import torch

from fer_models.attention import CoordinateAttention, SimAM, SpatialGate, reading, surgery
from fer_models.explanation import read_gates
from fer_models.networks import create_network


@pytest.fixture
def x() -> torch.Tensor:
    torch.manual_seed(3)
    return torch.randn(1, 32, 5, 7)


def one_number(value):
    return lambda layer, kind, gate: torch.full_like(gate, value)


def plus(value):
    return lambda layer, kind, gate: gate + value


def test_a_reader_inside_surgery_records_what_was_used(x):
    with torch.no_grad(), surgery(one_number(0.5)), read_gates() as gates:
        y = SimAM()(x)
    assert torch.equal(y, x * 0.5)
    assert (gates[0].values == 0.5).all()


def test_a_reader_around_surgery_records_what_was_used(x):
    with torch.no_grad(), read_gates() as gates, surgery(one_number(0.5)):
        y = SimAM()(x)
    assert torch.equal(y, x * 0.5)
    assert (gates[0].values == 0.5).all()


def test_of_two_surgeons_the_inner_has_the_last_word_and_all_readers_see_it(x):
    with torch.no_grad(), read_gates() as around, surgery(one_number(0.5)):
        with read_gates() as between, surgery(plus(0.25)), read_gates() as inside:
            y = SimAM()(x)
        after = SimAM()(x)
    with torch.no_grad(), surgery(plus(0.25)), surgery(one_number(0.5)):
        other_order = SimAM()(x)
    assert torch.equal(y, x * 0.75) and torch.equal(after, x * 0.5) and torch.equal(other_order, x * 0.5)
    assert [float(gates[0].values.max()) for gates in (around, between, inside)] == [0.75] * 3
    assert len(around) == 2 and len(between) == len(inside) == 1


def test_surgery_may_choose_its_gate_by_layer_and_kind(x):
    network = create_network("mobilenetv3_cpsca").eval()
    images = torch.randn(1, 3, 48, 48)
    chosen = ("features.10.attention", "ca_w")

    def zero_one(layer, kind, gate):
        return torch.zeros_like(gate) if (layer, kind.name) == chosen else gate

    with torch.no_grad(), read_gates() as before:
        network(images)
    with torch.no_grad(), read_gates() as gates, surgery(zero_one):
        network(images)
    place = [(gate.layer, gate.kind) for gate in gates].index(chosen)
    assert not gates[place].values.any()
    for first, second in zip(before[:place], gates[:place], strict=True):
        assert (first.values == second.values).all()
    assert all(gate.values.any() for gate in gates[place + 1 :])


def test_both_gates_of_coordinate_attention_are_computed_before_either_is_replaced(x):
    module = CoordinateAttention(32).eval()
    with torch.no_grad(), read_gates() as before:
        module(x)
    with torch.no_grad(), read_gates() as gates, surgery(lambda _, kind, g: 0 * g if kind.name == "ca_h" else g):
        assert not module(x).any()
    assert not gates[0].values.any() and (gates[1].values == before[1].values).all()


def test_a_gate_of_another_shape_is_refused(x):
    both = r"'simam' of .* \(1, 32, 5, 7\).* \(1, 1, 5, 7\)"
    with pytest.raises(ValueError, match=both), surgery(lambda layer, kind, gate: gate[:, :1]):
        SimAM()(x)


@pytest.mark.parametrize("block", [surgery, reading])
def test_nothing_stays_after_a_listener_that_raised(x, block):
    def fail(*_):
        raise RuntimeError("midway")

    expected = SimAM()(x)
    with pytest.raises(RuntimeError, match="midway"), read_gates(), surgery(plus(0.25)), block(fail):
        SimAM()(x)
    assert torch.equal(SimAM()(x), expected)
    with read_gates() as gates:
        SimAM()(x)
    assert len(gates) == 1


def test_a_reader_refuses_several_pictures_and_is_gone_afterwards(x):
    two = torch.cat([x, x])
    with pytest.raises(ValueError, match="one picture at a time"), read_gates():
        SimAM()(two)
    SimAM()(two)


def test_other_threads_neither_hear_nor_are_operated_on(x):
    module, expected, found = SimAM(), SimAM()(x), []
    with read_gates() as gates, surgery(one_number(0.5)):
        thread = threading.Thread(target=lambda: found.append(module(x)))
        thread.start()
        thread.join()
    assert gates == [] and torch.equal(found[0], expected)


def test_tasks_that_take_turns_keep_their_own_surgery_and_reading(x):
    module = SimAM()

    async def visit(value: float, barrier: asyncio.Barrier) -> tuple[torch.Tensor, float]:
        with surgery(one_number(value)), read_gates() as gates:
            await barrier.wait()  # all blocks are open now
            y = module(x)
            await barrier.wait()
        (gate,) = gates
        return y, float(gate.values.max())

    async def all_visits() -> list[tuple[torch.Tensor, float]]:
        barrier = asyncio.Barrier(3)
        return await asyncio.gather(*(visit(value, barrier) for value in (0.25, 0.5, 0.75)))

    for value, (y, recorded) in zip((0.25, 0.5, 0.75), asyncio.run(all_visits()), strict=True):
        assert torch.equal(y, x * value) and recorded == value


def test_a_compiled_network_is_one_graph_and_is_still_heard(x):
    module = torch.nn.Sequential(SpatialGate(7), SimAM())
    graphs = []

    def count(graph, inputs):
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(module, backend=count)
    with torch.no_grad():
        expected = compiled(x)
        assert len(graphs) == 1
        with read_gates() as gates:
            assert torch.equal(compiled(x), expected)
        with surgery(one_number(0.5)):
            assert torch.equal(compiled(x), x * 0.25)
        assert torch.equal(compiled(x), expected)
    assert [gate.kind for gate in gates] == ["spatial", "simam"]
