"""Confusion matrices as HTML tables with coloured cells: to look at, or of buttons that choose a cell."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from fer_models.evaluation import Confusion
from fer_models.labels import display_order
from fer_models.text import share_text
from webapp.figures.colours import CIVIDIS, Scale, signed_scale
from webapp.figures.strips import css_colour

MINUS = "\N{MINUS SIGN}"
STOPS = 32  # an even number: the middle colour, white on a signed scale, is one of them
SHARES = Scale(0.0, 1.0, CIVIDIS)
Texts = list[list[str]]


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix [true][predicted] (K, K) and its colours, its labels in the order in which people are shown them.

    ``short`` and ``full`` are every value as it stands in its cell and in a sentence; ``ticks`` are the lowest, the
    middle and the highest value of the scale; ``faces`` is how many each row has, where that is known.
    """

    labels: tuple[str, ...]
    values: np.ndarray
    scale: Scale
    short: Texts
    full: Texts
    ticks: tuple[str, ...]
    faces: tuple[int, ...] = ()


def share_matrix(labels: Sequence[str], shares: np.ndarray) -> Matrix:
    """Shares of each row, as papers print them, on the one scale that all such matrices have."""
    names, shares = _ordered(labels, shares)
    return _shares(names, shares, _each(share_text, shares), ())


def recall_matrix(labels: Sequence[str], counts: np.ndarray) -> Matrix:
    """Numbers of faces as shares of their row, on the same scale."""
    names, counts = _ordered(labels, counts)
    shares = Confusion(counts).row_shares
    return _shares(names, shares, _each(_share_and_faces, shares, counts), counts.sum(1))


def count_matrix(labels: Sequence[str], counts: np.ndarray) -> Matrix:
    """Numbers of faces, on a scale up to the largest."""
    names, counts = _ordered(labels, counts)
    return _matrix(
        names,
        counts,
        Scale(0.0, float(max(counts.max(), 1)), CIVIDIS),
        _each(lambda count: f"{count:.0f}" if count else "", counts),
        _each(lambda count, share: f"{faces_text(count)}, {share_text(share)}", counts, Confusion(counts).row_shares),
        lambda count: f"{count:,.0f}",
        counts.sum(1),
    )


def share_difference(labels: Sequence[str], ours: np.ndarray, theirs: np.ndarray) -> Matrix:
    """Differences of the row shares of two matrices of counts, in points; white is none."""
    names, ours, theirs = _ordered(labels, ours, theirs)
    points = 100 * (Confusion(ours).row_shares - Confusion(theirs).row_shares)
    return _matrix(
        names,
        points,
        _centred(points),
        _each(lambda value: signed(value) if round(value) else "", points),
        _each(lambda value: f"{signed(value, 1)} points", points),
        lambda value: signed(value, 1),
        ours.sum(1),
    )


def count_difference(labels: Sequence[str], ours: np.ndarray, theirs: np.ndarray) -> Matrix:
    """Differences of two matrices of counts, in faces; white is none."""
    names, ours, theirs = _ordered(labels, ours, theirs)
    more = ours - theirs
    return _matrix(
        names,
        more,
        _centred(more),
        _each(lambda value: signed(value) if value else "", more),
        _each(lambda value: f"{signed(value)} {'face' if abs(value) == 1 else 'faces'}", more),
        signed,
        ours.sum(1),
    )


def short_share(share: float) -> str:
    """A share rounded to whole per cent, never to none or to all; nothing for none at all."""
    if share <= 0:
        return ""
    if share < 0.005:
        return "<1"
    return ">99" if 0.995 <= share < 1 else str(math.floor(100 * share + 0.5 + 1e-9))


def signed(value: float, digits: int = 0) -> str:
    """'+12', '−0.4' or '0'."""
    return f"{value:+,.{digits}f}".replace("-", MINUS) if round(value, digits) else "0"


def faces_text(count: float) -> str:
    """'1 face', '1,182 faces'."""
    return "1 face" if count == 1 else f"{count:,.0f} faces"


def reading(true: str, predicted: str) -> str:
    """What happened to the faces of a cell: 'sadness read as neutral', 'fear recognised'."""
    return f"{true} recognised" if true == predicted else f"{true} read as {predicted}"


# ------------------------------------------------------------------------------------------------------------- as HTML


def matrix_buttons(matrix: Matrix, name: str, chosen: tuple[str, str]) -> str:
    """The matrix as a table of buttons, one of them pressed; ``chosen`` is its (true, predicted) label.

    Tab reaches the chosen button alone; components/matrix.js moves on from it by arrow keys. The line below the table
    tells of the button that is pointed at.
    """

    def button(true: str, predicted: str, text: str, full: str, style: str) -> str:
        pressed = (true, predicted) == chosen
        said = escape(f"{reading(true, predicted)}, {full}")
        return (
            f'<td><button type="button" aria-label="{said}" aria-pressed="{str(pressed).lower()}" '
            f'tabindex="{0 if pressed else -1}" data-row="{escape(true)}" data-column="{escape(predicted)}" '
            f'style="{style}">{escape(text)}</button></td>'
        )

    rows = [
        "".join(map(button, [true] * len(matrix.labels), matrix.labels, matrix.short[row], matrix.full[row], styles))
        for row, (true, styles) in enumerate(zip(matrix.labels, cell_styles(matrix.values, matrix.scale), strict=True))
    ]
    table = _table(matrix, "fs-matrix", rows, f' role="grid" aria-label="Confusion matrix of {escape(name)}"')
    return f'{table}<p class="fs-readout" aria-hidden="true"></p>'


def matrix_picture(matrix: Matrix, caption: str) -> str:
    """The matrix as a table with coloured cells that chooses nothing."""
    rows = [
        "".join(f'<td style="{style}">{escape(text)}</td>' for style, text in zip(styles, texts, strict=True))
        for styles, texts in zip(cell_styles(matrix.values, matrix.scale), matrix.short, strict=True)
    ]
    return _table(matrix, "fs-matrix", rows, "", caption)


def colour_bar(matrix: Matrix, unit: str) -> str:
    """The matrix's scale with its ends and its middle, and what it measures."""
    return scale_bar(matrix.scale, matrix.ticks, unit)


def scale_bar(scale: Scale, ticks: Sequence[str], unit: str) -> str:
    """A scale as a bar; ``ticks`` stand at its ends and its middle."""
    stops = ",".join(map(css_colour, _stops(scale)))
    marks = "".join(f"<span>{escape(tick)}</span>" for tick in ticks)
    return (
        f'<div class="fs-bar"><div class="fs-gradient" style="background:linear-gradient(to right,{stops})"></div>'
        f'<div class="fs-ticks">{marks}</div><p>{escape(unit)}</p></div>'
    )


def matrix_lines(matrix: Matrix) -> tuple[list[str], list[list[str]]]:
    """Heads and lines of a plain table of the full values."""
    lines = []
    for row, label in enumerate(matrix.labels):
        size = f", {faces_text(matrix.faces[row])}" if matrix.faces else ""
        lines.append([label.capitalize() + size, *matrix.full[row]])
    return ["people saw", *(f"read as {label}" for label in matrix.labels)], lines


def _table(matrix: Matrix, css_class: str, rows: Sequence[str], attributes: str, caption: str = "") -> str:
    """The table around those cells: what the network answered above, what people saw at the left."""
    count = len(matrix.labels)
    heads = "".join(f'<th scope="col"><span>{escape(label.capitalize())}</span></th>' for label in matrix.labels)
    lines = "".join(
        f'<tr><th scope="row">{escape(label.capitalize())}</th>{cells}</tr>'
        for label, cells in zip(matrix.labels, rows, strict=True)
    )
    return (
        f'<table class="{css_class}"{attributes}>{f"<caption>{escape(caption)}</caption>" if caption else ""}'
        f'<thead><tr><td></td><th scope="colgroup" colspan="{count}">It answered</th></tr>'
        f"<tr><td>People saw</td>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def cell_styles(values: np.ndarray, scale: Scale) -> list[list[str]]:
    """Background and legible text of each cell: white or black, whichever has the higher contrast (WCAG 2.2)."""
    colours = scale.colours[scale.indices(values)]
    linear = colours / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    inks = np.where(1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05, "#ffffff", "#000000")
    return [
        [f"background:rgb({r} {g} {b});color:{ink}" for (r, g, b), ink in zip(row, row_inks, strict=True)]
        for row, row_inks in zip(colours.tolist(), inks, strict=True)
    ]


def _stops(scale: Scale) -> list[list[int]]:
    """Colours of the scale at equal distances, first and last among them."""
    return scale.colours[np.linspace(0, 255, STOPS + 1).round().astype(int)].tolist()


def _centred(differences: np.ndarray) -> Scale:
    """Blue-white-red; a scale of some width even where nothing differs."""
    scale = signed_scale(differences)
    return scale if scale.high > 0 else Scale(-1.0, 1.0, scale.colours)


# --------------------------------------------------------------------------------------------------------- what it says


def _ordered(labels: Sequence[str], *matrices: np.ndarray) -> list[Any]:
    """Labels, and the matrices of them, in the order in which people are shown expressions."""
    order = display_order(labels)
    return [tuple(labels[index] for index in order), *(matrix[np.ix_(order, order)] for matrix in matrices)]


def _each(text: Callable[..., str], *matrices: np.ndarray) -> Texts:
    """A text for each cell, of the values that the matrices have there."""
    return [[text(*map(float, values)) for values in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]


def _share_and_faces(share: float, count: float) -> str:
    return f"{share_text(share)}, {faces_text(count)}"


def _shares(labels: tuple[str, ...], shares: np.ndarray, full: Texts, faces: Sequence[int]) -> Matrix:
    return _matrix(
        labels, shares, SHARES, _each(short_share, shares), full, lambda share: f"{100 * share:.0f} %", faces
    )


def _matrix(
    labels: tuple[str, ...],
    values: np.ndarray,
    scale: Scale,
    short: Texts,
    full: Texts,
    tick: Callable[[float], str],
    faces: Sequence[int],
) -> Matrix:
    ticks = tuple(tick(value) for value in (scale.low, (scale.low + scale.high) / 2, scale.high))
    return Matrix(labels, values, scale, short, full, ticks, tuple(map(int, faces)))
