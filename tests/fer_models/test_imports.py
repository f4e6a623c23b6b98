"""Who imports whom: read off the source, so that also what is imported within a function counts."""

import re
from pathlib import Path

import pytest

import fer_models
from tests.support.imports import imported

PACKAGE = Path(fer_models.__file__).parent
WEB = {"streamlit", "gradio", "plotly", "webapp"}
#: Every module and folder of the library, from the ground up: each imports only what stands below it.
LEVELS = (
    ("attention", "labels", "lineage", "text", "atomic", "lazy", "face_parts", "version"),
    ("networks", "card", "images"),
    ("preprocessing", "quantization", "face_detections"),
    ("checkpoints", "face_frame", "face_windows"),
    ("face_verifier",),
    ("face_cascades",),
    ("face_yunet",),
    ("faces",),
    ("classifier", "data", "hub"),
    ("explanation",),
    ("evaluation",),
    ("training", "export"),
    ("reproduction", "jobs"),
    ("cli",),
)
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}
#: All but the package's own door, which offers names of several levels.
FILES = sorted(file for file in PACKAGE.rglob("*.py") if file != PACKAGE / "__init__.py")


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


def test_every_module_has_its_level():
    assert LEVEL.keys() == {part(file) for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(file):
    own = part(file)
    for name in imported(file):
        other = name.split(".")[1] if name.startswith("fer_models.") else own
        assert other == own or LEVEL[other] < LEVEL[own], f"{file} imports {name}"
    # Nor by a process that it starts.
    assert own == "cli" or not re.search(r"fer_models[./]cli\b", file.read_text(encoding="utf-8"))


def test_the_architecture_draws_these_levels():
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = text.split(" fer_models/ ")[1].split("```")[0].splitlines()[1:]
    lines = " ".join(drawn).split("└──")  # the last goes on in a second line
    assert [set(re.findall(r"[a-z_]+", line)) for line in lines] == [set(parts) for parts in reversed(LEVELS)]
