"""Taking away in a real browser: a figure is downloaded and opened, and the page's address copied by keyboard."""

import json

from PIL import Image
from playwright.sync_api import Page, expect


def test_a_figure_is_downloaded_and_opened_and_the_link_copied_by_keyboard(page: Page, site_url: str, page_errors):
    expect.set_options(timeout=90_000)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site_url}/operate?network=mobilenetv3_cpsca.ferplus&sample=fear")
    offers = page.locator("details").filter(has_text="Take away")
    offers.get_by_text("Take away").click()
    with page.expect_download(timeout=90_000) as download:
        offers.get_by_role("button", name="Figure (PNG)").click()
    figure = Image.open(download.value.path())
    told = json.loads(figure.info["Description"])
    assert figure.width > 500 and {each["checkpoint"] for each in told} == {"mobilenetv3_cpsca.ferplus"}
    copy = offers.get_by_role("button", name="Copy link")
    copy.focus()
    page.keyboard.press("Enter")
    expect(offers.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    assert "sample=fear" in page.url
    assert [error for error in page_errors if "status of 404" not in error] == []
