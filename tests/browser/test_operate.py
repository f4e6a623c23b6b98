"""The page "Operate" in a real browser: a gate is operated by mouse and keyboard, and painted."""

import re

from playwright.sync_api import Page, expect

SPATIAL = "features.11.attention.spatial:spatial"


def opened(page: Page, site_url: str, query: str = "") -> Page:
    expect.set_options(timeout=120_000)
    page.goto(f"{site_url}/operate{query}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the network need this gate?")
    expect(switch(page, "all", "average")).to_be_visible()
    return page


def switch(page: Page, row: str, way: str):
    return page.locator(f'button[data-row="{row}"][data-column="{way}"]')


def test_a_gate_is_operated_by_mouse_and_keyboard_and_the_address_has_it(page, site_url):
    opened(page, site_url)
    switch(page, SPATIAL, "identity").click()
    expect(page).to_have_url(re.compile(r"operated=features\.11\.attention\.spatial.*way=identity"))
    expect(page.locator(".fs-eyebrow")).to_contain_text("Block 11 · CBAM places")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("way=shuffle"))
    # A fifth column stands beside the four.
    expect(page.get_by_role("columnheader", name="Shuffled").first).to_be_visible()
    for four in ("Average face's", "Another face's", "One number", "Identity"):
        expect(page.get_by_role("columnheader", name=four).first).to_be_visible()


def test_a_fast_stroke_paints_every_place_on_its_way_and_the_keyboard_paints_as_well(page, site_url):
    opened(page, site_url, f"?operated={SPATIAL}&way=identity")
    page.get_by_text("Paint this gate by hand").click()
    board = page.get_by_role("group", name=re.compile("Block 11"))
    board.hover(position={"x": 10, "y": 10})  # once the fold has opened and nothing slides any more
    box = board.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 10, box["y"] + box["height"] - 10)  # in one step
    page.mouse.up()
    diagonal = "".join("0" if row == column else "." for row in range(7) for column in range(7))
    expect(page).to_have_url(re.compile(f"painted={re.escape(diagonal)}$"))
    expect(page.get_by_role("columnheader", name="Painted").first).to_be_visible()
    page.get_by_role("slider", name="Row 1, column 1").focus()
    page.keyboard.press("+")
    expect(page.get_by_role("slider", name="Row 1, column 1")).to_have_attribute("aria-valuenow", "0.1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    expect(page).to_have_url(re.compile(r"painted=10\."))
    page.get_by_role("button", name="Take the paint off").click()
    expect(page).to_have_url(re.compile("^(?!.*painted=)"))
