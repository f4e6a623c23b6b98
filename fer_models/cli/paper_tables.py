"""A filled table as text for a terminal."""

import textwrap
from collections.abc import Sequence

import numpy as np

from fer_models.evaluation.confusion import Confusion
from fer_models.reproduction.filled import FilledConfusion, FilledTable

WIDTH = 118


def table_text(table: FilledTable) -> str:
    """The whole table: the paper's numbers beside ours, confusion matrices, conditions and footnotes."""
    parts = [f"{table.id}  {table.title} (paper {table.paper})", f"[{table.state}]", "", *_rows(table)]
    for confusion in table.confusions:
        parts += ["", *_matrices(confusion)]
    parts += ["", *(line for text in (table.setting, *table.conditions) for line in textwrap.wrap(text, WIDTH))]
    for mark, footnote in enumerate(table.footnotes, 1):
        first = f"[{mark}] "
        parts += textwrap.wrap(footnote, WIDTH, initial_indent=first, subsequent_indent=" " * len(first))
    return "\n".join(parts)


def _rows(table: FilledTable) -> list[str]:
    """Paper and ours side by side; where that is too wide, one below the other."""
    pairs = zip(table.columns, table.heads, strict=True)
    header = ["", *(text for column, head in pairs for text in (f"{column}: paper", head))]
    lines = [
        [
            row.label,
            *(text for paper, ours in zip(row.paper, row.ours, strict=True) for text in (paper.text, ours.full_text)),
        ]
        for row in table.rows
    ]
    side_by_side = _aligned([header, *lines])
    if max(map(len, side_by_side)) <= WIDTH:
        return side_by_side
    stacked, labels = [["", *table.columns]], {}
    for row in table.rows:
        labels[len(stacked)] = row.label
        stacked.append(["  paper", *(cell.text for cell in row.paper)])
        stacked.append(["  ours", *(cell.text for cell in row.ours)])
        if any(cell.interval for cell in row.ours):
            stacked.append(["  95 %", *(cell.interval_text for cell in row.ours)])
    # Labels may be long: each has a line of its own.
    return [
        line
        for place, aligned in enumerate(_aligned(stacked))
        for line in ([labels[place]] if place in labels else []) + [aligned]
    ]


def _matrices(confusion: FilledConfusion) -> list[str]:
    said = f"{confusion.title}, per cent of each true label. {confusion.order}"
    lines = textwrap.wrap(said, WIDTH)
    if confusion.paper is None:
        lines.append("  Paper: not readable.")
    else:
        lines += ["  Paper:", *_matrix(confusion.labels, confusion.paper)]
    if confusion.ours is None:
        return [*lines, f"  Ours: {confusion.missing}."]
    return [*lines, "  Ours:", *_matrix(confusion.labels, Confusion(confusion.ours).row_shares)]


def _matrix(labels: Sequence[str], shares: np.ndarray) -> list[str]:
    rows = [["", *(label[:4] for label in labels)]]
    rows += [
        [f"    {label}", *(f"{100 * share:.0f}" if share else "." for share in row)]
        for label, row in zip(labels, shares, strict=True)
    ]
    return _aligned(rows, right=True)


def _aligned(rows: Sequence[Sequence[str]], right: bool = False) -> list[str]:
    """Lines of cells in columns two blanks apart; all but the first column to the right where asked for."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text.rjust(width) if right and place else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
