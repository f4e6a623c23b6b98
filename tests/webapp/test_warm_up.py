"""Warming up ends whatever happens in it, and leaves what is warm out of the garbage collector's walk."""

import gc
import logging
import threading
from collections.abc import Iterator

import pytest

from webapp import warm_up


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Networks "come into memory" when this is set."""
    go = threading.Event()
    monkeypatch.setattr(warm_up, "_thread", None)
    monkeypatch.setattr(warm_up, "_done", threading.Event())
    monkeypatch.setattr(warm_up, "PAGES", ())
    monkeypatch.setattr(warm_up, "load_networks", lambda: go.wait(30))
    yield go
    go.set()
    warm_up._done.wait(30)
    gc.unfreeze()


def test_pages_wait_for_it_only_where_and_while_it_runs(held):
    assert not warm_up.pending()
    warm_up.begin()
    warm_up.begin()
    assert warm_up.pending() and [each.name for each in threading.enumerate()].count("warm-up") == 1
    held.set()
    assert warm_up._done.wait(30) and not warm_up.pending()
    assert gc.get_freeze_count() > 0


def test_a_failure_is_logged_and_ends_it(held, monkeypatch, caplog):
    def fail() -> None:
        raise OSError("no PyTorch here")

    monkeypatch.setattr(warm_up, "load_networks", fail)
    with caplog.at_level(logging.ERROR):
        warm_up.begin()
        assert warm_up._done.wait(30)
    assert not warm_up.pending() and "no PyTorch here" in caplog.text
