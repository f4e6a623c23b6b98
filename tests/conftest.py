"""What all tests share: the data that only some machines have, and one picture that every machine has."""

import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data

# marker -> (environment variable, what it must name)
NEEDS = {
    "fer2013": ("FERSCOPE_DATA", "the folder with fer2013.csv"),
    "yunet": ("FERSCOPE_YUNET", "YuNet's .onnx file"),
}
deselected_lines = pytest.StashKey[list[str]]()


# Last, so that the lines count what -k and -m would have left to run.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lines = config.stash.setdefault(deselected_lines, [])
    for marker, (variable, what) in NEEDS.items():
        missing = [item for item in items if item.get_closest_marker(marker)]
        if os.environ.get(variable) or not missing:
            continue
        items[:] = [item for item in items if item not in missing]
        config.hook.pytest_deselected(items=missing)
        tests = "1 test" if len(missing) == 1 else f"{len(missing)} tests"
        lines.append(f"{marker}: {tests} deselected, set {variable} to {what}")


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    return config.stash.get(deselected_lines, [])


def named_path(marker: str) -> Path:
    variable, what = NEEDS[marker]
    path = Path(os.environ.get(variable) or pytest.fail(f"mark this test with pytest.mark.{marker}"))
    return path if path.exists() else pytest.fail(f"{variable} should name {what}, but there is no {path}")


@pytest.fixture(scope="session")
def fer2013_dir() -> Path:
    """Folder with fer2013.csv and fer2013new.csv (FERPlus); for tests marked `fer2013`."""
    return named_path("fer2013")


@pytest.fixture(scope="session")
def yunet_path() -> Path:
    """The YuNet detector's .onnx file; for tests marked `yunet`."""
    return named_path("yunet")


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """(512, 512, 3) uint8 RGB photograph with one face, in the public domain. Copy it before you change it."""
    return skimage.data.astronaut()
