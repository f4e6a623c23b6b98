"""Warming up ends whatever happens in it, says what failed, and leaves what is warm out of the collector's walk."""

import asyncio
import gc
import json
import logging
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator

import pytest

import fer_models as fer
from tests.webapp.conftest import save
from webapp import networks, server, warm_up
from webapp.views.evaluation import costs


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Networks "come into memory" when this is set."""
    go = threading.Event()
    monkeypatch.setattr(warm_up, "_thread", None)
    monkeypatch.setattr(warm_up, "_done", threading.Event())
    monkeypatch.setattr(warm_up, "_failed", threading.Event())
    monkeypatch.setattr(warm_up, "PAGES", ())
    monkeypatch.setattr(warm_up, "load_networks", lambda: go.wait(30))
    monkeypatch.setattr(warm_up, "count_costs", lambda: None)
    yield go
    go.set()
    warm_up._done.wait(30)
    gc.unfreeze()


def fail() -> None:
    raise OSError("no PyTorch here")


def health() -> tuple[int, str]:
    answer = asyncio.run(server.health(None))
    return answer.status_code, json.loads(answer.body)["status"]


def test_pages_wait_for_it_only_where_and_while_it_runs(held):
    assert not warm_up.pending()
    warm_up.begin()
    warm_up.begin()
    assert warm_up.pending() and [each.name for each in threading.enumerate()].count("warm-up") == 1
    assert health() == (503, "loading")
    held.set()
    assert warm_up._done.wait(30) and not warm_up.pending()
    assert health() == (200, "ready")
    assert gc.get_freeze_count() > 0


def test_a_failure_is_logged_and_said_and_the_rest_still_comes(held, monkeypatch, caplog):
    counted = []
    monkeypatch.setattr(warm_up, "load_networks", fail)
    monkeypatch.setattr(warm_up, "PAGES", ("this",))
    monkeypatch.setattr(warm_up, "count_costs", lambda: counted.append(True))
    monkeypatch.delitem(sys.modules, "this", raising=False)  # the smallest module that nobody has imported
    with caplog.at_level(logging.ERROR):
        warm_up.begin()
        assert warm_up._done.wait(30)
    assert not warm_up.pending() and "no PyTorch here" in caplog.text
    assert health() == (503, "failed")
    assert "this" in sys.modules and counted


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def test_no_garbage_is_frozen(held, monkeypatch):
    made = []

    def load() -> None:
        made.append(weakref.ref(Ring()))
        gc.freeze()

    monkeypatch.setattr(warm_up, "load_networks", load)
    warm_up.begin()
    assert warm_up._done.wait(30)
    assert made[0]() is None


def test_what_visitors_add_is_frozen_too_without_its_garbage(held, monkeypatch):
    held.set()
    warm_up.begin()
    assert warm_up._done.wait(30)
    monkeypatch.setattr(warm_up, "FREEZE_EVERY_S", 0)
    gone = weakref.ref(Ring())
    gc.freeze()

    async def serve() -> None:
        task = asyncio.create_task(warm_up.keep_frozen())
        while gone():
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(asyncio.wait_for(serve(), 60))
    assert gc.get_freeze_count() > 0


def test_one_odd_checkpoint_keeps_no_other_waiting(monkeypatch, only_checkpoints, tmp_path, caplog):
    monkeypatch.setattr(networks, "_kept", OrderedDict())
    only_checkpoints(tmp_path)
    for name in ("a-odd", "b-good"):
        save(tmp_path, "mobilenetv3_small", name)
    load, count, counted = fer.load_classifier, costs.cost, []

    def odd(name: str) -> fer.Classifier:
        if name == "a-odd":
            raise RuntimeError("weights of another shape")
        return load(name)

    def odd_cost(*arguments: object) -> object:
        counted.append(arguments)
        if len(counted) == 1:
            raise RuntimeError("cannot be counted")
        return count(*arguments)

    monkeypatch.setattr(fer, "load_classifier", odd)
    monkeypatch.setattr(costs, "cost", odd_cost)
    try:
        warm_up.load_networks()
    finally:
        gc.unfreeze()
    warm_up.count_costs()
    assert networks.is_loaded("b-good") and not networks.is_loaded("a-odd")
    assert len(counted) == 2
    assert "weights of another shape" in caplog.text and "cannot be counted" in caplog.text
