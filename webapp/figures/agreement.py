"""Do maps mark the same places? Rank correlations of every two as a table with coloured cells."""

from collections.abc import Sequence
from html import escape
from typing import TypeAlias

import numpy as np

from webapp.figures.colours import BLUE_WHITE_RED, Scale
from webapp.figures.matrix import MINUS, cell_styles, scale_bar
from webapp.figures.strips import scrolling

#: Maps by what they have in common, such as their network: its name ('' for none), and theirs.
Groups: TypeAlias = Sequence[tuple[str, Sequence[str]]]
FULL = Scale(-1.0, 1.0, BLUE_WHITE_RED)
NUMBERS = 16  # maps; cells of a larger table have no room for theirs, which are in its title
FLAT = "one of the two is the same everywhere"


def agreement_text(value: float) -> str:
    """'0.42', '−0.07'; '–' where there is none."""
    return "–" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}".replace("-", MINUS)


def agreement_table(groups: Groups, values: np.ndarray) -> str:
    """Rank correlations (n, n) of the maps of all groups; lines and columns are numbered alike."""
    full, columns = full_names(groups), len(values) + 1
    texts = [[agreement_text(value) for value in line] for line in values]
    styles = cell_styles(np.nan_to_num(values), FULL)
    hidden = ' class="fs-unseen"' if len(full) > NUMBERS else ""

    def cell(row: int, column: int) -> str:
        if row == column:
            return "<td></td>"
        said = texts[row][column] if np.isfinite(values[row, column]) else FLAT
        title = escape(f"{full[row]} and {full[column]}: {said}")
        return f'<td style="{styles[row][column]}" title="{title}"><span{hidden}>{texts[row][column]}</span></td>'

    heads = "".join(f'<th scope="col" title="{escape(name)}">{place}</th>' for place, name in enumerate(full, 1))
    lines, row = [], 0
    for title, names in groups:
        lines.append(f'<tr><th scope="rowgroup" colspan="{columns}">{escape(title)}</th></tr>' if title else "")
        for name in names:
            cells = "".join(cell(row, column) for column in range(len(full)))
            row += 1
            lines.append(f'<tr><th scope="row"><b>{row}</b> {escape(name)}</th>{cells}</tr>')
    table = (
        f'<table class="fs-agreement"><thead><tr><td></td>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )
    return scrolling(table, "Agreement of every two maps")


def agreement_bar() -> str:
    """What the colours of the table say."""
    return scale_bar(
        FULL,
        (f"{MINUS}1", "0", "1"),
        "Rank correlation over 16 × 16 places: 1 where both maps put the places in the same order, 0 where they have "
        "nothing to do with one another, below 0 where one marks what the other does not.",
    )


def agreement_lines(groups: Groups, values: np.ndarray) -> tuple[list[str], list[list[str]]]:
    """Heads and lines of a plain table of every two maps, those that agree most first."""
    full = full_names(groups)
    rows, columns = np.triu_indices(len(full), 1)
    order = np.argsort(-np.nan_to_num(values[rows, columns], nan=-2), kind="stable")
    lines = [[full[rows[k]], full[columns[k]], agreement_text(values[rows[k], columns[k]])] for k in order]
    return ["map", "and", "rank correlation"], lines


def full_names(groups: Groups) -> list[str]:
    """'A-MobileNet, Grad-CAM' for each map of each group."""
    return [f"{title}, {name}" if title else name for title, names in groups for name in names]
