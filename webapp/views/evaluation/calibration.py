"""Whether a network is right as often as it says."""

from functools import partial

import streamlit as st

from fer_models.evaluation import Calibration
from fer_models.text import share_text
from webapp.components.words import folded_numbers
from webapp.views.evaluation.data import Evaluated
from webapp.views.evaluation.section import Later, section


def begin(found: Evaluated) -> Later:
    """The words; the chart comes later."""
    measured = found.report.calibration
    words, content = section(
        "Can its probabilities be believed?",
        "On the dashed line a network is right as often as it says; below it, it is too sure of itself; above it, not "
        "sure enough.",
    )
    words.markdown(
        f"Expected calibration error: **{measured.ece:.3f}**",
        help="How far the curve lies from the dashed line, on the mean over all faces.",
    )

    return content, partial(_draw, measured)


def _draw(measured: Calibration) -> None:
    from webapp.figures.charts import CONFIG, FEW, reliability_figure

    st.plotly_chart(
        reliability_figure(measured),
        key="reliability",
        config=CONFIG,
        alt="Reliability curve: accuracy against the probability of the answer, and the faces in each bin",
    )
    lines = [
        (
            f"{part.low:.2f} to {part.high:.2f}",
            f"{part.count:,}",
            share_text(part.confidence),
            share_text(part.accuracy),
        )
        for part in measured.bins
        if part.confidence is not None and part.accuracy is not None
    ]
    heads = ("probability", "faces", "mean probability", "right")
    folded_numbers(heads, lines, f"Bins without faces are left out. Points of fewer than {FEW} faces are small.")
