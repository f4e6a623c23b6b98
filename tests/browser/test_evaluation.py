"""The page "Evaluation" in a real browser, with the checkpoints that come with FERScope.

With FERSCOPE_DATA set a cell shows pictures, without it their mean: each test accepts both.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
WIDTHS = (375, 768, 1024, 1280, 1920)
FACES = ".fs-faces img, .fs-mean img"
# Size in pixels of the smallest text that is drawn.
SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll('.stMain *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.getClientRects().length)
    .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
FONT_SIZE = "e => parseFloat(getComputedStyle(e).fontSize)"
LARGEST_TEXT = SMALLEST_TEXT.replace("Math.min", "Math.max")


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


def score(page: Page) -> Locator:
    return page.locator(".fs-score")


def grid(page: Page, name: str = "A-MobileNet") -> Locator:
    return page.get_by_role("grid", name=f"Confusion matrix of {name}", exact=True)


def cell(page: Page, true: str, predicted: str, name: str = "A-MobileNet") -> Locator:
    read = f"{true} recognised" if true == predicted else f"{true} read as {predicted}"
    return grid(page, name).get_by_role("button", name=re.compile(f"^{read}, "))


def expect_chosen(page: Page, true: str, predicted: str, name: str = "A-MobileNet") -> None:
    """The cell is pressed, told of beside the matrix, and in the address unless it is the default."""
    expect(cell(page, true, predicted, name)).to_have_attribute("aria-pressed", "true")
    expect(grid(page, name).get_by_role("button", pressed=True)).to_have_count(1)
    read = f"{true} recognised" if true == predicted else f"{true} read as {predicted}"
    expect(page.get_by_role("heading", name=read.capitalize(), exact=True)).to_be_visible()
    for key, value, default in (("true", true, "sadness"), ("predicted", predicted, "neutral")):
        pattern = re.compile(rf"[?&]{key}={value}(&|$)")
        (expect(page).not_to_have_url if value == default else expect(page).to_have_url)(pattern)


def numbers(page: Page, pattern: str, name: str = "A-MobileNet") -> list[list[float]]:
    """What the pattern finds in the names of a matrix's buttons, line by line."""
    names = grid(page, name).get_by_role("button").evaluate_all("all => all.map(b => b.ariaLabel)")
    found = [float(re.search(pattern, text)[1].replace(",", "").replace("−", "-")) for text in names]
    return [found[start : start + len(LABELS)] for start in range(0, len(found), len(LABELS))]


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a select box with the keyboard alone."""
    box = page.get_by_role("combobox", name=re.compile(label))
    box.focus()
    box.press("Enter")
    box.press_sequentially(option)
    box.press("Enter")


def expect_as_wide_as_the_page(page: Page) -> None:
    for root in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0


def test_the_page_is_reached_from_the_first_one(page, site_url):
    expect.set_options(timeout=120_000)
    page.goto(site_url)
    page.get_by_role("link", name="Evaluation").click()
    expect(page).to_have_url(f"{site_url}/evaluation")
    expect(page.get_by_role("heading", level=1)).to_have_text("How good is each network, and where does it err?")
    heading = score(page).get_by_role("heading")
    expect(heading).to_have_text(re.compile(r"^\d\d\.\d\s% of 3,199 faces$"))
    expect(heading).to_be_in_viewport()
    assert page.evaluate(LARGEST_TEXT) == heading.evaluate(FONT_SIZE)


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


def test_a_checkpoint_is_chosen_and_is_in_the_address(visit):
    page = visit()
    expect(score(page)).to_contain_text("A-MobileNet")
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(score(page)).to_contain_text("MobileNetV3-CPSCA")
    expect(page).to_have_url(re.compile("network=mobilenetv3_cpsca.ferplus"))


def test_a_clicked_cell_shows_its_faces(visit):
    page = visit()
    expect_chosen(page, "sadness", "neutral")
    cell(page, "happiness", "happiness").click()
    expect_chosen(page, "happiness", "happiness")
    faces = page.locator(FACES)
    expect(faces.first).to_be_visible()
    assert min(faces.evaluate_all("all => Promise.all(all.map(i => i.decode().then(() => i.naturalWidth)))")) == 48
    assert all(face.get_attribute("alt") for face in faces.all())
    # And again, and back.
    cell(page, "fear", "surprise").click()
    expect_chosen(page, "fear", "surprise")
    cell(page, "happiness", "happiness").click()
    expect_chosen(page, "happiness", "happiness")
    page.go_back()
    expect_chosen(page, "fear", "surprise")


def test_a_changed_score_and_a_changed_cell_are_announced_where_the_last_ones_were(visit):
    page = visit()
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


def test_a_tap_chooses_the_tapped_cell(browser: Browser, site_url):
    expect.set_options(timeout=120_000)
    phone = browser.new_context(viewport={"width": 375, "height": 812}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    page.goto(f"{site_url}/evaluation")
    expect_chosen(page, "sadness", "neutral")
    for true, predicted in (("fear", "surprise"), ("happiness", "happiness"), ("contempt", "contempt")):
        cell(page, true, predicted).tap()
        expect_chosen(page, true, predicted)
    sides = (
        grid(page)
        .get_by_role("button")
        .evaluate_all("all => all.map(b => b.getBoundingClientRect()).map(r => Math.min(r.width, r.height))")
    )
    assert min(sides) >= 24  # WCAG 2.2, target size
    phone.close()


def test_a_cell_is_chosen_by_keyboard(visit):
    page = visit()
    expect_chosen(page, "sadness", "neutral")
    # Tab goes to the chosen cell and from there out of the matrix.
    page.get_by_role("radio", name="Shares").focus()
    page.keyboard.press("Tab")
    expect(cell(page, "sadness", "neutral")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[role=grid]')") is None
    page.keyboard.press("Shift+Tab")
    expect(cell(page, "sadness", "neutral")).to_be_focused()
    # Arrow keys move on, and stop at the edge; Enter and Space choose, and the focus stays.
    for key in ("ArrowLeft", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(cell(page, "anger", "happiness")).to_be_focused()
    expect(cell(page, "sadness", "neutral")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect_chosen(page, "anger", "happiness")
    expect(cell(page, "anger", "happiness")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect_chosen(page, "sadness", "happiness")
    expect(cell(page, "sadness", "happiness")).to_be_focused()
    # Whoever leaves without a choice comes back to the chosen cell.
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(cell(page, "sadness", "happiness")).to_be_focused()


def test_a_cell_that_is_pointed_at_says_its_full_value(visit):
    page = visit()
    name = cell(page, "fear", "surprise").get_attribute("aria-label")
    assert re.fullmatch(r"fear read as surprise, \d+\.\d %, \d+ faces", name)
    assert cell(page, "fear", "surprise").inner_text() == f"{float(name.split()[4]):.0f}"
    told = page.locator(".fs-readout")
    expect(told).to_contain_text("sadness read as neutral")
    cell(page, "fear", "surprise").hover()
    expect(told).to_have_text(name)


def test_shares_become_counts_and_two_checkpoints_a_difference(visit):
    page = visit()
    expect(cell(page, "fear", "fear")).to_be_visible()
    assert all(sum(line) == pytest.approx(100, abs=0.8) for line in numbers(page, r", ([\d.]+) %"))  # they are cut off
    page.get_by_role("radio", name="Counts").click()
    expect(page).to_have_url(re.compile("cells=counts"))
    expect(page.get_by_text("Number of faces.")).to_be_visible()
    assert sum(map(sum, numbers(page, r", ([\d,]+) faces?, "))) == 3199
    choose(page, "Compared with", "MobileNetV3-CPSCA")
    expect(page.get_by_text("McNemar's exact test")).to_be_visible()
    expect(page).to_have_url(re.compile("compare=mobilenetv3_cpsca.ferplus"))
    both = "A-MobileNet minus MobileNetV3-CPSCA"
    expect(cell(page, "fear", "fear", both)).to_be_visible()
    differences = numbers(page, r", ([+−]?[\d,]+) faces?$", both)
    assert [sum(line) for line in differences] == [0] * len(LABELS)  # both have seen the same faces
    assert any(any(line) for line in differences)
    cell(page, "fear", "fear", both).click()
    expect_chosen(page, "fear", "fear", both)


def test_the_papers_matrix_is_chosen_in_as_well(visit):
    page = visit("?network=mobilenetv3_simam.ferplus&compare=001-T7")
    expect_chosen(page, "sadness", "neutral", "MobileNetV3-SimAM")
    cell(page, "anger", "disgust", "the paper, 001-T7").click()
    expect_chosen(page, "anger", "disgust", "MobileNetV3-SimAM")
    expect_chosen(page, "anger", "disgust", "the paper, 001-T7")


def test_choices_come_back_elsewhere(visit, browser: Browser):
    page = visit()
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


@pytest.mark.parametrize("hidden", ["true,predicted", "true", "predicted"])
def test_a_link_that_hides_the_choice_of_cells_shows_them_without_buttons(visit, hidden):
    page = visit(f"?hide={hidden}&true=fear&predicted=fear")
    expect(page.get_by_role("heading", name="Fear recognised")).to_be_visible()
    expect(page.get_by_role("cell", name="94", exact=True)).to_be_visible()
    expect(grid(page)).to_have_count(0)


def test_the_matrix_does_not_wait_for_plotly(visit, page):
    held = []
    page.route(re.compile("PlotlyChart"), lambda route: held.append(route))
    with page.expect_request(re.compile("PlotlyChart"), timeout=120_000):
        visit()
    cell(page, "fear", "surprise").click()
    expect_chosen(page, "fear", "surprise")
    expect(page.get_by_role("columnheader", name="Recall")).to_be_visible()
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(0)
    for request in held:
        request.continue_()
    expect(charts).to_have_count(3)


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        ("reliability", "Reliability curve"),
        ("cost_macs", "Accuracy against multiply-adds"),
        ("cost_parameters", "Accuracy against parameters"),
        ("training", "Accuracy by epoch"),
    ],
)
def test_every_chart_has_words_and_words_that_can_be_read(visit, chart, words):
    page = visit()
    if chart == "training":
        page.get_by_text("Training curves", exact=True).click()
    plot = page.locator(f".st-key-{chart}").get_by_test_id("stPlotlyChart")
    expect(plot).to_have_count(1)
    expect(plot.and_(page.get_by_label(words)).or_(plot.get_by_label(words))).to_have_count(1)
    # Streamlit's theme would draw them in a faint grey: they have the colour of the page's text.
    text = plot.locator("[class$='tick'] text").first
    assert text.evaluate("e => getComputedStyle(e).fill === getComputedStyle(e).color")


def test_numbers_behind_the_pictures_are_opened_by_keyboard(visit):
    page = visit()
    folds = page.locator("summary", has_text="The numbers as a table")
    expect(folds).to_have_count(3)  # matrix, reliability and costs
    folds.first.focus()
    folds.first.press("Enter")
    expect(page.get_by_role("columnheader", name="read as fear")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_usable_at_375_pixels_in_both_themes(visit, page, scheme):
    page.set_viewport_size({"width": 375, "height": 812})
    page.emulate_media(color_scheme=scheme)
    visit("?compare=mobilenetv3_cpsca.ferplus&table=001-T4&runs=true")
    expect(score(page).get_by_role("heading")).to_be_in_viewport()
    assert page.evaluate(LARGEST_TEXT) == score(page).get_by_role("heading").evaluate(FONT_SIZE)
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


@pytest.mark.parametrize("width", WIDTHS)
def test_the_matrix_and_its_answer_fit_every_screen(visit, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    visit("?network=mobilenetv3_simam.ferplus&compare=001-T7")
    expect_chosen(page, "sadness", "neutral", "MobileNetV3-SimAM")
    expect_as_wide_as_the_page(page)
    for name in ("MobileNetV3-SimAM", "the paper, 001-T7"):
        heads = grid(page, name).get_by_role("columnheader")
        cut = heads.evaluate_all("all => all.filter(h => h.scrollWidth > h.clientWidth + 1).map(h => h.textContent)")
        assert cut == []
        rows = grid(page, name).get_by_role("rowheader")
        cut = rows.evaluate_all("all => all.filter(h => h.scrollWidth > h.clientWidth + 1).map(h => h.textContent)")
        assert cut == []


def test_on_a_phone_the_faces_are_less_than_a_screen_below_their_cell(visit, page):
    page.set_viewport_size({"width": 375, "height": 812})
    visit()
    expect_chosen(page, "sadness", "neutral")
    tapped = cell(page, "neutral", "neutral").bounding_box()
    faces = page.locator(FACES).first.bounding_box()
    assert 0 < faces["y"] + faces["height"] - tapped["y"] < 812
