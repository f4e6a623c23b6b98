"""The page "Evaluation" in a real browser, with the checkpoints that come with FERScope.

With FERSCOPE_DATA set a cell shows pictures, without it their mean: each test accepts both.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

SCORE = ".fs-score h2"
CELL = ".fs-words h3"
LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
FACES = ".fs-faces img, .fs-mean img"
# Size in pixels of the smallest text that is drawn.
SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll('.stMain *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.getClientRects().length)
    .map(e => parseFloat(getComputedStyle(e).fontSize)))"""


@pytest.fixture
def visit(page: Page, page_errors: list[str], site_url: str) -> Iterator[Callable[[str], Page]]:
    """Call it with a query string; in the end the page must not have logged or thrown an error."""
    refused = []

    def note(response: Response) -> None:
        if response.status >= 400:
            refused.append(response.url)

    def open_page(query: str = "") -> Page:
        page.goto(f"{site_url}/evaluation{query}")
        return page

    page.on("response", note)
    # The first visitor waits for libraries and, where there is one, for the data set.
    expect.set_options(timeout=120_000)
    yield open_page
    # On any page but the first, Streamlit looks for its server beneath the page's own address before it goes up.
    assert all("/evaluation/_stcore/" in url for url in refused)
    assert [error for error in page_errors if "status of 404" not in error] == []


def click_cell(page: Page, true: str, predicted: str, chart: str = "matrix") -> None:
    """Click into the lower right of a cell, away from its number."""
    area = page.locator(f".st-key-{chart} .nsewdrag")
    expect(area).to_have_count(1)  # while the page is drawn anew there are the old and the new one
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    x = box["width"] * (LABELS.index(predicted) + 0.8) / len(LABELS)
    y = box["height"] * (LABELS.index(true) + 0.7) / len(LABELS)
    page.mouse.click(box["x"] + x, box["y"] + y)


def chosen_cell(page: Page) -> Locator:
    return page.locator(CELL).filter(has_text=re.compile(", (read as|recognised)"))


def numbers(page: Page, which: str = "matrix") -> list[list[str]]:
    """The table beside the matrix, line by line, without its heads."""
    table = page.locator("details.fs-numbers table", has_text="what the network answered").first
    lines = table.evaluate("t => [...t.tBodies[0].rows].map(r => [...r.cells].slice(1).map(c => c.textContent))")
    assert len(lines) == len(LABELS)
    return lines


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a select box with the keyboard alone."""
    box = page.get_by_role("combobox", name=re.compile(label))
    box.focus()
    box.press("Enter")
    box.press_sequentially(option)
    box.press("Enter")


def test_the_page_is_reached_from_the_first_one(page, site_url):
    expect.set_options(timeout=120_000)
    page.goto(site_url)
    page.get_by_role("link", name="Evaluation").click()
    expect(page).to_have_url(f"{site_url}/evaluation")
    expect(page.locator("h1")).to_have_text("How good is each network, and where does it err?")
    expect(page.locator(SCORE)).to_have_text(re.compile(r"^\d\d\.\d\s% of 3,199 faces$"))
    expect(page.locator(SCORE)).to_be_in_viewport()
    sizes = page.evaluate(
        "[...document.querySelectorAll('.stMain *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert max(sizes) == page.locator(SCORE).evaluate("e => parseFloat(getComputedStyle(e).fontSize)")


@pytest.mark.parametrize("width", [1280, 375])
def test_the_network_goes_along_to_the_other_page(page, site_url, width):
    expect.set_options(timeout=120_000)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site_url)
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(page.locator(".fs-eyebrow")).to_have_text("MobileNetV3-CPSCA reads this face as")
    expect(page).to_have_title("Recognise · FERScope")
    page.get_by_role("link", name="Evaluation").click()
    expect(page.locator(".fs-eyebrow")).to_have_text("MobileNetV3-CPSCA answers as people did for")
    expect(page).to_have_url(f"{site_url}/evaluation?network=mobilenetv3_cpsca.ferplus")
    expect(page).to_have_title("Evaluation · FERScope")
    page.get_by_role("link", name="Recognise").click()
    expect(page.locator(".fs-eyebrow")).to_have_text("MobileNetV3-CPSCA reads this face as")


def test_a_checkpoint_is_chosen_and_is_in_the_address(visit):
    page = visit()
    expect(page.locator(".fs-eyebrow")).to_have_text("A-MobileNet answers as people did for")
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(page.locator(".fs-eyebrow")).to_have_text("MobileNetV3-CPSCA answers as people did for")
    expect(page).to_have_url(re.compile("network=mobilenetv3_cpsca.ferplus"))


def test_a_clicked_cell_shows_its_faces(visit):
    page = visit()
    expect(chosen_cell(page)).to_have_text("Sadness, read as neutral")
    click_cell(page, "happiness", "happiness")
    expect(chosen_cell(page)).to_have_text("Happiness, recognised")
    expect(page).to_have_url(re.compile("true=happiness"))
    faces = page.locator(FACES)
    expect(faces.first).to_be_visible()
    assert min(faces.evaluate_all("all => Promise.all(all.map(i => i.decode().then(() => i.naturalWidth)))")) == 48
    assert all(face.get_attribute("alt") for face in faces.all())
    # And again, and back: a chart that was clicked stays clickable.
    click_cell(page, "fear", "surprise")
    expect(chosen_cell(page)).to_have_text("Fear, read as surprise")
    click_cell(page, "happiness", "happiness")
    expect(chosen_cell(page)).to_have_text("Happiness, recognised")


def test_a_cell_is_chosen_by_keyboard(visit):
    page = visit()
    expect(chosen_cell(page)).to_have_text("Sadness, read as neutral")
    choose(page, "People saw", "Anger")
    expect(chosen_cell(page)).to_have_text("Anger, read as neutral")
    choose(page, "It answered", "Sadness")
    expect(chosen_cell(page)).to_have_text("Anger, read as sadness")
    expect(page).to_have_url(re.compile("true=anger"))
    expect(page).to_have_url(re.compile("predicted=sadness"))


def test_shares_become_counts_and_two_checkpoints_a_difference(visit):
    page = visit()
    expect(chosen_cell(page)).to_be_visible()
    assert all(text.endswith(" %") for line in numbers(page) for text in line)
    page.get_by_role("radio", name="Counts").click()
    expect(page).to_have_url(re.compile("cells=counts"))
    expect(page.get_by_text("Number of faces.")).to_be_visible()
    counts = [[int(text.removesuffix(" faces").replace(",", "")) for text in line] for line in numbers(page)]
    assert sum(map(sum, counts)) == 3199
    choose(page, "Compared with", "MobileNetV3-CPSCA")
    expect(page.get_by_text("McNemar's exact test")).to_be_visible()
    expect(page).to_have_url(re.compile("compare=mobilenetv3_cpsca.ferplus"))
    differences = [[int(text.removesuffix(" faces").replace("−", "-")) for text in line] for line in numbers(page)]
    assert [sum(line) for line in differences] == [0] * len(LABELS)  # both have seen the same faces
    assert any(any(line) for line in differences)


def test_choices_come_back_elsewhere(visit, browser: Browser):
    page = visit()
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(page.locator(".fs-eyebrow")).to_contain_text("CPSCA")
    page.get_by_role("radio", name="Counts").click()
    expect(page.get_by_text("Number of faces.")).to_be_visible()
    click_cell(page, "anger", "anger")
    expect(chosen_cell(page)).to_have_text("Anger, recognised")
    choose(page, "Table", "001-T7")
    expect(page.get_by_role("heading", name="Table 7: confusion matrix on FERPlus")).to_be_visible()
    expect(page).to_have_url(re.compile("table=001-T7"))
    elsewhere = browser.new_context()
    other = elsewhere.new_page()
    other.goto(page.url)
    expect(other.locator(".fs-eyebrow")).to_contain_text("CPSCA")
    expect(chosen_cell(other)).to_have_text("Anger, recognised")
    expect(other.get_by_text("Number of faces.")).to_be_visible()
    expect(other.get_by_role("heading", name="Table 7: confusion matrix on FERPlus")).to_be_visible()
    elsewhere.close()


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        ("matrix", "Confusion matrix of"),
        ("reliability", "Reliability curve"),
        ("cost_macs", "Accuracy against multiply-adds"),
        ("cost_parameters", "Accuracy against parameters"),
        ("training", "Accuracy by epoch"),  # in an expander that is shut
    ],
)
def test_every_chart_has_words(visit, chart, words):
    plot = visit().locator(f".st-key-{chart}").get_by_test_id("stPlotlyChart")
    expect(plot).to_have_count(1)
    named = plot.and_(plot.page.get_by_label(words)).or_(plot.get_by_label(words))
    expect(named).to_have_count(1)


def test_numbers_behind_the_charts_are_opened_by_keyboard(visit):
    page = visit()
    numbers_of = page.locator("details.fs-numbers")
    # Matrix, reliability and costs; those of the training curves lie in an expander that is shut.
    expect(numbers_of.filter(visible=True)).to_have_count(3)
    summary = numbers_of.locator("summary").first
    summary.focus()
    summary.press("Enter")
    expect(numbers_of.first.locator("table")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_usable_at_375_pixels_in_both_themes(visit, page, scheme):
    page.set_viewport_size({"width": 375, "height": 812})
    page.emulate_media(color_scheme=scheme)
    visit("?compare=MobileNetV3-CPSCA&table=001-T4")
    expect(page.locator(SCORE)).to_be_in_viewport()
    expect(page.locator(".fs-printed")).to_be_visible()
    expect(page.locator(".st-key-cost_parameters .nsewdrag")).to_be_visible()
    page.get_by_text("Training curves", exact=True).click()
    expect(page.locator(".st-key-training .nsewdrag").first).to_be_visible()
    for summary in page.locator("details.fs-numbers summary").all():
        summary.click()
    for root in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
    # What is wider than the page scrolls by itself, and no text is smaller than 12 pixels.
    assert page.locator(".fs-scroll:has(.fs-printed)").evaluate("e => e.scrollWidth > e.clientWidth")
    smallest = page.evaluate(SMALLEST_TEXT)
    assert smallest >= 12
    click_cell(page, "fear", "fear")
    expect(chosen_cell(page)).to_have_text("Fear, recognised")
