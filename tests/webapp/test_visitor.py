"""Who may launch a job, from where, and whose jobs they see."""

import base64
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from webapp import visitor
from webapp.visitor import CODE_VARIABLE, COOKIE, LINK_COOKIE, is_at_the_machine


@pytest.fixture
def come(monkeypatch: pytest.MonkeyPatch):
    """Call it with a browser's headers, address and cookies: a new visit begins."""

    def begin(headers: dict[str, str], ip: str | None = None, cookies: dict[str, str] | None = None) -> None:
        context = SimpleNamespace(headers=headers, ip_address=ip, cookies=cookies or {})
        monkeypatch.setattr(st, "context", context)
        monkeypatch.setattr(st, "session_state", {})

    monkeypatch.setattr(visitor, "login_is_offered", lambda: False)
    return begin


@pytest.fixture
def logged_in_as(monkeypatch: pytest.MonkeyPatch):
    """Call it with what the identity provider says of a visitor."""

    def log_in(**claims: str | bool) -> None:
        monkeypatch.setattr(visitor, "login_is_offered", lambda: True)
        monkeypatch.setattr(st, "user", claims)

    return log_in


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


def test_a_login_is_who_one_is_whatever_the_browser(come, logged_in_as):
    come({"Host": "fer.example"}, "10.0.0.7")
    logged_in_as(is_logged_in=False)
    assert not visitor.visitor().may_launch
    logged_in_as(is_logged_in=True, iss="https://id.example", sub="7", email="ann@example.org")
    first = visitor.visitor()
    come({"Host": "fer.example"}, "10.0.0.8")
    assert first.may_launch and visitor.visitor() == first and "ann" not in first.owner
    logged_in_as(is_logged_in=True, iss="https://other.example", sub="7")
    assert visitor.visitor().owner != first.owner


def test_the_link_is_there_again_after_a_login_and_only_then(come, logged_in_as, monkeypatch):
    asked = {"job": "a" * 32, "beside": "b,c"}
    kept = base64.urlsafe_b64encode(urlencode(asked).encode()).decode().rstrip("=")
    monkeypatch.setattr(st, "query_params", SimpleNamespace(to_dict=dict))

    def come_back(cookie: str) -> dict[str, str] | None:
        come({"Host": "fer.example"}, "10.0.0.7", {LINK_COOKIE: cookie})
        return visitor.link_before_login()

    logged_in_as(is_logged_in=False)
    assert come_back(kept) is None
    logged_in_as(is_logged_in=True, sub="7")
    assert come_back(kept) == asked
    assert visitor.link_before_login() is None  # once
    assert come_back("") is None and come_back("\N{SNOWMAN}") is None and come_back("a") is None
    monkeypatch.setattr(st, "query_params", SimpleNamespace(to_dict=lambda: {"sample": "fear"}))
    assert come_back(kept) is None


def test_whoever_gives_the_code_may_launch(monkeypatch):
    monkeypatch.setenv(CODE_VARIABLE, "open sesame")

    def page() -> None:
        import streamlit as st

        from webapp.visitor import ask_to_come_in, visitor

        st.text(str(visitor().may_launch))
        if not visitor().may_launch:
            ask_to_come_in()

    app = AppTest.from_function(page).run()
    assert app.text[0].value == "False"
    app.text_input[0].set_value("open").run()
    assert app.text[0].value == "False" and app.error
    app.text_input[0].set_value("open sesame").run()
    assert app.text[0].value == "True" and not app.error


def test_a_site_that_lets_nobody_launch_says_what_its_owner_can_do(monkeypatch):
    monkeypatch.delenv(CODE_VARIABLE, raising=False)

    def page() -> None:
        from webapp.visitor import ask_to_come_in

        ask_to_come_in()

    app = AppTest.from_function(page).run()
    assert not app.text_input and CODE_VARIABLE in app.info[0].value
