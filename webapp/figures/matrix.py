"""Confusion matrices: as a chart whose cells can be clicked, and as a table with coloured cells."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from fer_models.evaluation import Confusion
from fer_models.text import share_text
from webapp.figures.charts import TEXT_SIZE, calm
from webapp.figures.colours import CIVIDIS, Scale, signed_scale

MINUS = "\N{MINUS SIGN}"
STOPS = 32  # an even number: the middle colour, white on a signed scale, is one of them
SHARES = Scale(0.0, 1.0, CIVIDIS)
Text = Callable[[float], str]


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix [true][predicted] (K, K) and its colours.

    ``short`` and ``full`` are every value as it stands in its cell and in a sentence; ``ticks`` are the lowest, the
    middle and the highest value of the scale; ``faces`` is how many each row has, where that is known.
    """

    labels: tuple[str, ...]
    values: np.ndarray
    scale: Scale
    short: list[list[str]]
    full: list[list[str]]
    ticks: tuple[str, ...]
    faces: tuple[int, ...] = ()


def share_matrix(labels: Sequence[str], shares: np.ndarray, faces: Sequence[int] = ()) -> Matrix:
    """Shares of each row, on the one scale that all such matrices have."""
    return _matrix(labels, shares, SHARES, short_share, share_text, lambda share: f"{100 * share:.0f} %", faces)


def count_matrix(labels: Sequence[str], counts: np.ndarray) -> Matrix:
    """Numbers of faces, on a scale up to the largest."""
    scale = Scale(0.0, float(max(counts.max(), 1)), CIVIDIS)
    return _matrix(
        labels,
        counts,
        scale,
        lambda n: f"{n:.0f}" if n else "",
        lambda n: f"{n:,.0f} faces",
        lambda n: f"{n:,.0f}",
        counts.sum(1),
    )


def share_difference(labels: Sequence[str], shares: np.ndarray, faces: Sequence[int] = ()) -> Matrix:
    """Differences of shares, in points; white is none."""
    points = 100 * shares
    scale = _centred(points)
    return _matrix(
        labels,
        points,
        scale,
        _short_points,
        lambda d: f"{signed(d, 1)} points",
        lambda d: signed(d, 1),
        faces,
    )


def count_difference(labels: Sequence[str], counts: np.ndarray, faces: Sequence[int] = ()) -> Matrix:
    """Differences of numbers of faces; white is none."""
    return _matrix(
        labels,
        counts,
        _centred(counts),
        lambda d: signed(d) if d else "",
        lambda d: f"{signed(d)} faces",
        signed,
        faces,
    )


def row_shares(counts: np.ndarray) -> np.ndarray:
    """Each row of counts (K, K) as shares of it; a row without faces has none."""
    return Confusion(counts).row_shares


def short_share(share: float) -> str:
    """A share as whole per cent, cut off; nothing for none at all."""
    if share <= 0:
        return ""
    return "<1" if share < 0.01 else str(math.floor(100 * share + 1e-9))


def signed(value: float, digits: int = 0) -> str:
    """'+12', '−0.4' or '0'."""
    return f"{value:+,.{digits}f}".replace("-", MINUS) if round(value, digits) else "0"


def matrix_figure(matrix: Matrix, chosen: tuple[int, int] | None = None) -> go.Figure:
    """The matrix as a chart; ``chosen`` (true, predicted) is outlined.

    Streamlit hears of no clicks on heat maps, so an invisible marker lies over every cell; its customdata are the
    indices of the true and the predicted label.
    """
    names = [label.capitalize() for label in matrix.labels]
    places = range(len(names))
    figure = go.Figure(
        go.Heatmap(
            z=matrix.values,
            colorscale=[[i / STOPS, f"rgb({r},{g},{b})"] for i, (r, g, b) in enumerate(_stops(matrix.scale))],
            zmin=matrix.scale.low,
            zmax=matrix.scale.high,
            showscale=False,
            xgap=1.5,
            ygap=1.5,
            hoverinfo="skip",
        )
    )
    figure.add_scatter(
        x=[column for _ in places for column in places],
        y=[row for row in places for _ in places],
        mode="markers",
        marker={"symbol": "square", "size": 30, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=[
            [row, column, names[row], names[column], matrix.full[row][column], _of(matrix, row)]
            for row in places
            for column in places
        ],
        hovertemplate="%{customdata[2]} read as %{customdata[3]}<br>%{customdata[4]}%{customdata[5]}<extra></extra>",
        showlegend=False,
    )
    calm(figure, height=90 + 44 * len(names))
    axis = {"tickvals": list(places), "ticktext": names, "showgrid": False, "ticks": ""}
    figure.update_xaxes(axis, title="It answered", range=[-0.5, len(names) - 0.5], autotickangles=[0, 90])
    figure.update_yaxes(axis, range=[len(names) - 0.5, -0.5])
    # All at once: Plotly validates the whole list again for every single one that is added.
    figure.update_layout(margin_t=26, annotations=_writing(matrix), shapes=_outline(*chosen) if chosen else [])
    return figure


def _writing(matrix: Matrix) -> list[dict[str, Any]]:
    """Each cell's value in its own colour, which a heat map's own text cannot have, and what the rows are."""
    values = [
        {"x": column, "y": row, "text": text, "showarrow": False, "font": {"size": TEXT_SIZE, "color": ink}}
        for row, texts in enumerate(matrix.short)
        for column, (text, ink) in enumerate(zip(texts, _inks(matrix, row), strict=True))
        if text
    ]
    # Above the rows' names instead of beside them: on a phone every pixel of width is a cell's.
    corner = {"x": 0, "xref": "paper", "xanchor": "right", "xshift": -4, "y": 1, "yref": "paper", "yanchor": "bottom"}
    # The first: evaluation.css gives it the page's own colour of text.
    return [corner | {"text": "People saw", "showarrow": False, "font": {"size": TEXT_SIZE}}, *values]


def _of(matrix: Matrix, row: int) -> str:
    """', row of 13 faces'."""
    return f", row of {matrix.faces[row]:,} faces" if matrix.faces else ""


def _outline(row: int, column: int) -> list[dict[str, Any]]:
    """A frame around a cell; its white edge keeps it visible on any colour."""
    corners = {"x0": column - 0.48, "x1": column + 0.48, "y0": row - 0.48, "y1": row + 0.48}
    strokes = (("#ffffff", 5), ("#d55e00", 2.5))
    return [{"type": "rect", **corners, "line": {"color": colour, "width": width}} for colour, width in strokes]


def colour_bar(matrix: Matrix, unit: str) -> str:
    """The matrix's scale with its ends and its middle, and what it measures."""
    stops = ",".join(f"rgb({r} {g} {b})" for r, g, b in _stops(matrix.scale))
    ticks = "".join(f"<span>{escape(tick)}</span>" for tick in matrix.ticks)
    return (
        f'<div class="fs-bar"><div class="fs-gradient" style="background:linear-gradient(to right,{stops})"></div>'
        f'<div class="fs-ticks">{ticks}</div><p>{escape(unit)}</p></div>'
    )


def matrix_table(matrix: Matrix, caption: str, coloured: bool = False) -> str:
    """The matrix as an HTML table; ``coloured`` makes it a picture of its own, with short values."""
    head = "".join(f'<th scope="col"><span>{escape(label.capitalize())}</span></th>' for label in matrix.labels)
    texts = matrix.short if coloured else matrix.full
    lines = []
    for index, label in enumerate(matrix.labels):
        styles = _styles(matrix, index) if coloured else [""] * len(matrix.labels)
        cells = "".join(f"<td{style}>{escape(text)}</td>" for style, text in zip(styles, texts[index], strict=True))
        size = f", {matrix.faces[index]:,} faces" if matrix.faces else ""
        lines.append(f'<tr><th scope="row">{escape(label.capitalize())}{size}</th>{cells}</tr>')
    kind = "fs-matrix" if coloured else "fs-numbers-table"
    return (
        f'<table class="{kind}"><caption>{escape(caption)}</caption>'
        f"<thead><tr><td>seen \\ answered</td>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def _styles(matrix: Matrix, row: int) -> list[str]:
    """Background and legible text of each cell of a row, as attributes."""
    colours = matrix.scale.colours[matrix.scale.indices(matrix.values[row])].tolist()
    return [
        f' style="background:rgb({r} {g} {b});color:{ink}"'
        for (r, g, b), ink in zip(colours, _inks(matrix, row), strict=True)
    ]


def _inks(matrix: Matrix, row: int) -> list[str]:
    """White or black for each cell of a row, whichever has the higher contrast (WCAG 2.2, relative luminance)."""
    colours = matrix.scale.colours[matrix.scale.indices(matrix.values[row])] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return ["#ffffff" if 1.05 / (y + 0.05) > (y + 0.05) / 0.05 else "#000000" for y in luminance]


def _short_points(points: float) -> str:
    """Whole points: a cell on a phone has room for three characters."""
    return signed(points) if round(points) else ""


def _stops(scale: Scale) -> list[list[int]]:
    """Colours of the scale at equal distances, first and last among them."""
    return scale.colours[np.linspace(0, 255, STOPS + 1).round().astype(int)].tolist()


def _centred(differences: np.ndarray) -> Scale:
    """Blue-white-red; a scale of some width even where nothing differs."""
    scale = signed_scale(differences)
    return scale if scale.high > 0 else Scale(-1.0, 1.0, scale.colours)


def _matrix(
    labels: Sequence[str],
    values: np.ndarray,
    scale: Scale,
    short: Text,
    full: Text,
    tick: Text,
    faces: Sequence[int],
) -> Matrix:
    short_texts, full_texts = ([[text(float(value)) for value in row] for row in values] for text in (short, full))
    ticks = tuple(tick(value) for value in (scale.low, (scale.low + scale.high) / 2, scale.high))
    return Matrix(tuple(labels), values, scale, short_texts, full_texts, ticks, tuple(map(int, faces)))
