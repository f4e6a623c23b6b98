"""How often one visitor may call, on a clock that stands still unless it is moved."""

import pytest

from webapp.api import rate
from webapp.api.rate import Rate


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_thirty_calls_in_a_second_get_as_many_answers_as_are_allowed_then_and_told_when_to_come_back():
    clock = Clock()
    limit = Rate(10, clock)
    waits = []
    for _ in range(30):
        waits.append(limit.wait("ann"))
        clock.now += 1 / 30
    answered = [wait for wait in waits if not wait]
    assert waits[:10] == [0] * 10 and 18 <= len(answered) <= 20  # ten at once, and ten more in the course of the second
    assert all(0 < wait <= 0.1 + 1e-9 for wait in waits if wait)


def test_who_comes_back_when_told_is_answered():
    clock = Clock()
    limit = Rate(0.5, clock)
    assert limit.wait("ann") == 0
    wait = limit.wait("ann")
    assert wait == pytest.approx(2)
    clock.now += wait
    assert limit.wait("ann") == 0


def test_visitors_do_not_wait_for_each_other_and_a_limit_of_none_never_makes_wait():
    limit = Rate(1, Clock())
    assert [limit.wait(visitor) for visitor in ("ann", "bob")] == [0, 0] and limit.wait("ann") > 0
    free = Rate(0, Clock())
    assert not any(free.wait("ann") for _ in range(1000))


def test_visitors_are_not_remembered_without_end(monkeypatch):
    monkeypatch.setattr(rate, "MOST_VISITORS", 3)
    limit = Rate(1, Clock())
    for visitor in "abcd":
        limit.wait(visitor)
    assert len(limit._over) == 3
    assert limit.wait("d") > 0 and limit.wait("a") == 0
