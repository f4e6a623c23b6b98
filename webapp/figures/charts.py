"""Charts of the page "Evaluation": calibration, accuracy against cost, training.

They set no colour of text and no background: Streamlit's theme does, light or dark.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fer_models.card import share_text
from fer_models.evaluation import Calibration
from fer_models.reproduction.result import Epoch
from webapp.figures.colours import EXPRESSION_COLOURS, PROFILE_COLOUR, RULE_COLOUR

#: No text of a chart is smaller, in pixels.
TEXT_SIZE = 13
#: No buttons over a chart, and a finger that scrolls the page scrolls the page.
CONFIG = {"displayModeBar": False, "scrollZoom": False}
#: Okabe and Ito's colours but the yellow, which is faint on white.
LINES = [colour for colour in EXPRESSION_COLOURS.values() if colour not in ("#f0e442", "#999999")]
DASHES = ("solid", "dot", "dash", "dashdot")
GRID = "rgba(128,136,145,.22)"
COST_HEIGHT = 380
PLOT_HEIGHT = COST_HEIGHT - 110  # without legend and axis, about
CHECKPOINT_MARKS = {"Checkpoint, from scratch": "circle", "Checkpoint, from ImageNet weights": "square"}
PERCENT = {"tickformat": ".0%"}


@dataclass(frozen=True)
class CostPoint:
    """What one network costs (8 labels or the card's, one picture of 224 x 224) and how well it answers."""

    name: str
    series: str
    parameters: int
    macs: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """A run's training: its row in the table, and one record an epoch; ``chosen`` is the epoch whose weights count."""

    label: str
    history: tuple[Epoch, ...]
    chosen: int
    chosen_on: str


def calm(figure: go.Figure, height: int) -> go.Figure:
    """What all charts have in common: no background, no dragging, text of one size."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        hovermode="closest",
        hoverdistance=40,
        font={"size": TEXT_SIZE},
        hoverlabel={"font": {"size": TEXT_SIZE}},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": TEXT_SIZE},
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
    axis: dict[str, Any] = {
        "automargin": True,
        "fixedrange": True,
        "gridcolor": GRID,
        "zeroline": False,
        "tickfont": {"size": TEXT_SIZE},
        "title_font": {"size": TEXT_SIZE},
    }
    figure.update_xaxes(axis)
    figure.update_yaxes(axis)
    return figure


def reliability_figure(calibration: Calibration) -> go.Figure:
    """Accuracy of each bin against its mean confidence, and below it how many faces the bin has."""
    known = [part for part in calibration.bins if part.count]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.74, 0.26], vertical_spacing=0.06)
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": RULE_COLOUR, "dash": "dash", "width": 1.5},
        name="confidence = accuracy",
        hoverinfo="skip",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=[part.confidence for part in known],
        y=[part.accuracy for part in known],
        mode="lines+markers",
        line={"color": PROFILE_COLOUR, "width": 2},
        marker={"size": 8},
        name="this network",
        customdata=[[part.count] for part in known],
        hovertemplate="says %{x:.1%}, right in %{y:.1%}<br>%{customdata[0]:,} faces<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=[(part.low + part.high) / 2 for part in calibration.bins],
        y=[part.count for part in calibration.bins],
        width=[0.94 * (part.high - part.low) for part in calibration.bins],
        marker={"color": PROFILE_COLOUR, "opacity": 0.55},
        showlegend=False,
        hovertemplate="%{y:,} faces<extra></extra>",
        row=2,
        col=1,
    )
    calm(figure, 420)
    figure.update_xaxes(PERCENT, range=[0, 1.02])
    figure.update_xaxes(title="Probability of the answer", row=2, col=1)
    figure.update_yaxes(PERCENT, range=[0, 1.02], title="Answers that are right", row=1, col=1)
    figure.update_yaxes(title="Faces", nticks=3, row=2, col=1)
    return figure


def cost_figure(points: Sequence[CostPoint], field: str, title: str, chosen: str) -> go.Figure:
    """Accuracy with its interval against a cost, ``field``, on a logarithmic axis; each series has a mark of its own.

    Checkpoints have their names beside them, and the mark of the one called ``chosen`` is the largest.
    """
    figure = go.Figure()
    others = iter(("circle-open", "diamond-open", "triangle-up-open", "square-open"))
    ordered = sorted(points, key=lambda point: point.series)
    for series, members in groupby(ordered, key=lambda point: point.series):
        group = list(members)
        colour = PROFILE_COLOUR if is_checkpoint(group[0]) else RULE_COLOUR
        figure.add_scatter(
            x=[getattr(point, field) for point in group],
            y=[point.accuracy for point in group],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [point.interval[1] - point.accuracy for point in group],
                "arrayminus": [point.accuracy - point.interval[0] for point in group],
                "thickness": 1,
                "width": 3,
            },
            mode="markers",
            marker={
                "symbol": CHECKPOINT_MARKS.get(series) or next(others),
                "size": [16 if point.name == chosen else 9 for point in group],
                "color": colour,
                "opacity": 1,
                "line": {"width": 1.5, "color": colour},
            },
            name=series,
            customdata=[[point.name, share_text(point.accuracy), *map(share_text, point.interval)] for point in group],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]} (%{customdata[2]} to %{customdata[3]})<br>"
            "%{x:,}<extra></extra>",
        )
    costs = [math.log10(getattr(point, field)) for point in points]
    low, high = min(costs) - 0.12, max(costs) + 0.12
    bottom, top = min(point.interval[0] for point in points), max(point.interval[1] for point in points)
    room = 0.12 * (top - bottom)  # for names
    calm(figure, COST_HEIGHT)
    ticks = [digit * 10**power for power in range(3, 13) for digit in (1, 2, 5)]
    figure.update_xaxes(type="log", range=[low, high], title=title, tickvals=ticks, ticktext=list(map(_rounded, ticks)))
    figure.update_yaxes(PERCENT, title="Accuracy", range=[bottom - room, top + room])
    named = [point for point in points if is_checkpoint(point)]
    labels = _labels(named, field, low, high, top - bottom + 2 * room)
    figure.update_layout(showlegend=True, legend={"itemsizing": "constant"}, annotations=labels)
    return figure


def is_checkpoint(point: CostPoint) -> bool:
    return point.series.startswith("Checkpoint")


def _labels(points: Sequence[CostPoint], field: str, low: float, high: float, span: float) -> list[dict[str, Any]]:
    """Names at the ends of the intervals, of the better half above and of the others below, so that none overlap.

    ``low`` and ``high`` are exponents of the cost axis, ``span`` is the length of the accuracy axis.
    """
    ordered = sorted(points, key=lambda point: point.accuracy)
    half = len(ordered) // 2
    above = [(point, point.interval[1]) for point in ordered[half:]]
    below = [(point, point.interval[0]) for point in reversed(ordered[:half])]
    labels = []
    for group, away in ((sorted(above, key=lambda pair: pair[1]), 1), (sorted(below, key=lambda pair: -pair[1]), -1)):
        taken = -math.inf  # pixels upwards or downwards
        for point, end in group:
            place = away * end / span * PLOT_HEIGHT
            taken = max(place + 10, taken + 1.25 * TEXT_SIZE)
            cost = math.log10(getattr(point, field))
            third = (cost - low) / (high - low)
            labels.append(
                {
                    "x": cost,  # on a logarithmic axis annotations stand at the exponent
                    "y": end,
                    "yshift": away * (taken - place),
                    "xanchor": "left" if third < 1 / 3 else "right" if third > 2 / 3 else "center",
                    "xshift": -4 if third < 1 / 3 else 4 if third > 2 / 3 else 0,
                    "text": point.name,
                    "showarrow": False,
                    "font": {"size": TEXT_SIZE},
                }
            )
    return labels


def _rounded(count: float) -> str:
    """'200 M', '5 G'."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count // size} {unit}"
    return str(count)


def training_figure(curves: Iterable[Curve]) -> go.Figure:
    """Accuracy by epoch of each run, on the faces its epoch was chosen on; the chosen epoch is marked.

    Losses are not drawn: runs that minimise different losses cannot be compared by them.
    """
    figure = go.Figure()
    for number, curve in enumerate(curves):
        colour = LINES[number % len(LINES)]
        figure.add_scatter(
            x=[record.epoch for record in curve.history],
            y=[record.accuracy for record in curve.history],
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": DASHES[number // len(LINES) % len(DASHES)]},
            marker={"size": [11 if record.epoch == curve.chosen else 4 for record in curve.history]},
            name=curve.label,
            hovertemplate="%{fullData.name}<br>epoch %{x}: %{y:.1%}<extra></extra>",
        )
    calm(figure, 420)
    figure.update_xaxes(title="Epoch")
    figure.update_yaxes(PERCENT, title="Accuracy")
    figure.update_layout(showlegend=True, legend={"y": -0.2, "yanchor": "top"})
    return figure
