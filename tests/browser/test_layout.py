"""How the page "Recognise" lies at five widths: nothing cut, nothing sideways, pictures as large as there is room."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

WIDTHS = (375, 768, 1024, 1280, 1920)
HEIGHTS = {375: 812}
# What stands in the page's main part and can be seen.
TEXTS = """[...document.querySelectorAll('.stMain *')].filter(e => e.checkVisibility({ checkOpacity: true })
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))"""
# Words of which a part cannot be seen: wider than their own place, or hidden by one that does not scroll.
CUT = f"""() => {{
    const cut = text => {{
        const words = document.createRange()
        words.selectNodeContents(text)
        const box = words.getBoundingClientRect()
        let own = true
        for (let place = text; !place.matches('.stMain'); place = place.parentElement) {{
            const {{ display, overflowX }} = getComputedStyle(place), room = place.getBoundingClientRect()
            if (room.width <= 1 || ['auto', 'scroll'].includes(overflowX)) return false // for screen readers; scrolls
            if (display === 'inline' || display === 'contents') continue
            const out = box.right > room.right + 1 || box.left < room.left - 1
            if (own && place.scrollWidth > place.clientWidth + 1) return true
            if (out && (own || overflowX !== 'visible')) return true
            own = false
        }}
        return false
    }}
    return {TEXTS}.filter(cut).map(e => e.textContent)
}}"""
# The lowest contrast of words and what is behind them, with the words.
FAINTEST = f"""() => {{
    const canvas = document.createElement('canvas').getContext('2d', {{ willReadFrequently: true }})
    const rgba = colour => {{
        canvas.clearRect(0, 0, 1, 1)
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
        return [...canvas.getImageData(0, 0, 1, 1).data].map(value => value / 255)
    }}
    const over = (upper, lower, alpha) => lower.map((value, i) => alpha * upper[i] + (1 - alpha) * value)
    const light = colour => colour.map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
    const contrast = text => {{
        const chain = []
        for (let e = text; e; e = e.parentElement) chain.unshift(getComputedStyle(e))
        let behind = [1, 1, 1], opacity = 1
        for (const style of chain) {{
            opacity *= style.opacity
            const [r, g, b, a] = rgba(style.backgroundColor)
            behind = over([r, g, b], behind, a * opacity)
        }}
        const [r, g, b, a] = rgba(chain.at(-1).color)
        const [low, high] = [light(behind), light(over([r, g, b], behind, a * opacity))].sort((x, y) => x - y)
        return (high + 0.05) / (low + 0.05)
    }}
    return {TEXTS}.map(e => [contrast(e), e.textContent]).sort((a, b) => a[0] - b[0])[0]
}}"""

# The styles have arrived.
STYLED = "getComputedStyle(document.querySelector('.st-key-question h1')).fontWeight === '400'"


@pytest.fixture
def at_width(page: Page, site_url: str):
    """Call it with a width: the page with its answer, its styles there."""
    expect.set_options(timeout=60_000)

    def visit(width: int, query: str = "") -> Page:
        page.set_viewport_size({"width": width, "height": HEIGHTS.get(width, 900)})
        page.goto(f"{site_url}/{query}")
        expect(page.locator(".fs-hero img").first).to_be_visible()
        page.wait_for_function(STYLED)
        return page

    return visit


def picture_width(page: Page) -> float:
    return page.locator(".fs-hero .fs-map").first.bounding_box()["width"]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_is_cut_and_nothing_scrolls_sideways(at_width, width):
    page = at_width(width)
    assert page.evaluate(CUT) == []
    assert page.evaluate(
        "document.querySelector('.stMain').scrollWidth <= document.querySelector('.stMain').clientWidth"
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (".fs-probabilities th { display: block; width: 2rem; overflow: hidden }", "Happiness"),
        (".st-key-sample label p { width: 2rem !important; overflow: hidden }", "Happiness"),
        (
            ".fs-frames figcaption strong { display: block !important; width: 2rem; white-space: nowrap; "
            "overflow: hidden }",
            "What changes",
        ),
        (".st-key-question h1 { width: 9rem; white-space: nowrap }", "Which expression does"),
    ],
)
def test_labels_that_are_cut_are_found(at_width, rule, words):
    page = at_width(1280)
    page.add_style_tag(content=rule)
    page.wait_for_function(f"words => ({CUT})().some(cut => cut.includes(words))", arg=words)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_can_be_read_in_both_themes(at_width, page, scheme):
    page.emulate_media(color_scheme=scheme)
    contrast, words = at_width(1280).evaluate(FAINTEST)
    assert contrast >= 4.5, words
    page.add_style_tag(content=".fs-frames figcaption strong { opacity: .3 }")
    assert page.evaluate(FAINTEST)[0] < 4.5


def test_pictures_use_the_width_there_is(at_width):
    sizes = {width: picture_width(at_width(width)) for width in WIDTHS}
    assert sizes[375] >= 330 and sizes[768] >= 210 and sizes[1024] >= 290
    assert sizes[1280] >= 370 and sizes[1920] >= 520


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
    slider = page.get_by_role("slider", name="Maps over the face")
    expect(slider).to_have_count(0)
    page.get_by_role("button", name="Settings").press("Enter")
    expect(slider).to_be_visible()


def test_the_chosen_face_is_in_sight_whenever_another_is_chosen(at_width):
    page = at_width(375, "?sample=contempt")
    strip = page.locator(".st-key-sample")
    expect(strip.get_by_role("radio", name="Contempt")).to_be_in_viewport(ratio=0.9)
    neutral = strip.get_by_role("radio", name="Neutral")
    neutral.click()
    expect(page).to_have_url(re.compile("sample=neutral"))
    expect(neutral).to_be_in_viewport(ratio=0.9)
    page.go_back()
    expect(strip.get_by_role("radio", name="Contempt")).to_be_checked()
    expect(strip.get_by_role("radio", name="Contempt")).to_be_in_viewport(ratio=0.9)
    # A strip that is drawn anew begins at its left end; nobody pushed it there.
    strip.get_by_role("radiogroup").evaluate("group => { group.scrollLeft = 0 }")
    expect(strip.get_by_role("radio", name="Contempt")).to_be_in_viewport(ratio=0.9)
    # Whoever pushes it is not pushed back.
    strip.get_by_role("radiogroup").dispatch_event("wheel")
    strip.get_by_role("radiogroup").evaluate("group => { group.scrollLeft = 0 }")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(strip.get_by_role("radio", name="Neutral")).to_be_in_viewport(ratio=0.9)


def test_the_question_stands_clear_of_what_follows(at_width, site_url):
    def gap(following: Locator) -> float:
        expect(following).to_be_visible()
        page.wait_for_function(STYLED)
        question = page.locator(".st-key-question").get_by_text(re.compile(r"\?$")).last
        range_of = "const range = document.createRange(); range.selectNodeContents(e)"
        bottom = question.evaluate(f"e => {{ {range_of}; return range.getBoundingClientRect().bottom }}")
        return following.bounding_box()["y"] - bottom

    page = at_width(1280)
    assert gap(page.get_by_role("radiogroup", name="Face")) >= 6
    page.goto(f"{site_url}/evaluation")
    assert gap(page.locator(".st-key-network").get_by_text("Network", exact=True)) >= 6
