"""The page "Compare" in a real browser: two siblings by link, Back, reload, a second tab, a phone."""

import re

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

CA, CPSCA = "mobilenetv3_ca.ferplus", "mobilenetv3_cpsca.ferplus"
NAMES = ["MobileNetV3-CA", "MobileNetV3-CPSCA", "MobileNetV3-CPSCA minus MobileNetV3-CA"]
SIBLINGS = f"/compare?networks={CA},{CPSCA}&sample=fear&explain=fear"


@pytest.fixture
def open_page(page: Page, site_url: str):
    """Call it with a path: the page, once nothing is being computed."""
    expect.set_options(timeout=90_000)

    def visit(path: str) -> Page:
        page.goto(site_url + path)
        return settled(page)

    return visit


def settled(page: Page) -> Page:
    expect(page.get_by_role("heading", name="How alike are all these maps?")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("heading", name="Being computed")).to_have_count(0)
    return page


def line(page: Page, title: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", name=title, exact=True))


def shows(page: Page, names: list[str]) -> None:
    expect(line(page, "What changes when a place is covered").locator("figcaption strong")).to_have_text(names)


def test_two_siblings_by_link_and_every_way_back_to_them(open_page):
    page = open_page(SIBLINGS)
    shows(page, NAMES)
    covered = line(page, "What changes when a place is covered")
    expect(covered.get_by_role("img", name=re.compile("MobileNetV3-CPSCA minus .* 16 × 16 places"))).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=re.compile(r"\d\.\d\d"))).to_have_count(1)
    number = page.locator(".fs-answer h2 b").inner_text()
    page.get_by_role("radio", name="Anger", exact=True).click()
    expect(page).to_have_url(re.compile("sample=anger"))
    settled(page)
    page.get_by_text("Take away", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Figure (PNG)").click()
    with Image.open(download.value.path()) as figure:
        assert figure.format == "PNG" and min(figure.size) > 500
    page.go_back()
    expect(page.get_by_role("radio", name="Fear", exact=True)).to_be_checked()
    expect(page.locator(".fs-answer h2 b")).to_have_text(number)
    shows(page, NAMES)
    page.reload()
    settled(page)
    shows(page, NAMES)
    expect(page.locator(".fs-answer h2 b")).to_have_text(number)
    second = page.context.new_page()
    second.goto(page.url)
    shows(settled(second), NAMES)
    # What was chosen here goes along to the other pages, and back.
    second.get_by_role("link", name="Recognise").click()
    expect(second.get_by_role("radio", name="Fear", exact=True)).to_be_checked()
    second.get_by_role("link", name="Compare", exact=True).first.click()
    shows(second, NAMES)


def test_five_networks_are_refused_and_on_a_phone_four_fit(page, site_url):
    expect.set_options(timeout=90_000)
    page.set_viewport_size({"width": 375, "height": 812})
    five = f"{CA},{CPSCA},a_mobilenet.ferplus,mobilenetv3_simam.ferplus,mobilenetv3_large.ferplus"
    page.goto(f"{site_url}/compare?networks={five}&explain=fear&method=grad-cam")
    refused = page.get_by_role("heading", name="5 networks")
    expect(refused).to_be_visible()
    expect(page.locator("section, [role=alert]")).to_have_count(0)
    page.get_by_role("button", name="Remove MobileNetV3-Large").click()
    expect(refused).to_have_count(0)
    settled(page)
    expect(page).to_have_url(re.compile("simam.ferplus$"))
    main = "document.querySelector('.stMain')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    # Two columns of maps, each as wide as a phone has room for.
    shown = line(page, "Grad-CAM").locator("figure")
    assert shown.first.bounding_box()["width"] > 150 and shown.nth(1).bounding_box()["x"] > 187
