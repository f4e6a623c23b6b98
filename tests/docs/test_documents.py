"""What the documents say is so: scores are the cards', links lead somewhere, versions agree."""

import re
import runpy
from pathlib import Path

import pytest
import typer

import fer_models as fer
from fer_models.cli import app
from fer_models.data.catalogue import DATA_SETS
from fer_models.training.start.published import PUBLISHED

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
MAKE_DOCS = runpy.run_path(str(ROOT / "scripts" / "make_docs.py"))
#: Markdown links and pictures to a place in this tree: (file, heading).
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.mark.parametrize("name", MAKE_DOCS["DOCUMENTS"])
def test_made_places_are_up_to_date(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "made by `make docs`" in text
    assert MAKE_DOCS["written"](text) == text, "stale: run `make docs`"


def test_a_stale_score_is_found():
    text = (ROOT / "docs" / "checkpoints.md").read_text(encoding="utf-8")
    stale = re.sub(r"\| \d\d\.\d %", "| 99.9 %", text)
    assert stale != text == MAKE_DOCS["written"](stale)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_that_are_there(document):
    for target, heading in LINK.findall(document.read_text(encoding="utf-8")):
        file = document.parent / target if target else document
        assert file.exists(), target
        if heading:
            assert heading in anchors(file), f"{target}#{heading}"


def test_every_file_that_the_architecture_names_is_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:fer_models|webapp|scripts|benchmarks)/[\w./]*)`", text)
    assert len(named) > 40
    assert not [name for name in named if not (ROOT / name).exists()]


@pytest.mark.parametrize("package", ["fer_models", "webapp"])
def test_the_architecture_names_every_module_or_its_folder(package):
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = {ROOT / name for name in re.findall(r"`((?:fer_models|webapp)/[\w./]+)`", text)}
    modules = {file for file in (ROOT / package).rglob("*.py") if file.name != "__init__.py"}
    assert modules and not {file for file in modules if not named & {file, *file.parents}}


def anchors(document: Path) -> list[str]:
    """The anchors that GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_sections_of_the_papers_document_that_code_cites_are_there():
    sections = {re.split(r"[ .]", anchor, maxsplit=1)[0] for anchor in _numbers(ROOT / "docs" / "papers.md")}
    sections |= set(_numbers(ROOT / "docs" / "papers.md"))
    cited = set()
    for folder in ("fer_models", "webapp", "scripts", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            for numbers in re.findall(r"docs/papers\.md[^\d\n]{1,3}([\d.]+(?:(?:, | and )[\d.]+)*)", file.read_text()):
                cited |= {number.rstrip(".") for number in re.findall(r"\d[\d.]*", numbers)}
    assert cited and cited <= sections


def _numbers(document: Path) -> list[str]:
    return re.findall(r"^#+ (\d(?:\.\d)?) ", document.read_text(encoding="utf-8"), re.MULTILINE)


def test_commands_and_options_that_the_documents_name_are_there():
    whole = typer.main.get_command(app)
    commands = whole.commands
    options = {option for command in (whole, *commands.values()) for one in command.params for option in one.opts}
    for name in ("README.md", "docs/command-line.md", "docs/training.md", "docs/deployment.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        named = set(re.findall(r"\bferscope ([a-z]+)\b", text))
        assert named and named <= commands.keys(), name
        # Every command's, pip's, and Ray's.
        others = {"--help", "--no-deps", "--constraint", "--head", "--dashboard-host"}
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text)) <= options | others, name


def test_tables_of_label_rules_and_starts_are_whole():
    def first_cells(name: str, heading: str) -> set[str]:
        section = (ROOT / name).read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
        cells = " ".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
        return set(re.findall(r"`([\w-]+)`", cells))

    rules = {rule for data_set in DATA_SETS for rule in data_set.rules}
    assert first_cells("docs/command-line.md", "Data sets") - {"--label-rule"} == rules
    assert first_cells("docs/training.md", "Starts") - {"start"} == PUBLISHED.keys()


def test_citation_and_changelog_know_the_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == fer.__version__
    (date,) = re.findall(r"^date-released: (.+)$", citation, re.MULTILINE)
    assert f"## {fer.__version__} ({date})" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
