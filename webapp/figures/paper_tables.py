"""A paper's table with our numbers beside its own, as HTML."""

import re
from collections.abc import Sequence
from html import escape

from fer_models.reproduction import Cell, FilledConfusion, FilledTable
from webapp.figures.matrix import Matrix, matrix_picture, recall_matrix, share_matrix
from webapp.figures.strips import scrolling


def paper_table(table: FilledTable) -> str:
    """Its rows, then the conditions on both sides, then what of the paper's numbers does not fit together."""
    heads = "".join(f'<th scope="colgroup" colspan="2">{escape(column)}</th>' for column in table.columns)
    pairs = "".join(f'<th scope="col">paper</th><th scope="col">{escape(head)}</th>' for head in table.heads)
    lines = []
    for row in table.rows:
        cells = "".join(
            _cell(cell, kind)
            for pair in zip(row.paper, row.ours, strict=True)
            for cell, kind in zip(pair, ("paper", "ours"), strict=True)
        )
        lines.append(f'<tr><th scope="row">{escape(row.label)}</th>{cells}</tr>')
    body = (
        f'<table class="fs-printed"><thead><tr><td rowspan="2"></td>{heads}</tr><tr>{pairs}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )
    conditions = "".join(f"<p>{_prose(text)}</p>" for text in (table.setting, *table.conditions))
    notes = "".join(f"<li>{_prose(text)}</li>" for text in table.footnotes)
    return (
        f"{scrolling(body, f'{table.id}, {table.title}')}"
        f'<div class="fs-notes">{conditions}{f"<ol>{notes}</ol>" if notes else ""}</div>'
    )


def confusion_pairs(confusions: Sequence[FilledConfusion], form: str) -> str:
    """The paper's matrices and those of our runs side by side on one scale, then what is on neither side."""
    pairs, absent = [], []
    for confusion in confusions:
        if confusion.paper is None and confusion.ours is None:
            absent.append(f"<li>{escape(confusion.title)}: not readable; ours: {escape(confusion.missing)}.</li>")
        else:
            pairs.append(_pair(confusion, form))
    return "".join(pairs) + (f'<div class="fs-notes"><ul>{"".join(absent)}</ul></div>' if absent else "")


def _pair(confusion: FilledConfusion, form: str) -> str:
    paper, ours = "<p>Paper: not readable.</p>", f"<p>Ours: {escape(confusion.missing)}.</p>"
    if confusion.paper is not None:
        paper = _picture(confusion, share_matrix(confusion.labels, confusion.paper), "Paper")
    if confusion.ours is not None:
        whose = f"Ours, {form} form, {int(confusion.ours.sum()):,} faces"
        ours = _picture(confusion, recall_matrix(confusion.labels, confusion.ours), whose)
    return f'<section class="fs-pair"><h4>{escape(confusion.title)}</h4><div>{paper}{ours}</div></section>'


def _picture(confusion: FilledConfusion, matrix: Matrix, whose: str) -> str:
    table = matrix_picture(matrix, f"{whose}, per cent of each row")
    return scrolling(table, f"{confusion.title}, {whose}")


def _prose(text: str) -> str:
    """Escaped, with names between backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _cell(cell: Cell, kind: str) -> str:
    missing = "" if cell.value is not None else " fs-missing"
    interval = f"<small>{escape(cell.interval_text)}</small>" if cell.interval else ""
    return f'<td class="fs-{kind}{missing}">{escape(cell.text)}{interval}</td>'
