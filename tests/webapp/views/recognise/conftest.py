"""A visitor's page."""

import pytest

from tests.support.recognise_page import open_page


@pytest.fixture
def visit(four_checkpoints, only_checkpoints):
    """Call it with the choices of a link: a visitor's page, run once."""
    only_checkpoints(four_checkpoints)
    return open_page
