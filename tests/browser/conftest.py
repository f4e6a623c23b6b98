"""A running site and a real Chromium for the tests in this folder."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, Error, Page, Response, expect, sync_playwright

from tests.support.servers import free_port, running, wait_until_ready
from webapp.spaces import build_space

SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Chromium may run as root (in CI), and calls nobody but the site.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")


@pytest.fixture(scope="package")
def site_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of `ferscope app`, started as a visitor would on a machine that holds no settings of ours."""
    port = free_port()
    command = [Path(sys.executable).with_name("ferscope"), "app", "--port", str(port), "--headless"]
    home = tmp_path_factory.mktemp("home")
    with running(command, f"http://127.0.0.1:{port}", home, FERSCOPE_JOBS=str(home / "jobs")) as url:
        wait_until_ready(url)
        yield url


LIVE_NETWORKS = ("mobilenetv3_cpsca.ferplus", "a_mobilenet.ferplus")


@pytest.fixture(scope="package")
def live_built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page Live with two networks, as a static Space."""
    folder = tmp_path_factory.mktemp("live") / "built"
    build_space(folder, "static", LIVE_NETWORKS)
    return folder


def launch(chromium: BrowserType, *more: str) -> Browser:
    """The system's Chromium, else the one that Playwright downloaded; ``more`` flags."""
    system = next(filter(None, map(shutil.which, SYSTEM_BROWSERS)), None)
    try:
        return chromium.launch(executable_path=system, args=[*FLAGS, *more])
    except Error as error:
        tried = system or f"Playwright's own (none of {', '.join(SYSTEM_BROWSERS)} is on the path)"
        message = (
            f"no Chromium could be started; tried {tried}. Install chromium, or run "
            f"`python -m playwright install chromium`.\n{error.message.splitlines()[0]}"
        )
    if os.environ.get("FERSCOPE_REQUIRE_BROWSER"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


# Both end with this folder's tests: Playwright's event loop stays on the main thread, where others start their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium with a fresh profile of its own."""
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture
def page_errors() -> list[str]:
    """What `page` logged as an error or threw: a test ends with `assert not page_errors`."""
    return []


@pytest.fixture
def page(browser: Browser, page_errors: list[str]) -> Iterator[Page]:
    """A new visitor's empty page, 1280 x 900."""
    # Tests evaluate text in the page, which its policy forbids; tests/browser/test_policy.py is without this.
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.on("console", lambda message: message.type == "error" and page_errors.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: page_errors.append(f"thrown: {error.message}"))
    yield page
    context.close()


@pytest.fixture
def visit_evaluation(page: Page, page_errors: list[str], site_url: str) -> Iterator[Callable[[str], Page]]:
    """Call it with a query string; in the end the page must not have logged or thrown an error."""
    refused = []

    def note(response: Response) -> None:
        if response.status >= 400:
            refused.append(response.url)

    def open_page(query: str = "") -> Page:
        page.goto(f"{site_url}/evaluation{query}")
        return page

    page.on("response", note)
    # The first visitor waits for libraries and, where there is one, for the data set.
    expect.set_options(timeout=120_000)
    yield open_page
    # On any page but the first, Streamlit looks for its server beneath the page's own address before it goes up.
    assert all("/evaluation/_stcore/" in url for url in refused)
    assert [error for error in page_errors if "status of 404" not in error] == []
