"""Scores as HTML: the headline, every expression's bars, the faces of a cell, plain tables."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from fer_models.evaluation import ClassScores
from fer_models.labels import display_order
from fer_models.text import interval_text, share_text
from webapp.figures import strips
from webapp.figures.colours import expression_colour
from webapp.figures.pictures import data_uri, input_png
from webapp.figures.strips import image


def stylesheet() -> str:
    """What this page adds to the site's style sheet."""
    return f"<style>{Path(__file__).with_name('evaluation.css').read_text(encoding='utf-8')}</style>"


NEVER = "<td><span>–</span><small>never answered</small></td>"


def headline(
    who: str, accuracy: float, count: int, facts: Iterable[tuple[str, str]], note: str, more: Sequence[str] = ()
) -> str:
    """The score, larger than anything else on the page, after ``who`` answers so; under what conditions it holds.

    ``more`` are sentences, each a point of a list.
    """
    points = "".join(f"<li>{escape(sentence)}</li>" for sentence in more)
    listed = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in facts)
    return (
        '<div class="fs-answer fs-score">'
        f'<p class="fs-eyebrow">{escape(who)}</p>'
        f"<h2><span>{unbroken(share_text(accuracy))}</span> <b>of {count:,} faces</b></h2>"
        f'<dl class="fs-facts">{listed}</dl>'
        f"<p>{escape(note)}</p>" + (f'<div class="fs-notes"><ul>{points}</ul></div>' if points else "") + "</div>"
    )


def class_table(classes: Sequence[ClassScores], intervals: str) -> str:
    """Recall with its interval, precision and F1 of every expression: a table whose cells are its own bars."""
    ordered = [classes[index] for index in display_order([part.label for part in classes])]
    lines = "".join(
        f'<tr><th scope="row">{escape(part.label.capitalize())}<small>{part.support:,} faces</small></th>'
        f"{_bar(part.recall, part.label, part.recall_interval)}"
        f"{_bar(part.precision, part.label) if part.answered else NEVER}"
        f"{_bar(part.f1, part.label)}</tr>"
        for part in ordered
    )
    heads = "".join(
        f'<th scope="col">{name}<small>{text}</small></th>'
        for name, text in (
            ("Recall", "of the faces people called so"),
            ("Precision", "of the faces it called so"),
            ("F1", "harmonic mean of both"),
        )
    )
    return (
        f'<table class="fs-classes"><caption>{escape(intervals)}</caption>'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def _bar(share: float, label: str, interval: tuple[float, float] | None = None) -> str:
    whisker = text = ""
    if interval:
        low, high = interval
        whisker = f'<b style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></b>'
        text = f"<small>{interval_text(interval)}</small>"
    bar = f'<i style="width:{100 * share:.1f}%;background:{expression_colour(label)}"></i>'
    return f'<td><div aria-hidden="true">{bar}{whisker}</div><span>{unbroken(share_text(share))}</span>{text}</td>'


def faces_grid(faces: np.ndarray, captions: Sequence[str], alts: Sequence[str]) -> str:
    """Faces (N, 48, 48) uint8, pixel for pixel, each with its caption."""
    figures = "".join(
        f'<figure class="fs-pixels">{image(data_uri(input_png(face), "image/png"), alt)}'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for face, caption, alt in zip(faces, captions, alts, strict=True)
    )
    return f'<div class="fs-faces" tabindex="0" role="group" aria-label="Faces of the chosen cell">{figures}</div>'


def mean_face(face: np.ndarray, alt: str) -> str:
    """The mean of a cell's faces (48, 48) uint8."""
    return f'<div class="fs-mean">{image(data_uri(input_png(face), "image/png"), alt)}</div>'


def numbers_table(heads: Sequence[str], lines: Iterable[Sequence[str]], caption: str = "") -> str:
    """A plain table; the first cell of a line heads it."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(text)}</td>" for text in rest)}</tr>'
        for first, *rest in lines
    )
    return (
        f'<table class="fs-plain">{strips.caption(caption) if caption else ""}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def unbroken(text: str) -> str:
    """A number and its unit, which no line break divides."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")
