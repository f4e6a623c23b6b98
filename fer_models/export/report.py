"""Sheets as one HTML file that opens without a network: figures, answers, and every number."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np

from fer_models.atomic import written_aside
from fer_models.export.arrays import csv_text, npz
from fer_models.export.figure import figure
from fer_models.export.sheet import Answer, Panel, Sheet
from fer_models.text import probability_text
from fer_models.version import __version__

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
img {{ max-width: 100%; height: auto; }}
.wide {{ overflow-x: auto; margin: 1rem 0; }}
table {{ border-collapse: collapse; font-size: 0.875rem; }}
th, td {{ padding: 0.2rem 0.75rem 0.2rem 0; text-align: left; border-bottom: 1px solid #8886; white-space: nowrap; }}
section {{ margin: 3rem 0; }}
</style></head><body>
<h1>{title}</h1>
<p>Made by FERScope {version}. Red raises the score of the label that is explained, blue lowers it. The expression is
what a face shows, never what a person feels.</p>
"""


def report(sheet: Sheet) -> bytes:
    """One sheet as a self-contained HTML file."""
    return "".join(_parts([sheet], sheet.title)).encode()


def write_report(sheets: Iterable[Sheet], title: str, file: Path) -> None:
    """Many sheets as one file, each written before the next is asked for: a folder of pictures needs no more memory.

    Nothing is left where one fails.
    """
    with written_aside(file) as aside, aside.open("w", encoding="utf-8") as opened:
        opened.writelines(_parts(sheets, title))


def _parts(sheets: Iterable[Sheet], title: str) -> Iterator[str]:
    yield _HEAD.format(title=escape(title), version=__version__)
    for sheet in sheets:
        yield _section(sheet)
    yield "</body></html>\n"


def _section(sheet: Sheet) -> str:
    alt = f"{sheet.title}: {len(sheet.panels)} maps on the grey face. " + "; ".join(map(_told, sheet.panels))
    files = [
        _link("Values (CSV)", "text/csv", "values.csv", csv_text(sheet).encode()),
        _link("Arrays (npz)", "application/zip", "values.npz", npz(sheet)),
    ]
    return f"""<section><h2>{escape(sheet.title)}</h2>
<p><img alt="{escape(alt)}" src="{_data_uri("image/png", figure(sheet))}"></p>
<p>{" · ".join(files)}</p>
{_answers(sheet.answers)}
{_maps(sheet.panels)}
</section>
"""


def _told(panel: Panel) -> str:
    row, column = _strongest(panel)
    explained = f" for {panel.target}" if panel.target else ""
    return f"{panel.network}, {panel.what}{explained}, strongest in row {row + 1}, column {column + 1}"


def _strongest(panel: Panel) -> tuple[int, int]:
    row, column = np.unravel_index(np.abs(panel.values).argmax(), panel.values.shape)
    return int(row), int(column)


def _answers(answers: Sequence[Answer]) -> str:
    """A line for each expression, a column for each network; a network without the expression has nothing there."""
    columns = [dict(zip(answer.labels, answer.probabilities, strict=True)) for answer in answers]
    labels = dict.fromkeys(label for column in columns for label in column)
    rows = [
        [label, *(probability_text(float(column[label])) if label in column else "" for column in columns)]
        for label in labels
    ]
    return _table(["expression", *(answer.network for answer in answers)], rows) if rows else ""


def _maps(panels: Iterable[Panel]) -> str:
    names = ["network", "checkpoint", "map", "layer", "target", "size", "unit"]
    rows = []
    for panel in panels:
        (row, column), facts = _strongest(panel), panel.facts
        values = f"{panel.values.min():.3g} to {panel.values.max():.3g}".replace("-", "\N{MINUS SIGN}")
        rows.append([*(facts.get(name, "") for name in names), values, f"row {row + 1}, column {column + 1}"])
    return _table([*names, "values", "strongest"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _link(text: str, media_type: str, name: str, content: bytes) -> str:
    return f'<a download="{name}" href="{_data_uri(media_type, content)}">{text}</a>'


def _data_uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
