"""The answer: the expression and its probability, larger than anything else on the page."""

from collections.abc import Sequence
from html import escape

import numpy as np

from fer_models.text import probability_text
from webapp.figures.colours import expression_colour
from webapp.figures.strips import NARROW, Frame, strip


def percent(probability: float, digits: int = 0) -> str:
    """'93 %' with a narrow space that no line break divides; never a certainty the network did not state."""
    return probability_text(probability, digits).replace(" ", NARROW)


def page_head(question: str) -> str:
    """The site's name and the one question a page answers."""
    return f'<div class="fs-head"><b>FERScope</b><h1>{escape(question)}</h1></div>'


def answer(network: str, label: str, probability: float) -> str:
    """The headline: which expression, how probable, and what that does not say."""
    return (
        f'<div class="fs-answer"><p class="fs-eyebrow">{escape(network)} reads this face as</p>'
        f"<h2><span>{escape(label.capitalize())}</span> <b>{escape(percent(probability))}</b></h2>"
        '<p class="fs-caveat">The expression this face shows, as people would name it. Never what the person feels: '
        "a network cannot know that.</p></div>"
    )


def probability_table(labels: Sequence[str], probabilities: np.ndarray, target: int) -> str:
    """Every expression's probability: a table whose cells are its own bars, in the network's order.

    The most probable one is set in bold type; ``target``, where it is another, is marked as the explained one.
    """
    predicted = int(np.argmax(probabilities))
    explained = f"{NARROW}· explained" if target != predicted else ""
    rows = "".join(
        f"<tr{' class=fs-target' if index == predicted else ''}>"
        f'<th scope="row">{escape(label.capitalize())}{explained if index == target else ""}</th>'
        '<td aria-hidden="true">'
        f'<i style="width:{100 * probability:.1f}%;background:{expression_colour(label)}"></i></td>'
        f"<td>{escape(percent(float(probability), 1))}</td></tr>"
        for index, (label, probability) in enumerate(zip(labels, probabilities, strict=True))
    )
    return (
        '<table class="fs-probabilities"><caption>Probability of each expression; together 100'
        f"{NARROW}%</caption><tbody>{rows}</tbody></table>"
    )


def overview(frames: Sequence[Frame], table: str) -> str:
    """Face and Grad-CAM as two equal frames, the probabilities below."""
    return f'<div class="fs-overview">{strip(frames)}{table}</div>'


def overlay(face: str, cam: str, opacity: float) -> str:
    """Two <img> on one another; the upper is a map, as opaque as asked for."""
    return f'<div class="fs-overlay">{face}<div style="opacity:{opacity:.2f}">{cam}</div></div>'


def message(title: str, text: str) -> str:
    """What stands in the answer's place when there is none: a headline and one sentence."""
    return f'<div class="fs-answer" role="alert"><h2 class="fs-none">{escape(title)}</h2><p>{escape(text)}</p></div>'
