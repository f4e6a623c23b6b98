"""The page "Evaluation" on pictures of one's own in a real browser: evaluated by the command, chosen on the page."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from fer_models.cli import app
from fer_models.evaluation.other_answers import evaluations_folder
from tests.support.evaluation_page import choose, expect_as_wide_as_the_page, grid, score
from tests.support.made_up_data import write_class_folders

NAME = "my *pictures* & <i>theirs"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A-MobileNet's answers on 12 drawings of three expressions, where the running site finds them, until the end."""
    folder = write_class_folders(tmp_path_factory.mktemp("own") / NAME, ("happy", "sad", "angry"), count=4)
    result = CliRunner().invoke(app, ["evaluate", "a_mobilenet.ferplus", "--data", str(folder), "--store"])
    assert result.exit_code == 0, result.output
    yield
    shutil.rmtree(evaluations_folder() / "a_mobilenet.ferplus")


@pytest.fixture
def answered(stored, visit_evaluation) -> Page:
    page = visit_evaluation()
    choose(page, "Scored on", "Another data set")
    expect(score(page)).to_contain_text("of 12 faces")
    return page


def test_it_is_chosen_and_says_that_it_is_another_data_set(answered):
    expect(score(answered)).to_contain_text(f"On another data set, {NAME}, A-MobileNet answers")
    expect(score(answered)).to_contain_text("does not compare")
    expect(score(answered)).to_contain_text("Labels in common: happiness, sadness and anger.")
    expect(grid(answered).get_by_role("button")).to_have_count(9)
    expect(answered).to_have_url(re.compile(r"[?&]split=my"))
    expect(answered.get_by_role("status").filter(has_text="On another data set")).to_have_count(1)
    answered.reload()
    expect(score(answered)).to_contain_text("of 12 faces")
    choose(answered, "Scored on", "PublicTest")
    expect(score(answered)).to_contain_text("of 3,199 faces")
    expect(score(answered)).not_to_contain_text("another data set")


@pytest.mark.parametrize("width", [375, 1280])
def test_it_fits(answered, width):
    answered.set_viewport_size({"width": width, "height": 812})
    expect(grid(answered)).to_be_visible()
    expect(answered.locator(".st-key-cost_macs .nsewdrag").last).to_be_visible()  # an older one may still fade
    expect_as_wide_as_the_page(answered)
