"""What a visitor sees of a server that has only just started."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.servers import ROOT, held_server

MOST_MEGABYTES = 1.0
SECONDS = 120_000  # to load PyTorch and the networks on a busy machine, in milliseconds


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    with held_server(tmp_path) as server:
        yield server


def test_the_stored_answer_is_there_before_the_networks_and_another_networks_follows(page: Page, held, page_errors):
    url, pipe = held
    evidence = page.get_by_role("img", name=re.compile("Grad-CAM for")).first
    page.goto(url)
    expect(evidence).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.goto(f"{url}/?network=mobilenetv3_simam.ferplus&method=grad-cam")
    loading = page.get_by_role("heading", name="being loaded")
    expect(loading).to_be_visible()
    expect(evidence).to_be_hidden()
    pipe.write_text("go")
    expect(evidence).to_be_visible(timeout=SECONDS)
    expect(loading).to_be_hidden()
    assert not page_errors


def test_evaluation_stands_before_the_networks_and_what_needs_them_follows(page: Page, held):
    url, pipe = held
    page.goto(f"{url}/evaluation")
    expect(page.get_by_role("table").first).to_be_visible()
    loading = page.get_by_text("being loaded")
    expect(loading.first).to_be_visible()
    pipe.write_text("go")
    expect(loading).to_have_count(0, timeout=SECONDS)


def test_a_first_visit_moves_little(browser: Browser, site_url):
    spec = importlib.util.spec_from_file_location("page_benchmark", ROOT / "benchmarks" / "page.py")
    assert spec and spec.loader
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    page, files, answers = benchmark.first_visit(browser, site_url)
    page.context.close()
    assert files > 100_000 and answers > 10_000  # all was counted
    assert (files + answers) / 1e6 <= MOST_MEGABYTES


@pytest.mark.parametrize("path", ["", "compare", "operate", "trust", "evaluation"])
def test_no_font_is_fetched(page: Page, site_url, path):
    fonts: list[str] = []
    page.on("request", lambda request: request.resource_type == "font" and fonts.append(request.url))
    page.goto(f"{site_url}/{path}")
    expect(page.locator("details").first).to_be_visible(timeout=SECONDS)
    page.wait_for_load_state("networkidle")
    assert not fonts
