"""Networks in memory: loaded once, shared by all, never more than a few."""

import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import fer_models as fer
from tests.webapp.conftest import save
from webapp import networks


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch, only_checkpoints, tmp_path: Path) -> None:
    monkeypatch.setattr(networks, "_kept", OrderedDict())
    only_checkpoints(tmp_path)


def test_visitors_who_ask_at_the_same_time_get_one_network_loaded_once(tmp_path, monkeypatch):
    save(tmp_path, "mobilenetv3_small")
    asked, loaded, load = threading.Barrier(4), [], fer.load_classifier
    monkeypatch.setattr(fer, "load_classifier", lambda name: loaded.append(name) or load(name))

    def visit(_: int) -> fer.Classifier:
        asked.wait(30)
        return networks.load_classifier("mobilenetv3_small.ferplus")

    with ThreadPoolExecutor(4) as visitors:
        found = set(map(id, visitors.map(visit, range(4))))
    assert len(found) == 1 and loaded == ["mobilenetv3_small.ferplus"]
    assert networks.is_loaded("mobilenetv3_small.ferplus")


def test_other_weights_are_loaded_anew(tmp_path):
    weights = save(tmp_path, "mobilenetv3_small")
    before = networks.load_classifier("mobilenetv3_small.ferplus")
    os.utime(weights, ns=(1, 1))
    assert not networks.is_loaded("mobilenetv3_small.ferplus")
    assert networks.load_classifier("mobilenetv3_small.ferplus") is not before


def test_the_network_that_was_used_longest_ago_goes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "MOST", 2)
    names = [f"small-{number}" for number in range(3)]
    for name in names:
        save(tmp_path, "mobilenetv3_small", name)
    for name in (names[0], names[1], names[0], names[2]):
        networks.load_classifier(name)
    assert [networks.is_loaded(name) for name in names] == [True, False, True]


def test_nobody_waits_for_a_network_that_another_visitor_loads(tmp_path, monkeypatch):
    save(tmp_path, "mobilenetv3_small", "there")
    save(tmp_path, "mobilenetv3_small", "coming")
    there = networks.load_classifier("there")
    begun, go, load = threading.Event(), threading.Event(), fer.load_classifier

    def slow(name: str) -> fer.Classifier:
        begun.set()
        go.wait(30)
        return load(name)

    monkeypatch.setattr(fer, "load_classifier", slow)
    with ThreadPoolExecutor(2) as visitors:
        try:
            coming = visitors.submit(networks.load_classifier, "coming")
            assert begun.wait(30)
            assert visitors.submit(networks.load_classifier, "there").result(30) is there
        finally:
            go.set()
    assert coming.result() is networks.load_classifier("coming")


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(fer.CheckpointError, match="nothing"):
        networks.is_loaded("nothing")
