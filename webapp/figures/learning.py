"""Curves of jobs: loss and accuracy by epoch. Plotly takes its time to load: import it when all else is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from webapp.figures.charts import PERCENT, calm
from webapp.figures.colours import LINES


@dataclass(frozen=True)
class Run:
    """A job's name, and one record an epoch, as jobs.metrics returns them."""

    name: str
    records: Sequence[dict[str, Any]]


def loss_figure(runs: Sequence[Run]) -> go.Figure:
    """Loss of each run: solid on the validation pictures, dotted in training."""
    figure = go.Figure()
    for number, run in enumerate(runs):
        for field, words, dash in (("validation_loss", "validation", "solid"), ("loss", "training", "dot")):
            _add(figure, run, field, f"{run.name}, {words}", LINES[number % len(LINES)], dash, "%{y:.3f}")
    calm(figure, 300)
    figure.update_xaxes(title="Epoch", rangemode="tozero", tickformat="d")
    figure.update_yaxes(title="Loss", rangemode="tozero")
    return _with_legend(figure)


def accuracy_figure(runs: Sequence[Run]) -> go.Figure:
    """Accuracy of each run: solid on the validation pictures, dotted in training."""
    figure = go.Figure()
    for number, run in enumerate(runs):
        for field, words, dash in (("accuracy", "validation", "solid"), ("training_accuracy", "training", "dot")):
            _add(figure, run, field, f"{run.name}, {words}", LINES[number % len(LINES)], dash, "%{y:.1%}")
    calm(figure, 300)
    figure.update_xaxes(title="Epoch", rangemode="tozero", tickformat="d")
    figure.update_yaxes(PERCENT, title="Accuracy", range=[0, 1.02])
    return _with_legend(figure)


def _add(figure: go.Figure, run: Run, field: str, name: str, colour: str, dash: str, value: str) -> None:
    known = [record for record in run.records if record.get(field) is not None]
    if not known:  # older runs do not know it
        return
    figure.add_scatter(
        x=[record["epoch"] for record in known],
        y=[record[field] for record in known],
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2},
        marker={"size": 5},
        name=name,
        hovertemplate="%{fullData.name}<br>epoch %{x}: " + value + "<extra></extra>",
    )


def _with_legend(figure: go.Figure) -> go.Figure:
    return figure.update_layout(showlegend=True, legend={"y": -0.3, "yanchor": "top"})
