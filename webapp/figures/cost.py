"""Accuracy against what it costs: one mark a network, and the legend that names them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

import plotly.graph_objects as go

from fer_models.text import interval_text, share_text
from webapp.figures.charts import LINES, PERCENT, calm
from webapp.figures.colours import RULE_COLOUR

HEIGHT = 320
#: Plotly's symbols and the characters that look like them.
FILLED = (("circle", "●"), ("square", "■"), ("diamond", "◆"), ("triangle-up", "▲"))
OPEN = (("circle-open", "○"), ("diamond-open", "◇"), ("triangle-up-open", "△"), ("square-open", "□"))


@dataclass(frozen=True)
class CostPoint:
    """What one network costs, for a picture of the ``side`` it was scored at, and how well it answers.

    ``series`` says what kind of result it is and what its training began with, in words.
    """

    name: str
    series: str
    side: int
    parameters: int
    macs: int
    accuracy: float
    interval: tuple[float, float]
    checkpoint: bool


@dataclass(frozen=True)
class _Mark:
    """How ``points`` are drawn and named: one checkpoint, or all other results of a series."""

    name: str
    series: str
    symbol: str
    glyph: str
    colour: str
    points: tuple[CostPoint, ...]


def cost_figure(points: Sequence[CostPoint], field: str, title: str, chosen: str) -> go.Figure:
    """Accuracy with its interval against a cost, ``field``, on a logarithmic axis.

    Each checkpoint has a mark of its own, and the one called ``chosen`` the largest; ``cost_legend`` names them.
    """
    figure = go.Figure()
    for mark in _marks(points):
        figure.add_scatter(
            x=[getattr(point, field) for point in mark.points],
            y=[point.accuracy for point in mark.points],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [point.interval[1] - point.accuracy for point in mark.points],
                "arrayminus": [point.accuracy - point.interval[0] for point in mark.points],
                "thickness": 1,
                "width": 3,
            },
            mode="markers",
            marker={
                "symbol": mark.symbol,
                "size": 16 if mark.name == chosen else 9,
                "color": mark.colour,
                "opacity": 1,
                "line": {"width": 1.5, "color": mark.colour},
            },
            name=mark.name,
            customdata=[
                [point.name, share_text(point.accuracy), interval_text(point.interval), point.side]
                for point in mark.points
            ],
            hovertemplate="%{customdata[0]}, %{customdata[3]} px<br>%{customdata[1]} (%{customdata[2]})<br>"
            "%{x:,}<extra></extra>",
        )
    costs = [math.log10(getattr(point, field)) for point in points]
    calm(figure, HEIGHT)
    ticks = [digit * 10**power for power in range(3, 13) for digit in (1, 2, 5)]
    figure.update_xaxes(
        type="log",
        range=[min(costs) - 0.12, max(costs) + 0.12],
        title=title,
        tickvals=ticks,
        ticktext=list(map(_rounded, ticks)),
    )
    figure.update_yaxes(PERCENT, title="Accuracy")
    figure.update_layout(showlegend=False)
    return figure


def cost_legend(points: Sequence[CostPoint], chosen: str) -> str:
    """The marks of ``cost_figure`` and their names as HTML, by series; the one called ``chosen`` is in bold type."""
    groups = []
    for series, members in groupby(_marks(points), key=lambda mark: mark.series):
        marks = list(members)
        listed = "".join(
            f"<dd{' aria-current=true' if mark.name == chosen else ''}>{_sign(mark)}{escape(mark.name)}</dd>"
            for mark in marks
            if mark.points[0].checkpoint
        )
        groups.append(f"<div><dt>{'' if listed else _sign(marks[0])}{escape(series)}</dt>{listed}</div>")
    return f'<dl class="fs-legend">{"".join(groups)}</dl>'


def _sign(mark: _Mark) -> str:
    return f'<i style="color:{mark.colour}" aria-hidden="true">{mark.glyph}</i>'


def _marks(points: Sequence[CostPoint]) -> list[_Mark]:
    """Checkpoints first, no two of the same colour and shape; then the other series, grey and hollow."""
    marks = []
    checkpoints = sorted((point for point in points if point.checkpoint), key=lambda point: point.series)
    for number, point in enumerate(checkpoints):
        symbol, glyph = FILLED[number % len(FILLED)]
        marks.append(_Mark(point.name, point.series, symbol, glyph, LINES[number % len(LINES)], (point,)))
    others = sorted((point for point in points if not point.checkpoint), key=lambda point: point.series)
    for number, (series, members) in enumerate(groupby(others, key=lambda point: point.series)):
        marks.append(_Mark(series, series, *OPEN[number % len(OPEN)], RULE_COLOUR, tuple(members)))
    return marks


def _rounded(count: float) -> str:
    """'200 M', '5 G'."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count // size} {unit}"
    return str(count)
