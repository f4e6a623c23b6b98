"""Charts of the page "Evaluation": calibration, cost, training.

They set no colour of text and no background: Streamlit's theme does, light or dark. Plotly takes its time to load:
pages import this module when all else is drawn.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fer_models.evaluation import Calibration
from fer_models.text import interval_text, share_text
from webapp.figures.colours import LINES, PROFILE_COLOUR, RULE_COLOUR
from webapp.figures.cost import cost_marks, side_by_side
from webapp.figures.points import CostPoint, Curve

#: No text of a chart is smaller, in pixels.
TEXT_SIZE = 13
#: No buttons over a chart, and a finger that scrolls the page scrolls the page.
CONFIG = {"displayModeBar": False, "scrollZoom": False}
DASHES = ("solid", "dot", "dash", "dashdot")
FEW = 20  # faces; the share of fewer that are right says little
#: Marks of networks lie at least this share of a chart's width apart.
APART = 0.045
GRID = "rgba(128,136,145,.22)"
PERCENT = {"tickformat": ".0%"}


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


def as_text(name: str) -> str:
    """A name that is drawn as it is: Plotly takes tags and entities in texts for markup."""
    return escape(name, quote=False)


def reliability_figure(calibration: Calibration) -> go.Figure:
    """Accuracy of each bin against its mean confidence, and below it how many faces the bin has."""
    known = [part for part in calibration.bins if part.count]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.74, 0.26], vertical_spacing=0.06)
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": RULE_COLOUR, "dash": "dash", "width": 1.5},
        name="probability = share right",
        hoverinfo="skip",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=[part.confidence for part in known],
        y=[part.accuracy for part in known],
        mode="lines+markers",
        line={"color": PROFILE_COLOUR, "width": 2},
        marker={"size": [8 if part.count >= FEW else 4 for part in known]},
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
            line={"color": colour, "width": 2, "dash": DASHES[number % len(DASHES)]},
            marker={"size": [11 if record.epoch == curve.chosen else 4 for record in curve.history]},
            name=as_text(curve.label),
            hovertemplate="%{fullData.name}<br>epoch %{x}: %{y:.1%}<extra></extra>",
        )
    calm(figure, 420)
    figure.update_xaxes(title="Epoch")
    figure.update_yaxes(PERCENT, title="Accuracy")
    figure.update_layout(showlegend=True, legend={"y": -0.2, "yanchor": "top"})
    return figure


def cost_figure(points: Sequence[CostPoint], field: str, title: str, chosen: str) -> go.Figure:
    """Accuracy with its interval against a cost, ``field``, on a logarithmic axis.

    Each checkpoint has a mark of its own, and the one called ``chosen`` the largest; ``cost_legend`` names them. Marks
    of equal cost stand side by side. The axes reach as far as the points that are given.
    """
    figure = go.Figure()
    marks = cost_marks(points)
    places = _places(points, field)
    for mark in marks:
        figure.add_scatter(
            x=[10 ** places[point] for point in mark.points],
            y=[point.accuracy for point in mark.points],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [point.interval[1] - point.accuracy for point in mark.points],
                "arrayminus": [point.accuracy - point.interval[0] for point in mark.points],
                "thickness": 1.5,
                "width": 4,
            },
            mode="markers",
            marker={
                "symbol": mark.symbol,
                "size": 15 if mark.name == chosen else 9,
                "color": mark.colour,
                "opacity": 1,
                "line": {"width": 1.5, "color": mark.colour},
            },
            name=as_text(mark.name),
            customdata=[
                [
                    as_text(point.name),
                    share_text(point.accuracy),
                    interval_text(point.interval),
                    point.side,
                    f"{cost:,}",
                ]
                for point in mark.points
                for cost in [getattr(point, field)]
            ],
            hovertemplate="%{customdata[0]}, %{customdata[3]} px<br>%{customdata[1]} (%{customdata[2]})<br>"
            "%{customdata[4]}<extra></extra>",
        )
    calm(figure, 360)
    ticks = [digit * 10**power for power in range(3, 13) for digit in (1, 2, 5)]
    figure.update_xaxes(
        type="log",
        range=[min(places.values()) - 0.08, max(places.values()) + 0.08],
        title=title,
        tickvals=ticks,
        ticktext=list(map(_rounded, ticks)),
    )
    low, high = min(point.interval[0] for point in points), max(point.interval[1] for point in points)
    figure.update_yaxes(PERCENT, title="Accuracy", range=[low - 0.06 * (high - low), high + 0.06 * (high - low)])
    figure.update_layout(showlegend=False)
    return figure


def _places(points: Sequence[CostPoint], field: str) -> dict[CostPoint, float]:
    """Where each point's mark stands, as a power of ten: checkpoints make room for one another, as do all others."""
    exact = {point: math.log10(getattr(point, field)) for point in points}
    apart = APART * max(max(exact.values()) - min(exact.values()), 0.5)
    places: dict[CostPoint, float] = {}
    for kind in (True, False):
        alike = [point for point in points if point.checkpoint is kind]
        places |= dict(zip(alike, side_by_side([exact[point] for point in alike], apart), strict=True))
    return places


def _rounded(count: float) -> str:
    """'200 M', '5 G'."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count // size} {unit}"
    return str(count)
