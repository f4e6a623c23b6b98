"""Names of somebody's checkpoint in what is drawn: they are text, whatever signs they hold."""

from dataclasses import replace

from webapp.figures import strips
from webapp.figures.charts import cost_figure
from webapp.figures.points import CostPoint

NAME = "<b>own &amp; <a href=x>"


def test_a_sections_words_are_text():
    drawn = strips.section("Title", f"Untouched {NAME} is right", "", "")
    assert "<b>own" not in drawn and "&lt;b&gt;own &amp;amp; &lt;a href=x&gt;" in drawn


def test_a_mark_of_a_chart_is_named_as_it_is():
    point = CostPoint(NAME, "Checkpoints", 64, 10**6, 10**8, 0.5, (0.4, 0.6), checkpoint=True)
    figure = cost_figure([point, replace(point, name="other", macs=2 * 10**8)], "macs", "Multiply-adds", NAME)
    named = next(trace for trace in figure.data if trace.customdata[0][0] != "other")
    # As Plotly decodes it: entities of <, > and &.
    for text in (named.customdata[0][0], named.name):
        assert text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&", 1) == NAME and "<" not in text
