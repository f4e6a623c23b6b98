"""Pictures of the page "Compare": answers and maps in columns, every line of maps on one scale where it can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from fer_models.labels import display_order
from webapp.figures import strips
from webapp.figures.answer import Reading, percent
from webapp.figures.colours import BLUE_CLEAR_RED, CIVIDIS, Scale, expression_colour, signed_scale
from webapp.figures.matrix import MINUS, scale_bar

MOST_NUMBERS = 16 * 16  # of a map whose values stand in a table; those of finer maps nobody reads


@dataclass(frozen=True, eq=False)
class Shown:
    """A map in its column: ``title`` the column's, ``detail`` under it, ``face`` the grey face's data URI beneath.

    ``values``: (h, w); None while they are being computed. ``value_range``: what a gate can be; None for a map that is
    signed. ``about``: the expression that it explains. ``note``: why there is no map, and never will be.
    """

    title: str
    face: str
    values: np.ndarray | None = None
    detail: str = ""
    unit: str = ""
    value_range: tuple[float, float] | None = None
    about: str = ""
    note: str = ""


def stylesheet() -> str:
    """What this page adds to the site's style sheet."""
    return f"<style>{Path(__file__).with_name('compare.css').read_text(encoding='utf-8')}</style>"


def headline(eyebrow: str, words: str, number: str) -> str:
    """The answer to the page's question."""
    return (
        f'<div class="fs-answer"><p class="fs-eyebrow">{escape(eyebrow)}</p>'
        f"<h2><span>{escape(words)}</span> <b>{escape(number)}</b></h2></div>"
    )


def answers(
    columns: Sequence[tuple[str, str, Reading]],
    labels: Sequence[str],
    probabilities: np.ndarray,
    targets: Sequence[int],
    count: int,
) -> str:
    """Each column's answer, and the probabilities (n, K) of the labels that all have, in the order of all pages.

    ``columns``: title, the aligned face's data URI or '', and what was read. ``targets``: the explained label of each.
    ``count``: columns of the page, of which answers may take fewer.
    """
    cells = "".join(
        f"<div>{_answer(title, face, read)}{_bars(labels, row, target)}</div>"
        for (title, face, read), row, target in zip(columns, probabilities, targets, strict=True)
    )
    return _in_columns(cells, count)


def _answer(title: str, face: str, read: Reading) -> str:
    picture = f'<div class="fs-face">{strips.image(face, title)}</div>' if face else ""
    return f"{picture}<h4>{escape(title)}</h4><p><strong>{escape(read.headline)}</strong> {escape(read.number)}</p>"


def _bars(labels: Sequence[str], probabilities: np.ndarray, target: int) -> str:
    """A table whose cells are its own bars; the explained label's line stands out."""
    rows = "".join(
        f"<tr{' class=fs-target' if index == target else ''}>"
        f'<th scope="row"><span>{escape(labels[index].capitalize())}</span></th><td aria-hidden="true">'
        f'<i style="width:{100 * probabilities[index]:.1f}%;background:{expression_colour(labels[index])}"></i></td>'
        f"<td>{escape(percent(float(probabilities[index]), 1))}</td></tr>"
        for index in display_order(labels)
    )
    return f'<table class="fs-probabilities"><tbody>{rows}</tbody></table>'


def line(title: str, text: str, unit: str, maps: Sequence[Shown], differences: Sequence[Shown], opacity: float) -> str:
    """One line of maps under its title, and below it the differences from the first.

    Maps of one ``unit`` have one scale; else each has its own, and that is said.
    """
    shown = [each for each in maps if each.values is not None]
    notes = {each.note for each in differences}
    if "" not in notes and notes:  # there is no difference at all: one sentence instead of empty frames
        text, differences = " ".join([text, *sorted(notes)]), []
    frames = list(zip(maps, scales(maps), strict=True)) + list(zip(differences, scales(differences), strict=True))
    cells = "".join(_figure(each, scale, opacity, place == len(maps)) for place, (each, scale) in enumerate(frames))
    tables = "".join(
        f"<div><h4>{escape(each.title)}</h4>{strips.scrolling(strips.map_table(each.values, scale), each.title)}</div>"
        for each, scale in frames
        if each.values is not None and scale is not None and each.values.size <= MOST_NUMBERS
    )
    numbers = f'<details class="fs-numbers"><summary>The numbers as tables</summary><div>{tables}</div></details>'
    content = _in_columns(cells, len(maps)) + (numbers if tables else "")
    return strips.section(title, text, _bar(shown, unit) if shown else "", content, level=2)


def scales(maps: Sequence[Shown]) -> list[Scale | None]:
    """The scale of each map, the same one for all that can share it; None where there is no map."""
    known = [each.values for each in maps if each.values is not None]
    if len(_kinds(maps)) == 1:
        (value_range,) = {each.value_range for each in maps if each.values is not None}
        return [_scale(known, value_range)] * len(maps)
    return [None if each.values is None else _scale([each.values], each.value_range) for each in maps]


def _kinds(maps: Sequence[Shown]) -> set[tuple]:
    return {(each.unit, each.value_range) for each in maps if each.values is not None}


def _scale(maps: Sequence[np.ndarray], value_range: tuple[float, float] | None) -> Scale:
    if value_range is None:
        return signed_scale(maps, BLUE_CLEAR_RED)
    return Scale(float(min(map(np.min, maps))), float(max(map(np.max, maps))), CIVIDIS)


def _bar(shown: Sequence[Shown], unit: str) -> str:
    scale = scales(shown)[0]
    if scale is not None and len(_kinds(shown)) == 1:
        known = [each.values for each in shown if each.values is not None]
        return strips.colour_bar(scale, unit, known, shown[0].value_range)
    signed = all(each.value_range is None for each in shown)
    ticks = (f"{MINUS} largest", "0", "+ largest") if signed else ("lowest", "", "highest")
    colours = Scale(0.0, 1.0, BLUE_CLEAR_RED if signed else CIVIDIS)
    return scale_bar(colours, ticks, f"{unit} They do not compare in size: each map has a scale of its own.")


def _figure(each: Shown, scale: Scale | None, opacity: float, first_difference: bool) -> str:
    if each.values is None or scale is None:
        state = ("", each.note) if each.note else (' aria-busy="true"', "Being computed")
        picture = f'<div class="fs-empty"{state[0]}><span>{escape(state[1])}</span></div>'
    else:
        drawn = strips.map_picture(each.values, scale, f"{each.title}, {each.detail}")
        picture = f'<div style="{strips.beneath(each.face, opacity)}">{drawn}</div>'
    css = ' class="fs-difference"' if first_difference else ""
    detail = f"<span>{escape(each.detail)}</span>" if each.detail else ""
    return f"<figure{css}>{picture}<figcaption><strong>{escape(each.title)}</strong>{detail}</figcaption></figure>"


def _in_columns(cells: str, count: int) -> str:
    return f'<div class="fs-frames fs-columns fs-columns-{count}">{cells}</div>'
