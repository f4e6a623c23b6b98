"""The page "Recognise" in a real browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

ANSWER = ".fs-answer h2"
EXPRESSION = re.compile(r"^(Neutral|Happiness|Surprise|Sadness|Anger|Disgust|Fear|Contempt)\s+[<>]?\d+\s%$")
NETWORKS = ("MobileNetV3-SimAM", "MobileNetV3-CPSCA", "A-MobileNet", "EfficientNet-B0-attention")
# How many pictures a network's gates are.
GATE_PICTURES = {
    "MobileNetV3-SimAM": 8,
    "MobileNetV3-CPSCA": 3 + 7 * 3,  # SE; for each coordinate gate rows, columns and product
    "A-MobileNet": 4 * 2,
    "EfficientNet-B0-attention": 16 + 1,
}


@pytest.fixture
def astronaut_file(astronaut: np.ndarray, tmp_path: Path) -> Path:
    file = tmp_path / "astronaut.png"
    cv2.imwrite(str(file), astronaut[:, :, ::-1])
    return file


@pytest.fixture
def visit(page: Page, page_errors: list[str], site_url: str) -> Iterator[Callable[[str], Page]]:
    """Call it with a query string; in the end the page must not have logged or thrown an error."""

    def open_page(query: str = "") -> Page:
        page.goto(f"{site_url}/{query}")
        return page

    # The first visitor's networks are loaded from disk.
    expect.set_options(timeout=30_000)
    yield open_page
    assert not page_errors


def upload(page: Page, file: Path) -> None:
    page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files(file)


def widths(images: Locator) -> list[int]:
    """Natural widths of all pictures that the locator finds, once every one has been decoded."""
    return images.evaluate_all("images => Promise.all(images.map(i => i.decode().then(() => i.naturalWidth, () => 0)))")


def assert_no_sideways_scrolling(page: Page) -> None:
    for root in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0


def test_a_gallery_result_is_on_screen_without_a_click(visit):
    page = visit()
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    expect(page.locator(ANSWER)).to_be_in_viewport()
    # The answer is the largest text, once the styles have arrived.
    page.wait_for_function(
        """answer => {
            const size = element => parseFloat(getComputedStyle(element).fontSize)
            const shown = document.querySelector(answer)
            const others = [...document.querySelectorAll('.stMain *')].filter(element => !shown.contains(element))
            return size(shown) > Math.max(...others.map(size))
        }""",
        arg=ANSWER,
    )


@pytest.mark.parametrize("network", NETWORKS)
def test_upload_shows_the_expression_and_every_gate(visit, astronaut_file, network):
    page = visit(f"?network={network}&picture=Upload")
    expect(page.locator(ANSWER)).to_have_text("No picture yet")
    page.locator("input[type=file]").set_input_files(astronaut_file)
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    expect(page.locator(".fs-eyebrow")).to_have_text(f"{network} reads this face as")
    gates = page.locator(".fs-lead ~ .fs-section .fs-frames img")
    expect(gates).to_have_count(GATE_PICTURES[network])
    assert min(widths(gates)) > 0
    assert all(gate.get_attribute("alt") for gate in gates.all())
    assert min(widths(page.locator(".fs-overview img"))) > 0


def test_a_visitors_picture_leaves_no_address_on_the_server(visit, astronaut_file):
    page = visit()
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    upload(page, astronaut_file)
    expect(page.get_by_text("The face, aligned")).to_be_visible()
    expect(page.get_by_role("radio", name="Face 1")).to_be_visible()
    assert not [url for url in fetched if "/media/" in url]
    assert not page.locator("img[src*='/media/']").count()


def test_a_bad_file_is_one_sentence(visit, tmp_path):
    page = visit()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"this is not a picture")
    upload(page, bad)
    expect(page.locator(ANSWER)).to_have_text("This picture cannot be used")
    expect(page.get_by_role("alert").locator("p")).to_have_text(re.compile(r"^[A-Z].*Save it as JPEG.*\.$"))
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_choices_are_in_the_address_and_come_back_elsewhere(visit, browser: Browser):
    page = visit()
    page.get_by_role("radio", name="Fear").click()
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(page.locator(".fs-eyebrow")).to_contain_text("MobileNetV3-CPSCA")
    page.get_by_role("radio", name="2", exact=True).click()
    expect(page).to_have_url(re.compile("composite=2"))
    page.get_by_test_id("stCheckbox").get_by_text("Stretch to this picture's range").click()
    expect(page.get_by_text("Stretched to this picture's range").first).to_be_visible()
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.locator(".fs-overlay > div")).to_have_attribute("style", "opacity:0.55")
    expect(page).to_have_url(re.compile("sample=fear"))
    expect(page).to_have_url(re.compile("opacity=55"))
    for choice in ("network=mobilenetv3_cpsca.ferplus", "composite=2", "stretch=true"):
        assert choice in page.url
    shown = page.locator(".fs-overview").inner_html()

    elsewhere = browser.new_context()
    other = elsewhere.new_page()
    other.goto(page.url)
    expect(other.locator(".fs-eyebrow")).to_contain_text("MobileNetV3-CPSCA")
    expect(other.get_by_role("radio", name="Fear")).to_be_checked()
    expect(other.get_by_role("radio", name="2", exact=True)).to_be_checked()
    assert other.locator(".fs-overview").inner_html() == shown
    elsewhere.close()


def test_the_pages_name_leads_to_it_with_every_choice(page, site_url):
    page.goto(f"{site_url}/recognise?network=MobileNetV3-CPSCA&sample=Fear")
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    expect(page).to_have_url(f"{site_url}/?network=mobilenetv3_cpsca.ferplus&sample=fear")
    expect(page.locator(".st-key-pages").get_by_role("link")).to_have_text(["Recognise", "Evaluation"])
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_samples_are_chosen_by_keyboard(visit):
    page = visit()
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    page.get_by_role("radio", name="Happiness").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Surprise")).to_be_checked()
    expect(page).to_have_url(re.compile("sample=surprise"))


def test_samples_have_pictures_on_their_buttons(visit):
    page = visit()
    buttons = page.locator(".st-key-sample").get_by_role("radio")
    expect(buttons.first).to_be_visible()
    pictures = buttons.evaluate_all("all => all.map(b => getComputedStyle(b, '::before').backgroundImage)")
    assert len(pictures) == 9 and len(set(pictures)) == 9
    assert all("data:image/webp" in picture for picture in pictures)


def test_no_face_can_be_boxed_by_mouse(visit, astronaut, tmp_path):
    page = visit()
    file = tmp_path / "no_face.png"
    cv2.imwrite(str(file), astronaut[300:420, 20:140, ::-1])
    upload(page, file)
    expect(page.locator(ANSWER)).to_have_text("No face found")
    page.get_by_role("radio", name="Draw a box").click()
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    right = page.get_by_label("Right edge, %")
    expect(right).to_have_value("75")
    area = page.locator(".js-plotly-plot .nsewdrag")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"], steps=4)
    page.mouse.up()
    for name, value in (("Left", "10"), ("Top", "10"), ("Right", "50"), ("Bottom", "60")):
        expect(page.get_by_label(f"{name} edge, %")).to_have_value(value)
    expect(page).to_have_url(re.compile("right=50"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("network", ["MobileNetV3-CPSCA", "A-MobileNet"])
def test_usable_at_375_pixels_in_both_themes(visit, network, scheme):
    page = visit()
    page.set_viewport_size({"width": 375, "height": 812})
    page.emulate_media(color_scheme=scheme)
    visit(f"?network={network}")
    expect(page.locator(".fs-lead ~ .fs-section").last).to_be_visible()
    expect(page.locator(ANSWER)).to_be_in_viewport()
    assert_no_sideways_scrolling(page)
    for summary in page.locator(".fs-numbers summary").all():
        summary.click()
    assert_no_sideways_scrolling(page)


def test_a_map_reached_by_keyboard_shows_the_face(visit):
    page = visit("?network=MobileNetV3-SimAM")
    first = page.locator(".fs-lead ~ .fs-section .fs-map").first
    expect(first.locator("img")).to_have_css("opacity", "1")
    first.focus()
    expect(first.locator("img")).to_have_css("opacity", "0.45")
    assert "data:image/webp" in first.evaluate("e => getComputedStyle(e).backgroundImage")
