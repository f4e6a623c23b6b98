"""Who imports whom: read off the source, so that also what is imported within a function counts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fer_models

PACKAGE = Path(fer_models.__file__).parent
WEB = {"streamlit", "gradio", "plotly", "webapp"}
#: From the ground up: none imports what stands above it. What is not named stands on the ground.
LEVELS = (
    ("attention", "labels"),
    ("networks",),
    ("classifier",),
    ("explanation",),
    ("evaluation",),
    ("training", "export"),
    ("reproduction", "jobs"),
    ("cli",),
)
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """Full names of what ``file`` imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports relatively"
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def part(file: Path) -> str:
    """'training' for fer_models/training/loop.py, 'card' for fer_models/card.py."""
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def test_the_library_needs_no_web_framework_and_only_the_command_line_needs_typer():
    users: dict[str, set[str]] = {top: set() for top in (*WEB, "typer", "torch")}
    for file in FILES:
        for name in imported(file):
            users.get(name.split(".")[0], set()).add(part(file))
    assert users.pop("typer") == {"cli"}
    assert {"networks", "training"} < users.pop("torch")  # so that the reading of imports is known to find any
    assert not any(users.values()), users


@pytest.mark.parametrize("file", [file for file in FILES if file.parent != PACKAGE or file.stem in LEVEL], ids=str)
def test_imports_run_one_way(file):
    for name in imported(file):
        if name.startswith("fer_models."):
            assert LEVEL.get(name.split(".")[1], 0) <= LEVEL.get(part(file), 0), f"{file} imports {name}"
