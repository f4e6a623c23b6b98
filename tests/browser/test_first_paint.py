"""What a visitor sees of a server that has only just started."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.servers import held_server

SECONDS = 60_000  # to load PyTorch and the networks on a busy machine, in milliseconds


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    with held_server(tmp_path) as server:
        yield server


def test_the_stored_answer_is_there_before_the_networks_and_another_networks_follows(page: Page, held, page_errors):
    url, pipe = held
    page.goto(url)
    answer = page.get_by_role("status").filter(has_text=re.compile("A-MobileNet", re.IGNORECASE))
    expect(answer).to_contain_text("%")
    page.get_by_role("radio", name="MobileNetV3-SimAM", exact=True).click()
    loading = page.get_by_text("being loaded")
    expect(loading).to_be_visible()
    pipe.write_text("go")
    expect(page.get_by_role("status").filter(has_text="MobileNetV3-SimAM")).to_contain_text("%", timeout=SECONDS)
    expect(loading).to_be_hidden()
    assert not page_errors
