"""What is taken away of the page "Operate": every gate that has places, before and after, and all answers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

import fer_models as fer
from fer_models.explanation.replacements import Operated
from fer_models.export.sheet import Answer, Panel, Sheet, gate_panels

COLUMNS = 5


def make_sheet(
    classifier: fer.Classifier,
    crop: np.ndarray,
    picture: str,
    network: str,
    title: str,
    before: fer.Explanation,
    after: Mapping[str, Operated],
    way: str,
) -> Sheet:
    """A line of gates as computed and below it the same gates after ``way``, on one scale each.

    ``after``: what came of each replacement, by its name in words, ``way`` among them.
    """
    answers = {"as computed": before.probabilities} | {words: found.probabilities for words, found in after.items()}
    told = [
        Answer(f"{network}, {words}", classifier.card.name, before.labels, probabilities, picture)
        for words, probabilities in answers.items()
    ]
    made, used = (gate_panels(classifier, crop, gates, picture) for gates in (before.gates, after[way].gates))
    replaced = {(panel.layer, panel.what): panel for panel in used}
    pairs = [
        _on_one_scale(panel, replaced[panel.layer, panel.what], way)
        for panel in made
        if (panel.layer, panel.what) in replaced
    ]
    return Sheet(title, _lines(pairs), told)


def _on_one_scale(before: Panel, after: Panel, way: str) -> tuple[Panel, Panel]:
    low, high = min(before.low, after.low), max(before.high, after.high)
    return (
        replace(before, low=low, high=high, what=f"{before.what}, as computed"),
        replace(after, low=low, high=high, what=f"{after.what}, {way}"),
    )


def _lines(pairs: Sequence[tuple[Panel, Panel]]) -> list[Sequence[Panel]]:
    starts = range(0, len(pairs), COLUMNS)
    return [line for start in starts for line in zip(*pairs[start : start + COLUMNS], strict=True)]
