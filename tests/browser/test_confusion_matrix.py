"""The confusion matrix of the page "Evaluation" in a real browser, with the checkpoints that come with FERScope.

With FERSCOPE_DATA set a cell shows pictures, without it their mean: each test accepts both.
"""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from fer_models.checkpoints import read_card
from tests.support.evaluation_page import cell, choose, expect_as_wide_as_the_page, expect_chosen, grid

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
WIDTHS = (375, 768, 1024, 1280, 1920)
FACES = ".fs-faces img, .fs-mean img"


def numbers(page: Page, pattern: str, name: str = "A-MobileNet") -> list[list[float]]:
    """What the pattern finds in the names of a matrix's buttons, line by line."""
    names = grid(page, name).get_by_role("button").evaluate_all("all => all.map(b => b.ariaLabel)")
    found = [float(re.search(pattern, text)[1].replace(",", "").replace("−", "-")) for text in names]
    return [found[start : start + len(LABELS)] for start in range(0, len(found), len(LABELS))]


def test_a_clicked_cell_shows_its_faces(visit_evaluation):
    page = visit_evaluation()
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


def test_a_cell_is_chosen_by_keyboard(visit_evaluation):
    page = visit_evaluation()
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


def test_a_cell_that_is_pointed_at_says_its_full_value(visit_evaluation):
    page = visit_evaluation()
    name = cell(page, "fear", "surprise").get_attribute("aria-label")
    assert re.fullmatch(r"fear read as surprise, \d+\.\d %, \d+ faces", name)
    shown, told_share = cell(page, "fear", "surprise").inner_text(), float(name.split()[4])
    assert abs(int(shown) - told_share) <= 0.6  # rounded in the cell, cut off after a tenth in words
    told = page.locator(".fs-readout")
    expect(told).to_contain_text("sadness read as neutral")
    cell(page, "fear", "surprise").hover()
    expect(told).to_have_text(name)


def test_shares_become_counts_and_two_checkpoints_a_difference(visit_evaluation):
    page = visit_evaluation()
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


def test_the_papers_matrix_is_chosen_in_as_well(visit_evaluation):
    page = visit_evaluation("?network=mobilenetv3_simam.ferplus&compare=001-T7")
    expect_chosen(page, "sadness", "neutral", "MobileNetV3-SimAM")
    cell(page, "anger", "disgust", "the paper, 001-T7").click()
    expect_chosen(page, "anger", "disgust", "MobileNetV3-SimAM")
    expect_chosen(page, "anger", "disgust", "the paper, 001-T7")


@pytest.mark.parametrize("hidden", ["true,predicted", "true", "predicted"])
def test_a_link_that_hides_the_choice_of_cells_shows_them_without_buttons(visit_evaluation, hidden):
    page = visit_evaluation(f"?hide={hidden}&true=fear&predicted=fear")
    expect(page.get_by_role("heading", name="Fear recognised")).to_be_visible()
    recall = read_card("a_mobilenet.ferplus").scores[0].recall["happiness"]
    expect(page.get_by_role("cell", name=f"{100 * recall:.0f}", exact=True)).to_be_visible()
    expect(grid(page)).to_have_count(0)


def test_the_matrix_does_not_wait_for_plotly(visit_evaluation, page):
    held = []
    page.route(re.compile("PlotlyChart"), lambda route: held.append(route))
    with page.expect_request(re.compile("PlotlyChart"), timeout=120_000):
        visit_evaluation()
    cell(page, "fear", "surprise").click()
    expect_chosen(page, "fear", "surprise")
    expect(page.get_by_role("columnheader", name="Recall")).to_be_visible()
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(0)
    for request in held:
        request.continue_()
    expect(charts).to_have_count(3)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_matrix_and_its_answer_fit_every_screen(visit_evaluation, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    visit_evaluation("?network=mobilenetv3_simam.ferplus&compare=001-T7")
    expect_chosen(page, "sadness", "neutral", "MobileNetV3-SimAM")
    expect_as_wide_as_the_page(page)
    for name in ("MobileNetV3-SimAM", "the paper, 001-T7"):
        heads = grid(page, name).get_by_role("columnheader")
        cut = heads.evaluate_all("all => all.filter(h => h.scrollWidth > h.clientWidth + 1).map(h => h.textContent)")
        assert cut == []
        rows = grid(page, name).get_by_role("rowheader")
        cut = rows.evaluate_all("all => all.filter(h => h.scrollWidth > h.clientWidth + 1).map(h => h.textContent)")
        assert cut == []


def test_on_a_phone_the_faces_are_less_than_a_screen_below_their_cell(visit_evaluation, page):
    page.set_viewport_size({"width": 375, "height": 812})
    visit_evaluation()
    expect_chosen(page, "sadness", "neutral")
    tapped = cell(page, "neutral", "neutral").bounding_box()
    faces = page.locator(FACES).first.bounding_box()
    assert 0 < faces["y"] + faces["height"] - tapped["y"] < 812
