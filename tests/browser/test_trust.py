"""The page "Trust" in a real browser, with the checkpoints that come with FERScope."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.evaluation_page import expect_as_wide_as_the_page


@pytest.mark.parametrize("width", [1280, 375])
def test_a_verdict_is_read_and_the_slider_moved_by_keyboard(page: Page, page_errors, site_url, width):
    expect.set_options(timeout=120_000)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site_url}/trust?method=grad-cam&layer=last")
    expect(page.get_by_role("heading", level=2).first).to_have_text(
        re.compile(r"^(Yes|No|Cannot tell) \d\.\d\d (ahead|behind)$")
    )
    line = page.get_by_role("row", name=re.compile("^Face-shaped guess")).first
    expect(line).to_contain_text(re.compile(r"[+−]?\d\.\d\d"))
    slider = page.get_by_role("slider", name=re.compile("Weights are random"))
    expect(slider).to_have_attribute("aria-valuetext", "Head")
    figure = page.get_by_role("figure").filter(has_text="Random from")
    expect(figure).to_contain_text("Head")
    before = figure.get_by_role("img").get_attribute("src")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("random=2"))
    expect(figure).to_contain_text("Last map")
    assert figure.get_by_role("img").get_attribute("src") != before
    expect_as_wide_as_the_page(page)
    # On any page but the first, Streamlit looks for its server beneath the page's own address before it goes up.
    assert [error for error in page_errors if "status of 404" not in error] == []
