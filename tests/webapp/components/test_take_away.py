"""What a page offers to take away."""

import io

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.support import sheets
from tests.support.pages import checked, text


def page_with_a_sheet() -> None:
    from tests.support import sheets
    from webapp.components.take_away import take_away

    take_away(lambda: sheets.made_up_sheet(), "Recognise: Happiness 1", own_picture=True)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> dict:
    """What lies behind each download button, by its file's name."""
    buttons = {}
    monkeypatch.setattr(st, "download_button", lambda label, data, name, *_, **__: buttons.update({name: data}))
    return buttons


def test_every_file_opens_and_nothing_is_made_before_it_is_asked_for(offered, monkeypatch):
    made, make = [], sheets.made_up_sheet
    monkeypatch.setattr(sheets, "made_up_sheet", lambda: made.append(1) or make())
    page = checked(AppTest.from_function(page_with_a_sheet).run())
    assert not made
    written = {name.removeprefix("recognise-happiness-1."): data() for name, data in offered.items()}
    assert len(made) == 5
    assert Image.open(io.BytesIO(written["png"])).format == "PNG"
    assert written["pdf"].startswith(b"%PDF-")
    assert written["csv"].decode().count("\n") == 1 + sum(panel.values.size for panel in make().panels)
    assert "manifest" in np.load(io.BytesIO(written["npz"]))
    assert written["html"].startswith(b"<!doctype html>")
    assert "own picture" in text(page)
