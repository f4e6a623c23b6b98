"""Faces that several tests of training learn from."""

import pytest

from fer_models.data import Parts, read_parts
from tests.support.fer2013_files import write_files


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Parts:
    return read_parts(write_files(tmp_path_factory.mktemp("many"), training=192, test=32, leaks=(1,)))
