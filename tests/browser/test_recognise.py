"""The page "Recognise" in a real browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

ANSWER = ".fs-answer h2"
EXPRESSION = re.compile(
    r"^((Neutral|Happiness|Surprise|Sadness|Anger|Disgust|Fear|Contempt)\s+[<>]?\d+\s%|Unsure: \w+ or \w+\s.*%)$"
)
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


def stands_still(page: Page) -> None:
    """Wait until nothing moves: a press that ends on what has slid under it chooses nothing, in any browser."""
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
        " && document.getAnimations().every(animation => animation.playState !== 'running')"
    )


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box over the visitor's picture with the mouse, from one place to another in parts of its sides."""
    picture = page.get_by_alt_text("Your picture")
    stands_still(page)
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    corners = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*corners[0])
    page.mouse.down()
    page.mouse.move(*corners[1], steps=4)
    page.mouse.up()


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
    gates = page.locator(".st-key-own_gates .fs-section img")
    expect(gates).to_have_count(GATE_PICTURES[network])
    assert min(widths(gates)) > 0
    assert all(gate.get_attribute("alt") for gate in gates.all())
    hero = page.locator(".fs-hero img")
    expect(hero).not_to_have_count(0)  # its map may take longer than the answer
    assert min(widths(hero)) > 0


def test_a_visitors_picture_leaves_no_address_on_the_server(visit, astronaut_file):
    page = visit()
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    upload(page, astronaut_file)
    expect(page.get_by_text("The face, aligned")).to_be_visible()
    expect(page.get_by_role("radio", name="Face 1")).to_be_visible()
    assert not [url for url in fetched if "/media/" in url and "/static/" not in url]  # the uploader brings its icons
    assert not page.locator("img[src*='/media/']").count()


def test_a_bad_file_is_one_sentence(visit, tmp_path):
    page = visit()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"this is not a picture")
    upload(page, bad)
    expect(page.locator(ANSWER)).to_have_text("This picture cannot be used")
    expect(page.get_by_role("alert").locator("p")).to_have_text(re.compile(r"^[A-Z].*Save it as JPEG.*\.$"))
    expect(page.get_by_role("status").filter(has_text="This picture cannot be used")).to_have_count(1)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_choices_are_in_the_address_and_come_back_elsewhere(visit, browser: Browser):
    page = visit()
    page.get_by_role("radio", name="Fear").click()
    page.get_by_role("radio", name="MobileNetV3-CPSCA").click()
    expect(page.locator(".fs-eyebrow")).to_contain_text("MobileNetV3-CPSCA")
    page.get_by_role("radio", name="2", exact=True).click()
    expect(page).to_have_url(re.compile("composite=2"))
    page.get_by_role("radio", name="Same scale for all").click()
    expect(page).to_have_url(re.compile("contrast=same"))
    page.get_by_role("button", name="Settings").click()
    slider = page.get_by_role("slider", name="Maps over the face")
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.locator(".fs-hero .fs-strip").first).to_have_attribute("style", re.compile("--fs-opacity:0.55"))
    expect(page).to_have_url(re.compile("sample=fear"))
    expect(page).to_have_url(re.compile("opacity=55"))
    for choice in ("network=mobilenetv3_cpsca.ferplus", "composite=2", "contrast=same"):
        assert choice in page.url
    shown = page.locator(".fs-hero").first.inner_html()

    elsewhere = browser.new_context()
    other = elsewhere.new_page()
    other.goto(page.url)
    expect(other.locator(".fs-eyebrow")).to_contain_text("MobileNetV3-CPSCA")
    expect(other.get_by_role("radio", name="Fear")).to_be_checked()
    expect(other.get_by_role("radio", name="2", exact=True)).to_be_checked()
    assert other.locator(".fs-hero").first.inner_html() == shown
    elsewhere.close()


def test_the_pages_name_leads_to_it_with_every_choice(page, site_url):
    page.goto(f"{site_url}/recognise?network=MobileNetV3-CPSCA&sample=Fear")
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    expect(page).to_have_url(f"{site_url}/?network=mobilenetv3_cpsca.ferplus&sample=fear")
    expect(page.locator(".st-key-pages").get_by_role("link").first).to_have_text("Recognise")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_samples_are_chosen_by_keyboard(visit):
    page = visit()
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    page.get_by_role("radio", name="Happiness").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Surprise")).to_be_checked()
    expect(page).to_have_url(re.compile("sample=surprise"))


def test_samples_have_pictures_on_their_buttons(visit):
    page = visit()
    # Once the styles have arrived.
    page.wait_for_function(
        """() => {
            const options = [...document.querySelectorAll('.st-key-sample [data-testid=stRadioOption]')]
            const pictures = options.map(each => getComputedStyle(each, '::before').backgroundImage)
            return new Set(pictures).size === 9 && pictures.every(each => each.includes('data:image/webp'))
        }"""
    )


def test_no_face_can_be_boxed_by_mouse(visit, astronaut, tmp_path):
    page = visit()
    file = tmp_path / "no_face.png"
    cv2.imwrite(str(file), astronaut[300:420, 20:140, ::-1])
    upload(page, file)
    expect(page.locator(ANSWER)).to_have_text("No face found")
    drag(page, (0.1, 0.2), (0.5, 0.6))
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    for name, value in (("Left", "10"), ("Top", "20"), ("Right", "50"), ("Bottom", "60")):
        expect(page.get_by_label(f"{name} edge, %")).to_have_value(value)
    expect(page).to_have_url(re.compile("part=box&left=10&top=20&right=50&bottom=60"))
    drag(page, (0.9, 0.9), (0.3, 0.1))
    expect(page).to_have_url(re.compile("left=30&top=10&right=90&bottom=90"))
    page.go_back()
    expect(page.get_by_label("Right edge, %")).to_have_value("50")
    # A line is no box: the last one stays.
    drag(page, (0.2, 0.3), (0.8, 0.3))
    drag(page, (0.2, 0.2), (0.4, 0.4))
    expect(page).to_have_url(re.compile("left=20&top=20&right=40&bottom=40"))
    page.go_back()
    expect(page.get_by_label("Right edge, %")).to_have_value("50")


def test_a_box_outlives_a_page_drawn_anew_under_the_mouse(visit, astronaut_file):
    page = visit("?picture=upload&part=box")
    page.locator("input[type=file]").set_input_files(astronaut_file)
    picture = page.get_by_alt_text("Your picture")
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    page.get_by_label("Left edge, %").fill("5")
    picture.scroll_into_view_if_needed()
    place = picture.bounding_box()
    page.mouse.move(place["x"] + 0.2 * place["width"], place["y"] + 0.3 * place["height"])
    # The press takes the focus from the number, which is sent then, and the page is drawn anew.
    page.mouse.down()
    page.mouse.move(place["x"] + 0.4 * place["width"], place["y"] + 0.5 * place["height"], steps=4)
    expect(page).to_have_url(re.compile("left=5"))
    expect(page.locator("[data-test-script-state=notRunning]")).to_have_count(1)
    page.mouse.move(place["x"] + 0.6 * place["width"], place["y"] + 0.7 * place["height"], steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("left=20&top=30&right=60&bottom=70"))


def test_a_box_is_drawn_by_finger(browser, site_url, astronaut_file):
    context = browser.new_context(viewport={"width": 375, "height": 812}, has_touch=True, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{site_url}/?picture=upload&part=box")
    page.locator("input[type=file]").set_input_files(astronaut_file)
    picture = page.get_by_alt_text("Your picture")
    expect(picture).to_be_visible(timeout=30_000)
    stands_still(page)
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    touch = page.context.new_cdp_session(page)
    places = [(0.2, 0.2), (0.4, 0.4), (0.6, 0.8)]
    for kind, place in zip(("touchStart", "touchMove", "touchMove"), places, strict=True):
        point = {"x": box["x"] + place[0] * box["width"], "y": box["y"] + place[1] * box["height"]}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page).to_have_url(re.compile("left=20&top=20&right=60&bottom=80"), timeout=30_000)
    context.close()


def test_a_face_of_a_group_is_chosen_by_its_number(visit, astronaut, tmp_path):
    page = visit()
    file = tmp_path / "group.png"
    cv2.imwrite(str(file), np.concatenate([astronaut, astronaut[:, ::-1]], axis=1)[:, :, ::-1])
    upload(page, file)
    numbers = page.get_by_role("button", name=re.compile("^Face [0-9]$"))
    expect(numbers.nth(1)).to_be_visible()
    expect(numbers.first).to_have_attribute("aria-pressed", "true")
    numbers.nth(1).click()
    expect(numbers.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("radio", name="Face 2")).to_be_checked()
    expect(page).to_have_url(re.compile("part=2"))


def test_a_picture_stays_through_pages_and_sources_until_it_is_removed(visit, astronaut_file):
    page = visit()
    upload(page, astronaut_file)
    expect(page.get_by_role("radio", name="Face 1")).to_be_checked()
    page.get_by_role("link", name="Evaluation").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("How good")
    page.get_by_role("link", name="Recognise").click()
    # The first visitor of Evaluation waits for its libraries and, where there is one, for the data set.
    expect(page.get_by_role("radio", name="Face 1")).to_be_checked(timeout=120_000)
    page.get_by_role("radio", name="Sample").click()
    expect(page).not_to_have_url(re.compile("picture="))
    expect(page.get_by_role("radio", name="Happiness")).to_be_checked()
    page.go_back()
    expect(page.get_by_role("radio", name="Face 1")).to_be_checked()
    page.get_by_role("button", name="Remove picture").click()
    expect(page.locator(ANSWER)).to_have_text("No picture yet")


def test_a_picture_can_be_removed_as_soon_as_it_is_there_and_given_again(visit, astronaut_file):
    page = visit("?picture=upload")
    for _ in range(2):
        page.locator("input[type=file]").set_input_files(astronaut_file)
        expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
        page.get_by_role("button", name="Remove picture").click()
        expect(page.locator(ANSWER)).to_have_text("No picture yet")


def test_a_changed_headline_is_announced_where_the_last_one_was(visit):
    page = visit()
    status = page.get_by_role("status").filter(has_text="reads this face as")
    expect(status).to_contain_text("A-MobileNet reads this face as")
    element = status.element_handle()
    link = page.get_by_role("link", name="Evaluation").element_handle()
    page.get_by_role("radio", name="MobileNetV3-SimAM").click()
    expect(status).to_contain_text("MobileNetV3-SimAM reads this face as")
    assert element.evaluate("element => element.isConnected && element.textContent.includes('SimAM')")
    stands_still(page)
    assert link.evaluate("link => link.isConnected && link.href.includes('network=mobilenetv3_simam.ferplus')")


def test_tab_enters_each_group_at_its_chosen_item(visit):
    page = visit("?sample=fear&composite=2&network=mobilenetv3_cpsca.ferplus")
    expect(page.locator(ANSWER)).to_have_text(EXPRESSION)
    stands_still(page)
    page.get_by_role("link", name="Fine-tune").focus()  # the last of them
    entered = []
    for _ in range(4):
        page.keyboard.press("Tab")
        entered += page.evaluate("[...(document.activeElement.labels ?? [])].map(label => label.textContent.trim())")
    assert entered == ["Sample", "Fear", "2", "MobileNetV3-CPSCA"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("network", ["MobileNetV3-CPSCA", "A-MobileNet"])
def test_usable_at_375_pixels_in_both_themes(visit, network, scheme):
    page = visit()
    page.set_viewport_size({"width": 375, "height": 812})
    page.emulate_media(color_scheme=scheme)
    visit(f"?network={network}")
    expect(page.locator(".st-key-own_gates .fs-section").last).to_be_visible()
    expect(page.locator(ANSWER)).to_be_in_viewport()
    assert_no_sideways_scrolling(page)
    for summary in page.locator(".fs-numbers summary").all():
        summary.click()
    assert_no_sideways_scrolling(page)


def test_a_map_reached_by_keyboard_shows_the_face(visit):
    page = visit("?network=MobileNetV3-SimAM")
    first = page.locator(".st-key-own_gates .fs-map").first
    expect(first.locator("img")).to_have_css("opacity", "0.6")
    first.focus()
    expect(first.locator("img")).to_have_css("opacity", "0.12")
    assert "data:image/webp" in first.evaluate("e => getComputedStyle(e).backgroundImage")


def test_each_layer_is_told_as_three_frames_and_simams_energy_survives_a_reload(visit):
    page = visit("?network=mobilenetv3_simam.ferplus")
    page.get_by_role("radio", name="Energy (1/e*)").click()
    expect(page).to_have_url(re.compile("simam=energy"))
    energy = page.get_by_role("img", name="Block 4, 1/e*")
    expect(energy).to_be_visible()
    page.reload()
    expect(energy).to_be_visible()
    for network in ("mobilenetv3_simam", "a_mobilenet"):
        page = visit(f"?network={network}.ferplus")
        page.get_by_text("What comes in, and what goes out").last.click()
        for name in ("what comes in", "the gate", "what goes out"):
            expect(page.get_by_role("img", name=re.compile(f"^Block 4 .*, {name}")).first).to_be_visible()
