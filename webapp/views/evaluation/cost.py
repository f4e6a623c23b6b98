"""What accuracy costs: multiply-adds and parameters of everything that has a score on the same faces."""

from dataclasses import replace
from functools import partial

import streamlit as st

from fer_models.text import interval_text, share_text
from webapp import keys, state, wording
from webapp.components.words import folded_numbers, notice, told
from webapp.figures.cost import cost_legend, far_below
from webapp.figures.points import CostPoint
from webapp.views.evaluation import costs
from webapp.views.evaluation.section import Later, section
from webapp.wording import plain

RUNS = (
    "One run of each network of the papers' tables, with its paper's loss. A checkpoint's epoch may have been chosen "
    "on these faces, a run's never."
)


def begin(chosen: str, split: str, title: str, rule: str) -> Later:
    """The words and the switch; the charts come later. ``title`` is what the split is called."""
    _, content = section(
        "What does accuracy cost?",
        f"Checkpoints scored on {plain(title)} with these labels. Multiply-adds are for one picture of the size that "
        "was scored; lines are 95 % intervals. Networks of equal cost stand side by side.",
    )
    if title != split:  # of another data set there are no runs
        return content, partial(_draw, chosen, split, title, rule, runs=False)
    with content:
        runs = state.switch(keys.RUNS, st.toggle, "Also the runs for the papers' tables", help=RUNS)

    return content, partial(_draw, chosen, split, title, rule, runs)


def _draw(chosen: str, split: str, title: str, rule: str, runs: bool) -> None:
    try:
        points = costs.checkpoint_points(split, rule) + (costs.run_points(split, rule) if runs else [])
    except ValueError as error:
        notice("A stored result cannot be read.", told(error))
        return
    if points:
        _draw_charts([replace(point, name=_name(point)) for point in points], wording.network_name(chosen))
    else:
        st.caption(plain(f"Nothing is scored on {title} with the labels {rule} yet."))


def _draw_charts(points: list[CostPoint], chosen: str) -> None:
    from webapp.figures.charts import CONFIG, cost_figure

    below = far_below(points)
    drawn = [point for point in points if point not in below]
    st.html(cost_legend(drawn, chosen))
    for column, field, title in zip(
        st.columns(2), ("macs", "parameters"), ("Multiply-adds", "Parameters"), strict=True
    ):
        column.plotly_chart(
            cost_figure(drawn, field, title, chosen),
            key=f"cost_{field}",
            config=CONFIG,
            alt=f"Accuracy against {title.lower()} of {len(drawn)} networks",
        )
    if below:
        listed = ", ".join(f"{point.name} {share_text(point.accuracy)}" for point in below)
        st.caption(plain(f"Far below the other runs, and below the charts: {listed}."))
    heads = ("network", "kind", "pixels", "accuracy", "95 % interval", "multiply-adds", "parameters")
    lines = [
        (
            point.name,
            point.series,
            str(point.side),
            share_text(point.accuracy),
            interval_text(point.interval),
            f"{point.macs:,}",
            f"{point.parameters:,}",
        )
        for point in points
    ]
    folded_numbers(heads, lines)


def _name(point: CostPoint) -> str:
    return wording.network_name(point.name) if point.checkpoint else wording.variant_name(point.name)
