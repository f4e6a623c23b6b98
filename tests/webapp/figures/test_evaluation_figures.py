"""Figures of the page "Evaluation" as data: values, colours, words, tables."""

import math
import re
import tomllib
from html import unescape
from pathlib import Path

import numpy as np
import pytest

import webapp
from fer_models.evaluation import ClassScores, Comparison, measure_calibration
from fer_models.reproduction import Cell, FilledConfusion, FilledRow, FilledTable
from fer_models.training.events import EpochRecord
from tests.support.html_tables import Table, contrast
from webapp import wording
from webapp.figures import charts, cost, paper_tables, scores, strips
from webapp.figures.colours import EXPRESSION_COLOURS, LINES
from webapp.figures.points import CostPoint, Curve

NAMES = ("neutral", "fear", "anger")
COUNTS = np.array([[90, 9, 1], [0, 4, 0], [0, 0, 0]])


def test_reliability_has_one_point_a_bin_with_faces():
    rng = np.random.default_rng(0)
    drawn = rng.dirichlet(np.ones(3), 500)
    labels = rng.integers(0, 3, 500)
    measured = measure_calibration(labels, drawn)
    _, curve, bars = charts.reliability_figure(measured).data
    confidence, right = drawn.max(1), drawn.argmax(1) == labels
    last = confidence > 14 / 15
    assert curve.x[-1] == pytest.approx(confidence[last].mean())
    assert curve.y[-1] == pytest.approx(right[last].mean())
    assert sum(bars.y) == 500 and len(curve.x) == sum(count > 0 for count in bars.y) < len(bars.y)


SCRATCH, IMAGENET, RUNS = "Checkpoints, from scratch", "Checkpoints, from ImageNet weights", "Short form of a table"


def point(name: str, accuracy: float, macs: int, series: str = SCRATCH) -> CostPoint:
    interval = (accuracy - 0.01, accuracy + 0.02)
    return CostPoint(name, series, 112, macs // 100, macs, accuracy, interval, checkpoint=series != RUNS)


def test_cost_has_every_network_with_its_interval():
    points = [
        point("a", 0.80, 200_000_000),
        point("vgg16", 0.30, 15_500_000_000, RUNS),
        point("c", 0.60, 560_000_000, IMAGENET),
        point("b", 0.801, 1_100_000_000),
        point("vgg13", 0.31, 11_300_000_000, RUNS),
    ]
    figure = charts.cost_figure(points, "macs", "Multiply-adds", "b")
    drawn = {trace.name: trace for trace in figure.data}
    assert list(drawn) == ["c", "a", "b", RUNS]
    assert list(drawn["a"].x) == pytest.approx([200_000_000]) and list(drawn["a"].y) == [0.80]
    assert list(drawn[RUNS].x) == pytest.approx([15_500_000_000, 11_300_000_000])
    assert list(drawn[RUNS].y) == [0.30, 0.31]
    assert drawn["a"].error_y.array[0] == pytest.approx(0.02)
    assert drawn["a"].error_y.arrayminus[0] == pytest.approx(0.01)
    assert max(drawn, key=lambda name: drawn[name].marker.size) == "b"
    lowest, highest = figure.layout.yaxis.range
    assert 0.25 < lowest < 0.29 and 0.82 < highest < 0.87  # all intervals, and little more
    low, high = figure.layout.xaxis.range
    assert low < math.log10(200_000_000) and math.log10(15_500_000_000) < high
    shown = dict(zip(figure.layout.xaxis.tickvals, figure.layout.xaxis.ticktext, strict=True))
    assert shown[200_000_000] == "200 M" and shown[10_000_000_000] == "10 G"


def test_networks_of_equal_cost_stand_side_by_side():
    points = [point(f"net{n}", 0.85, 130_000_000) for n in range(4)] + [point("a", 0.83, 520_000_000)]
    points += [point("vgg16", 0.5, 130_000_000, RUNS)]
    figure = charts.cost_figure(points, "macs", "Multiply-adds", "a")
    drawn = {trace.name: trace for trace in figure.data}
    places = sorted(math.log10(drawn[f"net{n}"].x[0]) for n in range(4))
    width = figure.layout.xaxis.range[1] - figure.layout.xaxis.range[0]
    assert min(np.diff(places)) / width > 0.025  # 10 pixels of 400: a mark's width
    assert np.mean(places) == pytest.approx(math.log10(130_000_000))
    assert all(trace.customdata[0][4] in ("130,000,000", "520,000,000") for trace in figure.data)  # what is told
    # A network with room around it stays at its cost, and so does another kind of result.
    assert drawn["a"].x[0] == pytest.approx(520_000_000) and drawn[RUNS].x[0] == pytest.approx(130_000_000)


def test_places_that_come_near_by_moving_make_room_as_well():
    moved = cost.side_by_side([0.0, 5.0, 0.0, 1.5], apart=1.0)
    assert sorted(moved) == pytest.approx([-0.5, 0.5, 1.5, 5.0]) and moved[1] == 5.0 and moved[3] == 1.5
    assert np.diff(sorted(cost.side_by_side([0.0, 0.1, 0.9, 1.0, 1.1], 1.0))).min() >= 1 - 1e-9


def test_runs_far_below_the_others_are_told_apart():
    shares = (0.72, 0.7, 0.74, 0.71, 0.73, 0.75, 0.7)
    runs = [point(f"run{number}", share, 10**8, RUNS) for number, share in enumerate(shares)]
    best, worst = point("best", 0.99, 10**8, RUNS), point("worst", 0.48, 10**8, RUNS)
    assert cost.far_below([*runs, best, worst, point("checkpoint", 0.3, 10**8)]) == [worst]
    assert cost.far_below([point("checkpoint", 0.3, 10**8), point("other", 0.9, 10**8)]) == []


def test_the_legend_of_cost_names_every_mark():
    names = [f"net{number}" for number in range(12)] + ["<b>"]
    points = [point(name, 0.8, 10**8) for name in names] + [point("vgg16", 0.3, 10**10, RUNS)]
    figure = charts.cost_figure(points, "parameters", "Parameters", "net3")
    marks = {unescape(trace.name): (trace.marker.symbol, trace.marker.color) for trace in figure.data}
    assert len(set(marks.values())) == len(marks) == 14
    groups = re.findall(r"<div><dt>(.*?)</dt>(.*?)</div>", cost.cost_legend(points, "net3"))
    series = {re.sub("<i.*?</i>", "", title): listed for title, listed in groups}
    assert list(series) == [SCRATCH, RUNS] and series[RUNS] == ""
    listed = re.findall(
        r'<dd( aria-current=true)?><i style="color:(\S+)" aria-hidden="true">(.)</i>(.*?)</dd>', series[SCRATCH]
    )
    assert [unescape(name) for *_, name in listed] == names
    assert [name for current, *_, name in listed if current] == ["net3"]
    shapes = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲"}
    assert [(shapes[marks[unescape(name)][0]], marks[unescape(name)][1]) for *_, name in listed] == [
        (glyph, colour) for _, colour, glyph, _ in listed
    ]


def test_colours_of_networks_show_on_both_backgrounds_and_stand_for_no_expression():
    config = tomllib.loads((Path(webapp.__file__).parent / ".streamlit" / "config.toml").read_text())
    for theme in ("light", "dark"):
        background = config["theme"][theme]["backgroundColor"]
        backdrop = [int(background[i : i + 2], 16) for i in (1, 3, 5)]
        assert min(contrast(colour, backdrop) for colour in LINES) >= 3
    assert not set(LINES) & set(EXPRESSION_COLOURS.values())


def test_training_curves_differ_in_colour_or_dash():
    history = tuple(EpochRecord(epoch=n, side=64, loss=1, accuracy=n / 10, macro_f1=0.1, seconds=1) for n in (1, 2, 3))
    figure = charts.training_figure(Curve(f"run {n}", history, 2, "a tenth") for n in range(12))
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 12
    assert list(figure.data[0].y) == [0.1, 0.2, 0.3] and np.argmax(figure.data[0].marker.size) == 1


@pytest.mark.parametrize(
    "figure",
    [
        charts.cost_figure([point("a", 0.5, 10**8)], "parameters", "Parameters", "a"),
        charts.reliability_figure(measure_calibration(np.array([0]), np.array([[0.9, 0.1]]))),
    ],
)
def test_charts_leave_colours_to_the_theme_and_do_not_drag(figure):
    layout = figure.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)" and layout.dragmode is False
    assert layout.font.color is None and layout.xaxis.tickfont.color is None
    sizes = [layout.font.size, layout.xaxis.tickfont.size, layout.legend.font.size, layout.hoverlabel.font.size]
    assert min(sizes + [note.font.size for note in layout.annotations]) >= 12


def test_every_expressions_bars_are_a_table():
    parts = (
        ClassScores(
            label="fear", precision=0.5, recall=0.25, recall_interval=(0.1, 0.6), f1=1 / 3, support=1_200, answered=600
        ),
        ClassScores(label="<b>", precision=0, recall=0, recall_interval=None, f1=0, support=0, answered=0),
    )
    html = scores.class_table(parts, "the line")
    lines = Table(html.replace("<small>", " ").replace("<span>", " ")).lines
    nbsp = "\N{NO-BREAK SPACE}"
    assert [cell.strip() for cell in lines[1]] == [
        "Fear 1,200 faces",
        f"25.0{nbsp}% 10.0 to 60.0 %",
        f"50.0{nbsp}%",
        f"33.3{nbsp}%",
    ]
    assert f"width:25.0%;background:{EXPRESSION_COLOURS['fear']}" in html
    assert "left:10.0%;width:50.0%" in html and html.count("<b style") == 1
    assert "&lt;b&gt;" in html


def test_what_is_not_ours_is_escaped():
    html = scores.headline("<i>", 0.5, 3, [("<u>", "<s>")], "<em>")
    html += scores.numbers_table(["<q>"], [["<del>", "<ins>"]], "<sup>") + strips.scrolling("", '"><script>')
    html += scores.faces_grid(np.zeros((1, 48, 48), np.uint8), ["<1 %"], ['"onload="'])
    assert not re.search(r"<(i|u|s|em|q|del|ins|sup|script)>|<1|alt=\"\"onload", html)


def filled(**changes) -> FilledTable:
    parts = {
        "id": "001-T0",
        "paper": "001",
        "title": "Table 0",
        "form": "short",
        "state": "not run",
        "columns": ("accuracy", "parameters"),
        "rows": (
            FilledRow(
                "ours <b>",
                (Cell("80.00 %", 0.8), Cell("not readable")),
                (Cell("70.5 %", 0.705, (0.69, 0.72)), Cell("not run")),
            ),
        ),
        "confusions": (),
        "setting": "Paper: one run.",
        "conditions": ("Ours: the `majority` rule.",),
        "footnotes": ("It contradicts <itself>.",),
    }
    return FilledTable(**(parts | changes))


def test_a_papers_table_has_both_sides_conditions_and_footnotes():
    html = paper_tables.paper_table(filled())
    lines = Table(html.replace("<small>", " ")).lines
    assert lines[0] == ["", "accuracy", "parameters"] and lines[1] == [
        "paper",
        "ours, short form (95 %)",
        "paper",
        "ours",
    ]
    assert lines[2] == ["ours <b>", "80.00 %", "70.5 % 69.0 to 72.0", "not readable", "not run"]
    assert html.count("fs-missing") == 2
    assert "<p>Paper: one run.</p>" in html and "the <code>majority</code> rule" in html
    assert "<li>It contradicts &lt;itself&gt;.</li>" in html
    assert 'tabindex="0" role="region" aria-label="001-T0, Table 0"' in html


def test_confusions_stand_side_by_side_as_shares():
    paper = np.array([[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]])
    both = FilledConfusion("Table 5", NAMES, "in order", paper, COUNTS)
    html = paper_tables.confusion_pairs([both], "short")
    lines = Table(html).lines
    assert lines[2] == ["Neutral", "50", "", "50"] and lines[7] == ["Neutral", "90", "1", "9"]
    assert "Ours, short form, 104 faces" in html
    neither = FilledConfusion("Figure 9", NAMES, "in order", None, None, "needs RAF-DB")
    assert "<li>Figure 9: not readable; ours: needs RAF-DB.</li>" in paper_tables.confusion_pairs([neither], "short")


def test_the_comparison_in_words():
    found = Comparison(
        a="a_mobilenet.ferplus",
        b="other.mine",
        split="PublicTest",
        count=1_000,
        both_right=700,
        only_a=20,
        only_b=60,
        neither=220,
        difference=-0.04,
        difference_interval=(-0.06, -0.02),
        p_value=0.00001,
    )
    said = unescape(wording.comparison_sentences(found))
    assert "Of the same 1,000 faces both got 700 right, only A-MobileNet 20, only other.mine 60, neither 220." in said
    assert "−4.0 points (95 % interval −6.0 to −2.0)" in said and said.endswith(
        "p < 0.001: other.mine is better by more than the choice of faces explains; other training runs may differ."
    )
    even = found.model_copy(update={"p_value": 0.3})
    assert wording.comparison_sentences(even).endswith("p = 0.300: these faces do not tell the two apart.")


def test_the_style_sheet_and_the_theme_have_the_same_background():
    theme = tomllib.loads((Path(webapp.__file__).parent / ".streamlit" / "config.toml").read_text())["theme"]
    colours = f"light-dark({theme['light']['backgroundColor']}, {theme['dark']['backgroundColor']})"
    assert f"--fs-page: {colours};" in strips.stylesheet()
