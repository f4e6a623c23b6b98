"""Streamlit promises none of the names that webapp/figures/streamlit.css uses: every rule still meets something."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

import webapp

SHEET = Path(webapp.__file__).parent / "figures" / "streamlit.css"
VISITS = ("/", "/?picture=upload", "/evaluation?network=mobilenetv3_simam.ferplus&compare=001-T7", "/fine-tune")
# What depends on a moment: a choice reached by keyboard, a form that is complete.
MOMENTS = re.compile(r":has\(:focus-visible\)|:focus-visible$|:not\(:disabled\)|::before")


def selectors(css: str) -> list[str]:
    """Every selector of the sheet, whole lists as they stand, without media queries and comments."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}", r"\1", css)
    return [" ".join(selector.split()) for selector in re.findall(r"([^{}]+)\{[^{}]*\}", css)]


def test_no_other_file_knows_streamlits_inside():
    inside = re.compile(r"\.st[A-Z]\w+|data-testid|radiogroup|stSkip\w+")
    files = [file for kind in ("css", "py", "js") for file in SHEET.parents[1].rglob(f"*.{kind}") if file != SHEET]
    assert len(files) > 20
    assert not [(file.name, inside.findall(file.read_text())) for file in files if inside.search(file.read_text())]


def test_faces_stand_above_their_words(page, site_url):
    expect.set_options(timeout=60_000)
    page.goto(site_url)
    expect(page.get_by_role("radio", name="Happiness")).to_be_checked()
    drawn = "option => getComputedStyle(option.closest('label'), '::before')"
    for radio in page.locator(".st-key-sample").get_by_role("radio").all():
        assert radio.evaluate(f"{drawn}.backgroundImage").startswith('url("data:image/webp')
    bare = page.locator(".st-key-network").get_by_role("radio").first
    assert bare.evaluate(f"{drawn}.content") in ("none", "normal")


def test_the_sheet_is_read_rule_by_rule():
    assert selectors("/* a {} */ b:is(c, d) { e: f } @media (x) { g > h { i: j } k { l: m } }") == [
        "b:is(c, d)",
        "g > h",
        "k",
    ]


@pytest.fixture
def matched(page: Page, site_url: str, astronaut: np.ndarray, tmp_path: Path) -> dict[str, bool]:
    """Of every selector, whether it met an element on one of the pages."""
    expect.set_options(timeout=120_000)
    file = tmp_path / "astronaut.png"
    cv2.imwrite(str(file), astronaut[:, :, ::-1])
    found = dict.fromkeys(selectors(SHEET.read_text(encoding="utf-8")), False)
    for visit in VISITS:
        page.goto(site_url + visit)
        if "upload" in visit:
            page.locator("input[type=file]").set_input_files(file)
            expect(page.get_by_role("radio", name="Face 1")).to_be_checked()
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
        if "evaluation" in visit:
            expect(page.locator(".legendtext").first).to_be_attached()
        for selector in found:
            question = "selector => !!document.querySelector(selector)"
            found[selector] |= page.evaluate(question, MOMENTS.sub("", selector))
    return found


def test_every_rule_on_streamlits_inside_still_matches(matched):
    assert len(matched) > 20
    assert not [selector for selector, met in matched.items() if not met]
