"""The page "Evaluation" in a real browser, with the checkpoints that come with FERScope."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.evaluation_page import cell, choose, expect_as_wide_as_the_page, expect_chosen, score

# Size in pixels of the smallest text that is drawn.
SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll('.stMain *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.getClientRects().length)
    .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
LARGEST_TEXT = SMALLEST_TEXT.replace("Math.min", "Math.max")


def expect_the_largest_text(page: Page) -> None:
    """The score is, once the styles have arrived."""
    size = "parseFloat(getComputedStyle(document.querySelector('.fs-score h2')).fontSize)"
    page.wait_for_function(f"({LARGEST_TEXT})() === {size}")


def test_the_page_is_reached_from_the_first_one(page, site_url):
    expect.set_options(timeout=120_000)
    page.goto(site_url)
    page.get_by_role("link", name="Evaluation").click()
    expect(page).to_have_url(f"{site_url}/evaluation")
    expect(page.get_by_role("heading", level=1)).to_have_text("How good is each network, and where does it err?")
    heading = score(page).get_by_role("heading")
    expect(heading).to_have_text(re.compile(r"^\d\d\.\d\s% of 3,199 faces$"))
    expect(heading).to_be_in_viewport()
    expect_the_largest_text(page)


@pytest.mark.parametrize("width", [1280, 375])
def test_the_network_goes_along_to_the_other_page(page, site_url, width):
    expect.set_options(timeout=120_000)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site_url}/evaluation?network=mobilenetv3_cpsca.ferplus")
    expect(score(page)).to_contain_text("MobileNetV3-CPSCA")
    expect(page).to_have_title("Evaluation · FERScope")
    page.get_by_role("link", name="Recognise").click()
    expect(page.locator(".fs-eyebrow")).to_have_text("MobileNetV3-CPSCA reads this face as")
    expect(page).to_have_title("Recognise · FERScope")
    page.get_by_role("link", name="Evaluation").click()
    expect(score(page)).to_contain_text("MobileNetV3-CPSCA")
    expect(page).to_have_url(f"{site_url}/evaluation?network=mobilenetv3_cpsca.ferplus")


def test_a_checkpoint_is_chosen_and_is_in_the_address(visit_evaluation):
    page = visit_evaluation()
    expect(score(page)).to_contain_text("A-MobileNet")
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(score(page)).to_contain_text("MobileNetV3-CPSCA")
    expect(page).to_have_url(re.compile("network=mobilenetv3_cpsca.ferplus"))


def test_a_changed_score_and_a_changed_cell_are_announced_where_the_last_ones_were(visit_evaluation):
    page = visit_evaluation()
    status = page.get_by_role("status")
    headline = status.filter(has_text="answers as people did for")
    chosen = status.filter(has_text=" that people called ")
    expect(headline).to_contain_text(re.compile(r"^A-MobileNet .* \d\d\.\d % of 3,199 faces$"))
    expect(chosen).to_contain_text("Sadness read as neutral")
    elements = headline.element_handle(), chosen.element_handle()
    cell(page, "fear", "surprise").click()
    expect(chosen).to_contain_text("Fear read as surprise")
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(headline).to_contain_text("MobileNetV3-CPSCA")
    expect(chosen).to_contain_text("MobileNetV3-CPSCA")
    assert all(element.evaluate("e => e.isConnected && e.textContent.includes('CPSCA')") for element in elements)


def test_choices_come_back_elsewhere(visit_evaluation, browser: Browser):
    page = visit_evaluation()
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(score(page)).to_contain_text("CPSCA")
    page.get_by_role("radio", name="Counts").click()
    expect(page.get_by_text("Number of faces.")).to_be_visible()
    cell(page, "anger", "anger", "MobileNetV3-CPSCA").click()
    expect_chosen(page, "anger", "anger", "MobileNetV3-CPSCA")
    choose(page, "Table", "001-T7")
    expect(page.get_by_role("heading", name="Table 7: confusion matrix on FERPlus")).to_be_visible()
    expect(page).to_have_url(re.compile("table=001-T7"))
    elsewhere = browser.new_context()
    other = elsewhere.new_page()
    other.goto(page.url)
    expect(score(other)).to_contain_text("CPSCA")
    expect_chosen(other, "anger", "anger", "MobileNetV3-CPSCA")
    expect(other.get_by_text("Number of faces.")).to_be_visible()
    expect(other.get_by_role("heading", name="Table 7: confusion matrix on FERPlus")).to_be_visible()
    elsewhere.close()


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        ("reliability", "Reliability curve"),
        ("cost_macs", "Accuracy against multiply-adds"),
        ("cost_parameters", "Accuracy against parameters"),
        ("training", "Accuracy by epoch"),
    ],
)
def test_every_chart_has_words_and_words_that_can_be_read(visit_evaluation, chart, words):
    page = visit_evaluation()
    if chart == "training":
        page.get_by_text("Training curves", exact=True).click()
    plot = page.locator(f".st-key-{chart}").get_by_test_id("stPlotlyChart")
    expect(plot).to_have_count(1)
    expect(plot.and_(page.get_by_label(words)).or_(plot.get_by_label(words))).to_have_count(1)
    # Streamlit's theme would draw them in a faint grey: they have the colour of the page's text.
    text = plot.locator("[class$='tick'] text").first
    assert text.evaluate("e => getComputedStyle(e).fill === getComputedStyle(e).color")


def test_numbers_behind_the_pictures_are_opened_by_keyboard(visit_evaluation):
    page = visit_evaluation()
    folds = page.locator("summary", has_text="The numbers as a table")
    expect(folds).to_have_count(3)  # matrix, reliability and costs
    folds.first.focus()
    folds.first.press("Enter")
    expect(page.get_by_role("columnheader", name="read as fear")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_usable_at_375_pixels_in_both_themes(visit_evaluation, page, scheme):
    page.set_viewport_size({"width": 375, "height": 812})
    page.emulate_media(color_scheme=scheme)
    visit_evaluation("?compare=mobilenetv3_cpsca.ferplus&table=001-T4&runs=true")
    expect(score(page).get_by_role("heading")).to_be_in_viewport()
    expect_the_largest_text(page)
    expect(page.locator(".fs-printed")).to_be_visible()
    expect(page.locator(".st-key-cost_parameters .nsewdrag")).to_be_visible()
    page.get_by_text("Training curves", exact=True).click()
    expect(page.locator(".st-key-training .nsewdrag").first).to_be_visible()
    for fold in page.locator("summary", has_text="The numbers as a table").all():
        fold.click()
    expect(page.get_by_role("columnheader", name="read as fear")).to_be_visible()
    expect_as_wide_as_the_page(page)
    # What is wider than the page scrolls by itself, and no text is smaller than 12 pixels.
    assert page.locator(".fs-scroll:has(.fs-printed)").evaluate("e => e.scrollWidth > e.clientWidth")
    assert page.evaluate(SMALLEST_TEXT) >= 12
