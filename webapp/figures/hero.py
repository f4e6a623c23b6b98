"""The large maps at the top of "Recognise": each alone over the face, with its size, its bar and its numbers."""

from html import escape

import numpy as np

from webapp.figures import strips
from webapp.figures.colours import BLUE_CLEAR_RED, signed_scale
from webapp.figures.strips import Frame

COVERING = "What changes when a place is covered"
COVERING_UNIT = (
    "Score (logit) before, less the score with a patch over that place: red places raise the score, blue places lower "
    "it. The scale ends at the largest change."
)
MAP_UNIT = "Red places raise the score, blue places lower it. The scale ends at the largest value."


def hero(title: str, detail: str, values: np.ndarray, face: str, opacity: float, unit: str) -> str:
    """A signed map over the grey face (a data URI), with its own size written on it."""
    scale = signed_scale([values], BLUE_CLEAR_RED)
    size = f'<span class="fs-size" aria-hidden="true">{strips.size_text(values.shape)}</span>'
    drawn = strips.map_picture(values, scale, f"{title} {detail}")
    picture = f'<div class="fs-sized">{drawn}{size}</div>'
    frame = Frame(picture, title, detail, table=strips.map_table(values, scale))
    bar = strips.colour_bar(scale, unit, [values])
    return f'<div class="fs-hero">{strips.strip([frame], face, opacity, bar=bar)}</div>'


def waiting(title: str, detail: str, face: str) -> str:
    """The same place while the map is being computed: the grey face alone."""
    picture = '<div class="fs-sized"><div class="fs-map fs-waiting"></div></div>'
    return f'<div class="fs-hero" aria-busy="true">{strips.strip([Frame(picture, title, detail)], face)}</div>'


def verdict(colour: str, sentence: str) -> str:
    """What covering says of a map: a mark in 'green', 'amber' or 'red', and a sentence that does without it."""
    return f'<p class="fs-verdict fs-{colour}">{escape(sentence)}</p>'
