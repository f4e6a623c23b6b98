"""What the page "Evaluation" is asked for in a real browser."""

import re

from playwright.sync_api import Locator, Page, expect


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
