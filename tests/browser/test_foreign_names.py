"""A checkpoint of somebody else in a real browser: its names are text on every page, and long ones fit."""

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from fer_models.card import Score
from fer_models.evaluation import Predictions, save_predictions
from tests.support.evaluation_page import expect_as_wide_as_the_page
from tests.support.servers import free_port, running, wait_until_ready
from tests.webapp.conftest import save

NAME = "_own_ <img src=x onerror=alert(1)> *b* $x$"
LABELS = ("<b>happy", "[sad](x) :red[y]", "W" * 60, "<a href=x>" + " and more words" * 3)


@pytest.fixture(scope="module")
def foreign_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with such a checkpoint, scored, and another one beside it."""
    folder = tmp_path_factory.mktemp("foreign")
    stated = Score(
        split="test", label_rule="folder", count=40, accuracy=0.5, interval=(0.4, 0.6), macro_f1=0.4, recall={}
    )
    for name in (NAME, "<i>second"):
        weights = save(folder, "mobilenetv3_cpsca", name, scores=(stated,), labels=LABELS)
        answers = np.full((40, 4), 0.25, np.float32)
        made = Predictions(name, LABELS, "test", "folder", np.arange(40), np.arange(40) % 4, answers)
        save_predictions(made, weights)
    port = free_port()
    command = [Path(sys.executable).with_name("ferscope"), "app", "--port", str(port), "--headless"]
    home = tmp_path_factory.mktemp("home")
    with running(command, f"http://127.0.0.1:{port}", home, FERSCOPE_CHECKPOINTS=str(folder)) as url:
        wait_until_ready(url)
        yield url


@pytest.fixture
def visit(page: Page, foreign_site: str):
    """Call it with a page's path and choices; no dialog may open."""
    dialogs = []

    def opened(dialog):
        dialogs.append(dialog.message)
        dialog.dismiss()

    def go(path: str, **choices: str) -> Page:
        page.goto(f"{foreign_site}/{path}?{urlencode(choices)}")
        return page

    page.on("dialog", opened)
    expect.set_options(timeout=120_000)
    yield go
    assert dialogs == []


def expect_no_markup(page: Page) -> None:
    """Nothing on the page was made of a name: no picture, no link, no formula."""
    for made in ("img[src=x]", "a[href=x]", "a[href='#x']", ".stMain .katex"):
        expect(page.locator(made)).to_have_count(0)


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("path", ["", "operate", "trust", "evaluation"])
def test_names_are_text_and_fit(visit, page, path, width):
    page.set_viewport_size({"width": width, "height": 900})
    visit(path, network=NAME)
    expect(page.get_by_text(NAME).first).to_be_attached()
    for label in LABELS if path != "trust" else ():  # which names the explained one only
        expect(page.get_by_text(label).first).to_be_attached()
    expect(page.locator("[data-test-script-state=running]")).to_have_count(0)
    if path == "evaluation":
        expect(page.locator(".st-key-cost_parameters .nsewdrag")).to_be_visible()
    expect_no_markup(page)
    expect_as_wide_as_the_page(page)


def test_a_chart_says_a_name_as_it_is(visit, page):
    visit("evaluation", network=NAME)
    mark = page.locator(".st-key-cost_macs .scatterlayer .points path").first
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    page.mouse.move(box["x"] - 40, box["y"] + 30)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    hover = page.locator(".st-key-cost_macs .hoverlayer")
    expect(hover).to_contain_text("px")
    expect(hover).to_contain_text("<")
    assert NAME in hover.text_content() or "<i>second" in hover.text_content()
