"""A patch on the face, laid by mouse, by finger and by keyboard: the bars and the link follow."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.evaluation_page import choose

BARS = ".fs-probabilities tbody"
ARROW = "\N{RIGHTWARDS ARROW}"  # between the numbers without and with the patch


def face(page: Page) -> Locator:
    return page.get_by_role("application", name="The face, aligned")


def numbers(page: Page) -> list[str]:
    return page.locator(f"{BARS} td:last-child").all_inner_texts()


@pytest.fixture
def opened(page: Page, site_url: str) -> Page:
    expect.set_options(timeout=60_000)
    page.goto(f"{site_url}/?sample=anger")
    expect(page.locator(BARS)).to_be_visible()
    return page


def point(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place of the face, in parts of its sides, on the screen."""
    face(page).scroll_into_view_if_needed()
    box = face(page).bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_a_press_covers_a_place_a_drag_moves_it_and_a_button_takes_it_away(opened, page_errors):
    page = opened
    without, covering = numbers(page), page.get_by_role("img", name=re.compile("^What changes")).get_attribute("src")
    page.mouse.click(*point(page, 0.5, 0.75))
    expect(page.locator(BARS)).to_contain_text(ARROW)
    expect(page).to_have_url(re.compile("cover=50%2C75"))
    after = numbers(page)
    assert [line.split(f" {ARROW} ")[0] for line in after] == without
    assert any(first != second for first, second in (line.split(f" {ARROW} ") for line in after))
    expect(page.get_by_role("img", name=re.compile("^What changes"))).not_to_have_attribute("src", covering)
    page.mouse.move(*point(page, 0.5, 0.75))
    page.mouse.down()
    page.mouse.move(*point(page, 0.4, 0.3), steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("cover=40%2C30"))
    page.go_back()
    expect(page).to_have_url(re.compile("cover=50%2C75"))
    page.get_by_role("button", name="Take the patch away").click()
    expect(page.locator(BARS)).not_to_contain_text(ARROW)
    expect(page).not_to_have_url(re.compile("cover="))
    assert numbers(page) == without and not page_errors


def test_arrow_keys_move_the_patch_and_delete_takes_it_away(opened):
    page = opened
    face(page).focus()
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile("cover=50%2C50"))
    expect(page.locator(BARS)).to_contain_text(ARROW)
    expect(face(page)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("cover=56%2C56"))
    page.keyboard.press("Delete")
    expect(page.locator(BARS)).not_to_contain_text(ARROW)
    expect(page).not_to_have_url(re.compile("cover="))


def test_a_finger_covers_a_place_and_moves_the_patch(browser: Browser, site_url: str):
    expect.set_options(timeout=60_000)
    context = browser.new_context(viewport={"width": 375, "height": 812}, has_touch=True, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{site_url}/?sample=anger")
    expect(page.locator(BARS)).to_be_visible()
    page.wait_for_function("document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'")
    page.touchscreen.tap(*point(page, 0.5, 0.4))
    expect(page).to_have_url(re.compile("cover=50%2C40"))
    expect(page.locator(BARS)).to_contain_text(ARROW)
    touch = context.new_cdp_session(page)
    for kind, place in (("touchStart", (0.5, 0.4)), ("touchMove", (0.45, 0.5)), ("touchMove", (0.4, 0.6))):
        x, y = point(page, *place)
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page).to_have_url(re.compile("cover=40%2C60"))
    context.close()


def test_a_verdict_stands_under_the_map_and_follows_the_method(opened):
    page = opened
    verdict = page.locator(".fs-verdict")
    expect(verdict).to_contain_text(re.compile(r"\d\.\d\d"))
    first = verdict.inner_text()
    for name, choice, drawn in (("Map", "HiRes", "HiResCAM"), ("Layer", "Block 4,", "HiResCAM for anger, at block 4")):
        choose(page, name, choice)
        expect(page.get_by_role("img", name=re.compile(f"^{drawn}"))).to_be_visible()
    expect(verdict).not_to_have_text(first)
    expect(page).to_have_url(re.compile("method=hires-cam&layer=features.4"))
