"""The answer: the expression and its probability, larger than anything else on the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from fer_models.labels import display_order
from fer_models.text import probability_text
from webapp.figures.colours import expression_colour
from webapp.figures.strips import NARROW

LONG = 16  # letters; a longer headline is set smaller


def percent(probability: float, digits: int = 0) -> str:
    """'93 %' with a narrow space that no line break divides; never a certainty the network did not state."""
    return probability_text(probability, digits).replace(" ", NARROW)


@dataclass(frozen=True)
class Reading:
    """What was read, such as 'happiness' or, unsure, 'happiness or neutral', and how probable: '52 %', '41 % or 38 %'.

    Unsure: no expression has half of the probability.
    """

    words: str
    number: str
    sure: bool

    @property
    def headline(self) -> str:
        return self.words.capitalize() if self.sure else f"Unsure: {self.words}"

    def sentence(self, network: str) -> str:
        """As it is spoken."""
        verb = "reads this face as" if self.sure else "is unsure about this face:"
        return f"{network} {verb} {self.words}, {self.number}"


def reading(labels: Sequence[str], probabilities: np.ndarray) -> Reading:
    """What a network's probabilities (K,) of the labels say."""
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    most, next_to = float(probabilities[first]), float(probabilities[second])
    if most >= 0.5:
        return Reading(labels[first], percent(most), True)
    # As many digits as it takes not to say "50 %" of what is less.
    digits = next(digits for digits in range(9) if round(100 * most, digits) < 50)
    numbers = f"{percent(most, digits)} or {percent(next_to, digits)}"
    return Reading(f"{labels[first]} or {labels[second]}", numbers, False)


def answer(network: str, read: Reading, before: Reading | None = None) -> str:
    """The headline: which network, what it read, and how probable that is.

    ``before``: what it read when no patch lay on the face.
    """
    size = ' class="fs-long"' if len(read.headline) > LONG else ""
    patch = "With the patch, " if before else ""
    eyebrow = f"{patch}{network} reads this face as" if read.sure else f"{patch}{network} says"
    without = f" <small>without it {escape(before.words)}, {escape(before.number)}</small>" if before else ""
    return (
        f'<div class="fs-answer"><p class="fs-eyebrow">{escape(eyebrow)}</p>'
        f"<h2{size}><span>{escape(read.headline)}</span> <b>{escape(read.number)}</b>{without}</h2></div>"
    )


def probability_table(
    labels: Sequence[str], probabilities: np.ndarray, target: int, before: np.ndarray | None = None
) -> str:
    """Every expression's probability: a table whose cells are its own bars, in the one order of all pages.

    The most probable one is set in bold type; ``target``, where it is another, is marked as the explained one.
    ``before``, what the probabilities were before a place was covered, stands in front of them, and as a thin bar above
    theirs.
    """
    predicted = int(np.argmax(probabilities))
    explained = f"{NARROW}· explained" if target != predicted else ""
    rows = []
    for index in display_order(labels):
        name = escape(labels[index].capitalize()) + (explained if index == target else "")
        bars, numbers = _bar(labels[index], probabilities[index]), percent(float(probabilities[index]), 1)
        if before is not None:
            bars = _bar(labels[index], before[index], " class=fs-before") + bars
            numbers = f"{percent(float(before[index]), 1)} \N{RIGHTWARDS ARROW} {numbers}"
        rows.append(
            f"<tr{' class=fs-target' if index == predicted else ''}>"
            f'<th scope="row"><span>{name}</span></th>'
            f'<td aria-hidden="true">{bars}</td><td>{escape(numbers)}</td></tr>'
        )
    caption = f"Probability of each expression{', without and with the patch' if before is not None else ''}"
    return (
        f'<table class="fs-probabilities"><caption>{caption}; together 100{NARROW}%</caption>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _bar(label: str, probability: float, attributes: str = "") -> str:
    return f'<i{attributes} style="width:{100 * probability:.1f}%;background:{expression_colour(label)}"></i>'


def group_table(pictures: Sequence[str], readings: Sequence[Reading], chosen: int) -> str:
    """Every face of a picture: its number, a small picture (a data URI), what it was read as and how probable that is.

    ``chosen``: the number, from 1, of the face that the page is about.
    """
    rows = []
    for number, (picture, read) in enumerate(zip(pictures, readings, strict=True), start=1):
        current = ' aria-current="true"' if number == chosen else ""
        rows.append(
            f'<tr{current}><th scope="row"><img src="{picture}" alt="">{number}</th>'
            f"<td>{escape(read.headline)}</td><td>{escape(read.number)}</td></tr>"
        )
    return (
        '<div class="fs-group" tabindex="0" role="region" aria-label="All faces"><table><thead><tr><th scope="col">Face'
        '</th><th scope="col">Expression</th><th scope="col">Probability</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def message(title: str, text: str = "") -> str:
    """What stands in the answer's place when there is none: a headline, and a sentence."""
    sentence = f"<p>{escape(text)}</p>" if text else ""
    return f'<div class="fs-answer"><h2 class="fs-long">{escape(title)}</h2>{sentence}</div>'
