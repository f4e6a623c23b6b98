"""Choices in the address, over both pages, in a real browser: Back, Forward, a second tab, links that do not fit."""

import re

import pytest
from playwright.sync_api import Page, expect

SIMAM, CPSCA = "mobilenetv3_simam.ferplus", "mobilenetv3_cpsca.ferplus"


@pytest.fixture
def open_page(page: Page, site_url: str):
    """Call it with a path and a query; the first visitor's networks are loaded from disk."""
    expect.set_options(timeout=60_000)

    def visit(path: str = "/") -> Page:
        page.goto(site_url + path)
        return page

    return visit


def has_choices(page: Page, network: str, expression: str) -> None:
    expect(page.get_by_role("radio", name=network, exact=True)).to_be_checked()
    expect(page.get_by_role("radio", name=expression, exact=True)).to_be_checked()


def choose(page: Page, name: str, address: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    expect(page).to_have_url(re.compile(re.escape(address)))


def test_back_and_forward_restore_every_choice_over_both_pages(open_page):
    page = open_page()
    has_choices(page, "A-MobileNet", "Happiness")
    choose(page, "MobileNetV3-SimAM", f"network={SIMAM}")
    choose(page, "Fear", "sample=fear")
    page.get_by_role("link", name="Evaluation").click()
    expect(page).to_have_title(re.compile("Evaluation"))
    choose(page, "MobileNetV3-CPSCA", f"network={CPSCA}")
    page.go_back()
    expect(page.get_by_role("radio", name="MobileNetV3-SimAM", exact=True)).to_be_checked()
    page.go_back()
    expect(page).to_have_title(re.compile("Recognise"))
    has_choices(page, "MobileNetV3-SimAM", "Fear")
    page.go_back()
    has_choices(page, "MobileNetV3-SimAM", "Happiness")
    page.go_back()
    has_choices(page, "A-MobileNet", "Happiness")
    page.go_forward()
    page.go_forward()
    has_choices(page, "MobileNetV3-SimAM", "Fear")


def test_back_restores_the_kind_of_picture(open_page):
    page = open_page()
    choose(page, "Camera", "picture=camera")
    choose(page, "Upload", "picture=upload")
    page.go_back()
    expect(page.get_by_role("radio", name="Camera", exact=True)).to_be_checked()
    page.go_back()
    has_choices(page, "A-MobileNet", "Happiness")


def test_all_steps_of_a_slider_are_one_step_back(open_page):
    page = open_page()
    has_choices(page, "A-MobileNet", "Happiness")
    settings, slider = (
        page.get_by_role("button", name="Settings"),
        page.get_by_role("slider", name="Maps over the face"),
    )

    def move(key: str, *steps: int) -> None:
        settings.click()
        slider.focus()
        for opacity in steps:
            slider.press(key)
            expect(page).to_have_url(re.compile(f"opacity={opacity}"))
        page.keyboard.press("Escape")

    entries = page.evaluate("history.length")
    move("ArrowLeft", 55, 50, 45)
    assert page.evaluate("history.length") == entries + 1
    choose(page, "Anger", "sample=anger")
    move("ArrowRight", 50, 55)
    assert page.evaluate("history.length") == entries + 3
    for opacity, expression in (("opacity=45", "Anger"), ("opacity=45", "Happiness"), ("^[^?]*$", "Happiness")):
        page.go_back()
        expect(page).to_have_url(re.compile(opacity))
        has_choices(page, "A-MobileNet", expression)


def test_choices_of_one_page_are_kept_on_the_other_and_in_a_second_tab(open_page):
    page = open_page("/?sample=fear&opacity=20")
    has_choices(page, "A-MobileNet", "Fear")
    link = page.get_by_role("link", name="Evaluation")
    expect(link).to_have_attribute("href", re.compile("sample=fear"))
    second = page.context.new_page()
    second.goto(page.evaluate("link => link.href", link.element_handle()))
    expect(second).to_have_title(re.compile("Evaluation"))
    second.get_by_role("link", name="Recognise").click()
    has_choices(second, "A-MobileNet", "Fear")
    expect(second.locator(".fs-hero .fs-strip").first).to_have_attribute("style", re.compile("--fs-opacity:0.20"))


def test_what_a_link_cannot_have_is_said_once_and_leaves_the_address(open_page, site_url):
    page = open_page("/?network=ResNet-152&explain=joy&sample=fear")
    has_choices(page, "A-MobileNet", "Fear")
    notice = page.get_by_role("alert").filter(has_text="ResNet-152")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text("joy")
    expect(page).to_have_url(f"{site_url}/?sample=fear")
    choose(page, "Anger", "sample=anger")
    expect(notice).to_have_count(0)
