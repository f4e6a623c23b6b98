"""The page "Fine-tune" as HTML: pictures to choose from, the headline, what became of a face."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from webapp.figures.thumbnails import thumbnail


def stylesheet() -> str:
    """What this page adds to the site's style sheet."""
    return f"<style>{Path(__file__).with_name('fine_tune.css').read_text(encoding='utf-8')}</style>"


def headline(eyebrow: str, words: str, number: str) -> str:
    """What there is, or what came of it, larger than anything else on the page."""
    said = f" <b>{escape(number)}</b>" if number else ""
    return (
        f'<div class="fs-answer"><p class="fs-eyebrow">{escape(eyebrow)}</p>'
        f'<h2 class="fs-long"><span>{escape(words)}</span>{said}</h2></div>'
    )


def picture_buttons(pictures: Sequence[tuple[str, str, np.ndarray, bool]]) -> str:
    """A button for each picture: its name, what is said of it, its crop (s, s) uint8 grey, and whether it is used."""
    return "".join(map(_picture_button, pictures))


def _picture_button(picture: tuple[str, str, np.ndarray, bool]) -> str:
    name, said, crop, used = picture
    spoken = f"{name}, {said}: {'used' if used else 'left out'}"
    return (
        f'<button type="button" data-name="{escape(name)}" aria-pressed="{str(used).lower()}" '
        f'aria-label="{escape(spoken)}" title="{escape(name)}"><img src="{thumbnail(crop)}" alt="">'
        f"<span>{escape(said)}</span></button>"
    )
