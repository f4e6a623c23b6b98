"""The page "Fine-tune" in a real browser: upload, launch, watch, cancel, continue, finish, and use what was made."""

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import launch
from tests.support.made_up_data import write_class_folders

JOB = re.compile(r"job=[0-9a-f]{32}")
HEADLINE = ".fs-answer h2"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A zip of two classes, one of them misspelt, a note, and a file that is no picture."""
    folder = write_class_folders(tmp_path / "pictures", ("happy", "suprise"), count=12)
    (folder / "happy" / "README.txt").write_text("a note")
    (folder / "happy" / "broken.png").write_bytes(b"no picture")
    file = tmp_path / "mine.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for member in sorted(folder.rglob("*.*")):
            archive.write(member, member.relative_to(folder))
    return file


@pytest.fixture
def visit(page: Page, page_errors: list[str], site_url: str) -> Iterator[Callable[[str], Page]]:
    """Call it with a query string; in the end the page must not have logged or thrown an error."""

    def open_page(query: str = "") -> Page:
        page.goto(f"{site_url}/fine-tune{query}")
        return page

    expect.set_options(timeout=60_000)
    yield open_page
    # On any page but the first, Streamlit looks for its server beneath the page's own address before it goes up.
    assert [error for error in page_errors if "status of 404" not in error] == []


def upload(page: Page, file: Path, name: str) -> None:
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(HEADLINE)).to_contain_text("24 pictures")
    field = page.get_by_label("Name of the new network")
    field.fill(name)
    field.press("Enter")


def start_job(page: Page) -> str:
    page.get_by_role("button", name="Launch", exact=True).click()
    expect(page).to_have_url(JOB)
    return page.url


def epochs_drawn(page: Page, at_least: int) -> int:
    """How many marks the first curve of accuracy has, once there are so many."""
    marks = page.locator(".st-key-accuracy_of_job .scatterlayer .trace").first.locator("path.point")
    expect(marks.nth(at_least - 1)).to_be_attached()
    return marks.count()


def delete(page: Page) -> None:
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page).not_to_have_url(JOB)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_cannot_be_pressed_yet_can_be_read(visit, theme):
    page = visit()
    page.emulate_media(color_scheme=theme)
    button = page.get_by_role("button", name="Launch", exact=True)
    expect(button).to_be_disabled()
    drawn = cv2.imdecode(np.frombuffer(button.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert np.ptp(drawn[8:-8, 40:-40].astype(int)) > 60  # the label on its ground; inside the border


def test_a_zip_is_uploaded_learnt_cancelled_continued_and_used(visit, pictures, site_url, browser: Browser):
    page = visit("?train=last&epochs=30")
    upload(page, pictures, "mine.smiles")
    expect(page.get_by_text("README.txt")).to_be_visible()
    expect(page.get_by_text("broken.png")).to_be_visible()
    page.get_by_role("combobox", name=re.compile("suprise.*likely surprise")).click()
    page.get_by_role("option", name="surprise", exact=True).click()
    page.get_by_role("button", name="happy/3.png").click()
    expect(page.locator(HEADLINE)).to_contain_text("23 pictures")
    address = start_job(page)
    # The curve moves by itself.
    seen = epochs_drawn(page, at_least=2)
    epochs_drawn(page, at_least=seen + 1)
    page.reload()
    expect(page.locator(HEADLINE)).to_contain_text("Learning")
    assert page.url == address
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(HEADLINE)).to_contain_text("Cancelled")
    page.close()

    # Whoever closed the page finds it again, in another window as well.
    again = browser.new_page()
    again.goto(address)
    expect(again.locator(HEADLINE)).to_contain_text(re.compile("Cancelled .* of 30"))
    epochs_drawn(again, at_least=seen + 1)
    again.get_by_role("button", name="Continue").click()
    expect(again.locator(HEADLINE)).to_contain_text("held out", timeout=120_000)
    expect(again.get_by_text("After: mine.smiles")).to_be_visible()
    expect(again.locator(".fs-difference")).not_to_have_count(0)
    again.get_by_role("button", name="Look at it on Recognise").click()
    expect(again.get_by_role("radio", name="mine.smiles")).to_be_checked()
    expect(again.locator(".fs-eyebrow")).to_contain_text("mine.smiles")
    again.goto(address)
    delete(again)
    again.get_by_role("button", name="Undo").click()
    expect(again).to_have_url(address)
    expect(again.locator(HEADLINE)).to_contain_text("held out")
    delete(again)
    again.close()


def test_what_cannot_be_learnt_from_is_said_before_anything_starts(visit, tmp_path):
    page = visit()
    locked = tmp_path / "out.zip"
    with zipfile.ZipFile(locked, "w") as archive:
        archive.writestr("../happy/1.png", b"x")
    page.locator("input[type=file]").set_input_files(locked)
    expect(page.get_by_role("alert")).to_contain_text("leads out of it")
    expect(page.get_by_role("button", name="Launch", exact=True)).to_be_disabled()
    expect(page.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.parametrize("width", [375, 768, 1920])
@pytest.mark.parametrize("source", ["zip", "camera"])
def test_nothing_lies_beside_the_page(visit, pictures, width, source):
    page = visit(f"?pictures={source}")
    page.set_viewport_size({"width": width, "height": 900})
    expect(page.get_by_role("button", name="Launch", exact=True)).to_be_visible()
    if source == "zip":
        page.locator("input[type=file]").set_input_files(pictures)
        expect(page.locator(HEADLINE)).to_contain_text("24 pictures")
    for root in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0


def test_a_job_of_somebody_else_is_as_if_it_were_not(visit):
    page = visit(f"?job={'0' * 32}")
    expect(page.locator(HEADLINE)).to_have_text("This cannot be shown")
    page.get_by_role("button", name="Start a new one").click()
    expect(page.locator(HEADLINE)).to_have_text("No pictures yet")


def moving_face(astronaut: np.ndarray, file: Path) -> Path:
    """A video of a face that moves a little, no frame of it twice, for Chromium's fake camera."""
    rng = np.random.default_rng(0)
    with file.open("wb") as video:
        for _ in range(60):
            x, y = rng.integers(0, 60, 2)
            frame = astronaut[y : y + 240, 80 + x : 400 + x] + rng.normal(0, 4, (240, 320, 3))
            video.write(cv2.imencode(".jpg", np.clip(frame, 0, 255).astype(np.uint8)[:, :, ::-1])[1].tobytes())
    return file


def test_a_face_is_taught_by_camera(browser: Browser, site_url, astronaut, tmp_path):
    expect.set_options(timeout=60_000)
    video = moving_face(astronaut, tmp_path / "face.mjpeg")
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with launch(browser.browser_type, *flags, f"--use-file-for-fake-video-capture={video}") as camera:
        page = camera.new_page()
        page.goto(f"{site_url}/fine-tune?pictures=camera&epochs=2")
        shots = page.get_by_role("button", name="Take Photo")
        for number, label in enumerate(["Neutral"] * 4 + ["Happiness"] * 4, start=1):
            choice = page.get_by_role("radio", name=label, exact=True)
            choice.click()
            expect(choice).to_be_checked()
            shots.click()
            expect(page.locator(HEADLINE)).to_contain_text(f"{number} picture")
        expect(page.get_by_text("Neutral 4 · Happiness 4")).to_be_visible()
        start_job(page)
        expect(page.locator(HEADLINE)).to_contain_text(re.compile("held out|Failed"), timeout=120_000)
        assert "Failed" not in page.locator(HEADLINE).inner_text(), page.locator("body").inner_text()
        expect(page.get_by_text("After: a_mobilenet.own")).to_be_visible()
        delete(page)
