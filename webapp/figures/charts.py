"""Charts of the page "Evaluation": calibration and training, and what all charts have in common.

They set no colour of text and no background: Streamlit's theme does, light or dark.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fer_models.evaluation import Calibration
from fer_models.reproduction.result import Epoch
from webapp.figures.colours import PROFILE_COLOUR, RULE_COLOUR

#: No text of a chart is smaller, in pixels.
TEXT_SIZE = 13
#: No buttons over a chart, and a finger that scrolls the page scrolls the page.
CONFIG = {"displayModeBar": False, "scrollZoom": False}
#: Colours of networks and runs: none stands for an expression, and each has a contrast of 3:1 on either background.
LINES = ("#1f8a80", "#8a63d2", "#a8761a", "#c2478f", "#5b7fa6", "#6f8f2f", "#b5544d")
DASHES = ("solid", "dot", "dash", "dashdot")
FEW = 20  # faces; the share of fewer that are right says little
GRID = "rgba(128,136,145,.22)"
PERCENT = {"tickformat": ".0%"}


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
            name=curve.label,
            hovertemplate="%{fullData.name}<br>epoch %{x}: %{y:.1%}<extra></extra>",
        )
    calm(figure, 420)
    figure.update_xaxes(title="Epoch")
    figure.update_yaxes(PERCENT, title="Accuracy")
    figure.update_layout(showlegend=True, legend={"y": -0.2, "yanchor": "top"})
    return figure
