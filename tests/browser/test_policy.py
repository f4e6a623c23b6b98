"""The site's policy in a real browser: every page works under it, and nothing leaves for another origin."""

import pytest
from playwright.sync_api import Browser, Page, expect

PAGES = ("", "compare", "trust", "operate", "evaluation", "fine-tune")


@pytest.fixture
def strict(browser: Browser, page_errors: list[str]):
    """A visitor's page, the policy in force."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: message.type == "error" and page_errors.append(message.text))
    page.on("pageerror", lambda error: page_errors.append(error.message))
    yield page
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_needs_what_the_policy_forbids(strict: Page, page_errors, site_url, path):
    asked: set[str] = set()
    strict.on("request", lambda request: asked.add(request.url))
    answer = strict.goto(f"{site_url}/{path}")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    expect(strict.get_by_role("heading", level=1)).to_be_visible(timeout=60_000)
    # A page's answer is there when its script has come to an end.
    expect(strict.locator("[data-test-script-state=notRunning]").first).to_be_attached(timeout=60_000)
    assert not [error for error in page_errors if "status of 404" not in error]
    assert all(url.startswith((site_url, site_url.replace("http", "ws"), "data:", "blob:")) for url in asked)


def test_the_policy_is_in_force(strict: Page, site_url):
    strict.goto(site_url)
    said = strict.evaluate(
        """async () => {
          const broken = new Promise((resolve) => addEventListener("securitypolicyviolation", resolve, { once: true }));
          const script = document.createElement("script");
          script.textContent = "window.wasRun = true";
          document.head.append(script);
          return [(await broken).effectiveDirective, window.wasRun ?? false];
        }"""
    )
    assert said == ["script-src-elem", False]
