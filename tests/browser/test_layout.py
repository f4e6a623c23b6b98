"""How the page "Recognise" lies at five widths: nothing cut, nothing sideways, pictures as large as there is room."""

import re

import pytest
from playwright.sync_api import Page, expect

WIDTHS = (375, 768, 1024, 1280, 1920)
HEIGHTS = {375: 812}


@pytest.fixture
def at_width(page: Page, site_url: str):
    """Call it with a width: the page with its answer, its styles there."""
    expect.set_options(timeout=60_000)

    def visit(width: int, query: str = "") -> Page:
        page.set_viewport_size({"width": width, "height": HEIGHTS.get(width, 900)})
        page.goto(f"{site_url}/{query}")
        expect(page.locator(".fs-overview img").first).to_be_visible()
        page.wait_for_function("getComputedStyle(document.querySelector('.st-key-question h1')).fontWeight === '400'")
        return page

    return visit


def picture_width(page: Page) -> float:
    return page.locator(".fs-overview .fs-face").bounding_box()["width"]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_is_cut_and_nothing_scrolls_sideways(at_width, width):
    page = at_width(width)
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.stMain :is(label, button, th, td, figcaption, h1, h2, h3) p')]
            .filter(e => e.getClientRects().length && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"""
    )
    assert cut == []
    assert page.evaluate(
        "document.querySelector('.stMain').scrollWidth <= document.querySelector('.stMain').clientWidth"
    )


def test_pictures_use_the_width_there_is(at_width):
    sizes = {width: picture_width(at_width(width)) for width in WIDTHS}
    assert sizes[375] >= 150 and sizes[768] >= 320 and sizes[1024] >= 260
    assert sizes[1280] >= 320 and sizes[1920] >= 480


def test_on_a_phone_the_answer_stays_in_sight_while_anything_is_chosen(at_width):
    page = at_width(375)
    answer = page.locator(".fs-answer h2")
    expect(page.get_by_role("radio", name="Happiness")).to_be_in_viewport()
    expect(answer).to_be_in_viewport()
    for choice in (
        page.get_by_role("radio", name="EfficientNet-B0-attention"),
        page.get_by_text("Settings", exact=True),
    ):
        choice.scroll_into_view_if_needed()
        expect(choice).to_be_in_viewport()
        expect(answer).to_be_in_viewport()
        # Neither the header nor anything else lies over it.
        assert page.evaluate(
            """() => {
                const answer = document.querySelector('.fs-answer h2 span')
                const box = answer.getBoundingClientRect()
                return answer.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2))
            }"""
        )


def test_a_face_far_along_the_strip_is_in_sight_on_a_phone(at_width):
    page = at_width(375, "?sample=contempt")
    expect(page.get_by_role("radio", name="Contempt")).to_be_in_viewport()


def test_settings_are_folded_and_open_by_keyboard(at_width):
    page = at_width(375)
    slider = page.get_by_role("slider")
    expect(slider).to_have_count(0)
    page.locator("summary", has_text=re.compile("^.*Settings$")).press("Enter")
    expect(slider).to_be_visible()
