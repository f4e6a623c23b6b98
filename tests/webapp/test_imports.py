"""Figures are pictures and HTML: they know nothing of Streamlit, nor does anything of the site that they import."""

from pathlib import Path

import webapp
from tests.support.imports import imported

SITE = Path(webapp.__file__).parent


def reached(files: set[Path]) -> set[Path]:
    """These files and all of the site's that they import, one by way of another."""
    names = {name for file in files for name in imported(file) if name.startswith("webapp.")}
    more = {file for name in names if (file := SITE.parent.joinpath(*name.split(".")).with_suffix(".py")).exists()}
    return files if more <= files else reached(files | more)


def uses_streamlit(file: Path) -> bool:
    return any(name.split(".")[0] == "streamlit" for name in imported(file))


def test_figures_are_free_of_streamlit():
    figures = set((SITE / "figures").glob("*.py"))
    assert not {file for file in reached(figures) if uses_streamlit(file)}
    assert SITE / "wording.py" in reached(figures) and uses_streamlit(SITE / "components" / "waiting.py")
