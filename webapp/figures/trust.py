"""Is a map true? The verdict, and gains with their intervals as a table that is its own chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from webapp.figures import strips
from webapp.figures.matrix import MINUS

#: What a verdict is called, as the largest words of the page.
VERDICTS = {"yes": "Yes", "no": "No", "cannot tell": "Cannot tell"}
#: Controls, in words that need no introduction.
CONTROLS = {
    "random": ("Chance", "places in no order"),
    "edges": ("Edges", "of the face, without a network"),
    "face prior": ("Face-shaped guess", "the middle of the picture, for any face"),
    "network mean": ("The network's mean map", "the same for any face"),
}


@dataclass(frozen=True)
class Gain:
    """A line of the table: ``low`` and ``high`` are the interval of ``gain``, ``ahead`` the lead over the guess.

    ``more``: further cells, in the table's own columns.
    """

    name: str
    detail: str
    gain: float
    low: float
    high: float
    verdict: str = ""
    control: bool = False
    chosen: bool = False
    more: tuple[str, ...] = ()


def stylesheet() -> str:
    """What this page adds to the site's style sheet."""
    return f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def signed(value: float, digits: int = 2) -> str:
    """'+0.31', '−0.54', '0.00'."""
    text = f"{value:+.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", MINUS)


def span(low: float, high: float) -> str:
    """'−0.62 to +0.13'; without an interval 'no interval'."""
    return f"{signed(low)} to {signed(high)}" if np.isfinite([low, high]).all() else "no interval"


def verdict_headline(question: str, verdict: str = "", lead: float = 0.0) -> str:
    """The answer, larger than anything else on the page, and by how much the map leads; or that it is being found."""
    words = f"<span>{VERDICTS[verdict]}</span> <b>{lead_text(lead)}</b>" if verdict else "<span>…</span>"
    return f'<div class="fs-answer"><p class="fs-eyebrow">{escape(question)}</p><h2>{words}</h2></div>'


def lead_text(lead: float) -> str:
    """'0.24 behind', '0.12 ahead'."""
    return f"{abs(lead):.2f} {'behind' if lead < 0 else 'ahead'}"


def gains_table(rows: Sequence[Gain], caption: str, more: Sequence[str] = ()) -> str:
    """Gains with their intervals on one scale; the columns named in ``more`` are left out on a phone."""
    ends = [end for row in rows for end in (row.low, row.high, row.gain) if np.isfinite(end)]
    low, high = min(0.0, *ends), max(0.0, *ends)

    def place(value: float) -> float:
        return 100 * (min(max(value, low), high) - low) / ((high - low) or 1)

    lines = []
    for row in rows:
        kind = " ".join(name for name, so in (("fs-control", row.control), ("fs-chosen", row.chosen)) if so)
        left, right = place(row.low), place(row.high)
        drawn = (
            f'<div style="--zero:{place(0):.1f}%" aria-hidden="true"><i style="left:{left:.1f}%;width:'
            f'{right - left:.1f}%"></i><b style="left:{place(row.gain):.1f}%"></b></div>'
        )
        cells = "".join(f'<td class="fs-number fs-wide">{escape(text)}</td>' for text in row.more)
        lines.append(
            f'<tr class="{kind}"><th scope="row">{escape(row.name)}<small>{escape(row.detail)}</small></th>'
            f'<td class="fs-range">{drawn}</td><td class="fs-number">{signed(row.gain)}'
            f"<small>{span(row.low, row.high)}</small></td>"
            f'<td class="fs-verdict">{escape(row.verdict)}</td>{cells}</tr>'
        )
    heads = "".join(f'<th scope="col" class="fs-number fs-wide">{escape(name)}</th>' for name in more)
    table = (
        f'<table class="fs-gains">{strips.caption(caption)}<thead><tr><th scope="col">Map</th>'
        '<th scope="col" aria-hidden="true"></th><th scope="col" class="fs-number">Gain</th>'
        f'<th scope="col">Better than the guess?</th>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )
    return strips.scrolling(table, "Gains of maps")
