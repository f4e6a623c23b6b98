"""Who may launch a job, from where, and whose jobs they see."""

from types import SimpleNamespace

import pytest
import streamlit as st

from webapp import visitor
from webapp.visitor import COOKIE, is_at_the_machine


@pytest.fixture
def come(monkeypatch: pytest.MonkeyPatch):
    """Call it with a browser's headers, address and cookies: a new visit begins."""

    def begin(headers: dict[str, str], ip: str | None = None, cookies: dict[str, str] | None = None) -> None:
        context = SimpleNamespace(headers=headers, ip_address=ip, cookies=cookies or {})
        monkeypatch.setattr(st, "context", context)
        monkeypatch.setattr(st, "session_state", {})

    monkeypatch.setattr(visitor, "login_is_offered", lambda: False)
    return begin


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST"])
def test_a_browser_on_the_machine_is_its_owner(come, host):
    come({"Host": host})
    assert is_at_the_machine() and visitor.visitor() == visitor.Visitor("", True)


@pytest.mark.parametrize(
    ("headers", "ip"),
    [
        ({"Host": "fer.example"}, None),
        ({"Host": "localhost"}, "10.0.0.7"),  # whoever asks for another host than they reach
        ({"Host": "localhost", "X-Forwarded-For": "10.0.0.7"}, None),
        ({"Host": "localhost", "Forwarded": "for=10.0.0.7"}, None),
        ({"Host": "localhost.fer.example"}, None),
        ({}, None),
    ],
)
def test_nobody_else_may_launch(come, headers, ip):
    come(headers, ip)
    found = visitor.visitor()
    assert not is_at_the_machine() and found.owner and not found.may_launch


def test_a_cookie_brings_a_visitor_back_and_cannot_be_read_from_the_owner(come):
    word = "a1" * 24
    come({"Host": "fer.example"}, "10.0.0.7", {COOKIE: word})
    first = visitor.visitor()
    come({"Host": "fer.example"}, "10.0.0.8", {COOKIE: word})
    assert visitor.visitor().owner == first.owner and word not in first.owner
    come({"Host": "fer.example"}, "10.0.0.7", {COOKIE: "short"})
    assert visitor.visitor().owner != first.owner


def test_two_without_a_cookie_are_two(come):
    come({"Host": "fer.example"}, "10.0.0.7")
    first = visitor.visitor()
    assert visitor.visitor() == first
    come({"Host": "fer.example"}, "10.0.0.7")
    assert visitor.visitor().owner != first.owner
