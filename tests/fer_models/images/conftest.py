"""A picture that every format is tried with."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def picture():
    """(24, 40, 3), smooth and different in every corner."""
    y, x = np.mgrid[:24, :40]
    return np.stack([x * 6, y * 10, 255 - x * 3 - y * 5], axis=2).astype(np.uint8)
