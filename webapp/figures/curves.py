"""Lines of the page "Trust": what is left of a score while places are covered, and of a map while weights are lost.

Plotly takes its time to load: the page imports this module when all else is drawn.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from webapp.figures.charts import PERCENT, calm
from webapp.figures.colours import PROFILE_COLOUR, RULE_COLOUR


def covering_figure(deletion: np.ndarray, insertion: np.ndarray, guess: tuple[np.ndarray, np.ndarray]) -> go.Figure:
    """The label's probability while a map's places are covered, or shown, from the most relevant on.

    ``deletion``, ``insertion`` (N,): of the map; ``guess``: the same two of the face-shaped guess.
    """
    figure = go.Figure()
    shares = np.linspace(0, 1, len(deletion))
    lines = (
        ("shown alone", insertion, PROFILE_COLOUR, "solid", None),
        ("covered", deletion, PROFILE_COLOUR, "dash", "tonexty"),
        ("guess, shown alone", guess[1], RULE_COLOUR, "solid", None),
        ("guess, covered", guess[0], RULE_COLOUR, "dash", None),
    )
    for name, values, colour, dash, fill in lines:
        figure.add_scatter(
            x=shares,
            y=values,
            mode="lines",
            name=name,
            line={"color": colour, "dash": dash, "width": 2},
            fill=fill,
            fillcolor="rgba(31,138,128,.14)",
            hovertemplate="%{x:.0%} of the places " + name + ": %{y:.1%}<extra></extra>",
        )
    calm(figure, 340)
    figure.update_xaxes(PERCENT, range=[0, 1], title="Places, the map's most relevant first")
    figure.update_yaxes(PERCENT, range=[0, 1.02], title="Probability")
    figure.update_layout(legend={"y": -0.25, "yanchor": "top", "traceorder": "normal"}, showlegend=True)
    return figure


def similarity_figure(parts: Sequence[str], similarity: Sequence[float], chosen: int, lives: float) -> go.Figure:
    """How much of a map is left at each step of randomisation; ``lives``: from where on it counts as the same."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(range(len(parts))),
        y=similarity,
        mode="lines+markers",
        line={"color": PROFILE_COLOUR, "width": 2},
        marker={"size": [13 if step == chosen else 6 for step in range(len(parts))]},
        customdata=[[part] for part in parts],
        hovertemplate="%{customdata[0]}: %{y:.2f}<extra></extra>",
        showlegend=False,
    )
    figure.add_hline(y=lives, line={"color": RULE_COLOUR, "dash": "dash", "width": 1.5})
    calm(figure, 280)
    shown = range(0, len(parts), max(1, len(parts) // 4))
    figure.update_xaxes(tickvals=list(shown), ticktext=[parts[step] for step in shown], title="Random from here on")
    figure.update_yaxes(range=[0, 1.05], title="Likeness")
    return figure
