"""Networks in memory: loaded once, shared by all, never more than a few."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import fer_models as fer
from tests.webapp.conftest import save
from webapp import networks


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch, only_checkpoints, tmp_path: Path) -> None:
    monkeypatch.setattr(networks, "_kept", {})
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


def test_the_network_that_was_loaded_first_goes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "MOST", 2)
    names = [f"small-{number}" for number in range(3)]
    for name in names:
        save(tmp_path, "mobilenetv3_small", name)
        networks.load_classifier(name)
    assert [networks.is_loaded(name) for name in names] == [False, True, True]


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(fer.CheckpointError, match="nothing"):
        networks.is_loaded("nothing")
