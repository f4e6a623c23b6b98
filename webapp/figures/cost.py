"""Marks of the networks in the charts of accuracy against cost, and the legend that names them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

import numpy as np

from webapp.figures.colours import LINES, RULE_COLOUR
from webapp.figures.points import CostPoint

#: Plotly's symbols and the characters that look like them.
FILLED = (("circle", "●"), ("square", "■"), ("diamond", "◆"), ("triangle-up", "▲"))
OPEN = (("circle-open", "○"), ("diamond-open", "◇"), ("triangle-up-open", "△"), ("square-open", "□"))


@dataclass(frozen=True)
class Mark:
    """How ``points`` are drawn and named: one checkpoint, or all other results of a series."""

    name: str
    series: str
    symbol: str
    glyph: str
    colour: str
    points: tuple[CostPoint, ...]


def cost_marks(points: Sequence[CostPoint]) -> list[Mark]:
    """Checkpoints first, no two of the same colour and shape; then the other series, grey and hollow."""
    marks = []
    checkpoints = sorted((point for point in points if point.checkpoint), key=lambda point: point.series)
    for number, point in enumerate(checkpoints):
        symbol, glyph = FILLED[number % len(FILLED)]
        marks.append(Mark(point.name, point.series, symbol, glyph, LINES[number % len(LINES)], (point,)))
    others = sorted((point for point in points if not point.checkpoint), key=lambda point: point.series)
    for number, (series, members) in enumerate(groupby(others, key=lambda point: point.series)):
        marks.append(Mark(series, series, *OPEN[number % len(OPEN)], RULE_COLOUR, tuple(members)))
    return marks


def cost_legend(points: Sequence[CostPoint], chosen: str) -> str:
    """The marks and their names as HTML, by series; the one called ``chosen`` is in bold type."""
    groups = []
    for series, members in groupby(cost_marks(points), key=lambda mark: mark.series):
        marks = list(members)
        listed = "".join(
            f"<dd{' aria-current=true' if mark.name == chosen else ''}>{_sign(mark)}{escape(mark.name)}</dd>"
            for mark in marks
            if mark.points[0].checkpoint
        )
        groups.append(f"<div><dt>{'' if listed else _sign(marks[0])}{escape(series)}</dt>{listed}</div>")
    return f'<dl class="fs-legend">{"".join(groups)}</dl>'


def far_below(points: Sequence[CostPoint]) -> list[CostPoint]:
    """Runs that answer so much worse than the others that a chart which reached them would press all else together.

    As in a box plot: by more than 1.5 times the distance of the quartiles below the lower one.
    """
    runs = [point for point in points if not point.checkpoint]
    if not runs:
        return []
    low, high = np.quantile([point.accuracy for point in runs], (0.25, 0.75))
    return [point for point in runs if point.accuracy < low - 1.5 * (high - low)]


def side_by_side(places: Sequence[float], apart: float) -> list[float]:
    """Places on an axis, moved where they would be nearer than ``apart`` to one another: around their mean then."""
    groups: list[list[int]] = []
    for index in sorted(range(len(places)), key=places.__getitem__):
        groups.append([index])
        # A group that was widened may have come too near to the one before it.
        while len(groups) > 1 and _first(groups[-1], places, apart) - _last(groups[-2], places, apart) < apart:
            groups[-2:] = [groups[-2] + groups[-1]]
    moved = list(places)
    for group in groups:
        for number, index in enumerate(group):
            moved[index] = _first(group, places, apart) + number * apart
    return moved


def _first(group: list[int], places: Sequence[float], apart: float) -> float:
    return sum(places[index] for index in group) / len(group) - (len(group) - 1) * apart / 2


def _last(group: list[int], places: Sequence[float], apart: float) -> float:
    return _first(group, places, apart) + (len(group) - 1) * apart


def _sign(mark: Mark) -> str:
    return f'<i style="color:{mark.colour}" aria-hidden="true">{mark.glyph}</i>'
