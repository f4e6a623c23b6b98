"""The comparison as it is taken away: every map on show, with where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fer_models.explanation.attribution import unit_of, uses_layer
from fer_models.export.sheet import Answer, Panel, Sheet
from webapp import wording
from webapp.figures.colours import Scale
from webapp.figures.compare import Shown, scales
from webapp.views.compare.columns import sample_name
from webapp.views.compare.lines import GATE, OWN, Looked

if TYPE_CHECKING:
    from webapp.views.compare.board import Board


def sheet(board: Board) -> Sheet:
    """The lines of the page that are there, and each network's answer."""
    rows = []
    for line in board.display.lines:
        maps, differences = board.maps(line)
        drawn = [*zip(maps, scales(maps), board.looked, strict=True)]
        drawn += zip(differences, scales(differences), board.looked[1:], strict=True)
        panels = [
            _panel(board, line, looked, shown, shown.values, scale)
            for shown, scale, looked in drawn
            if shown.values is not None and scale is not None
        ]
        rows += [panels] if panels else []
    titles = ", ".join(each.column.title for each in board.looked)
    answers = {
        (each.column.checkpoint, each.column.face.key): Answer(
            wording.network_name(each.column.checkpoint),
            each.column.checkpoint,
            each.answer.seen.labels,
            each.answer.seen.probabilities,
            picture(each),
        )
        for each in board.looked
    }
    return Sheet(titles, rows, list(answers.values()))


def picture(looked: Looked) -> str:
    sample = looked.column.face.sample
    return sample_name(sample) if sample else "own picture"


def _panel(board: Board, line: str, looked: Looked, shown: Shown, values: np.ndarray, scale: Scale) -> Panel:
    gate = looked.gate(board.display.gate) if line == GATE else None
    method = looked.column.method if line == OWN else line
    what, unit = (gate.title, "gate") if gate else (looked.map_name(line), unit_of(method))
    what = f"{what}{_change(board, line, looked, shown)}"
    layer = looked.gate_name(board.display.gate) if gate else _layer(looked, line)
    return Panel(
        looked.column.face.crop,
        values,
        scale.low,
        scale.high,
        what,
        unit,
        wording.network_name(looked.column.checkpoint),
        looked.column.checkpoint,
        layer,
        None if gate else looked.label,
        picture(looked),
    )


def _layer(looked: Looked, line: str) -> str | None:
    """The block of a CAM: the last map's where none is named."""
    method = looked.column.method if line == OWN else line
    if not uses_layer(method):
        return None
    return (looked.column.layer if line == OWN else None) or looked.answer.seen.layer


def _change(board: Board, line: str, looked: Looked, shown: Shown) -> str:
    """What a map is besides itself: noise in its place, or a difference from the first column's."""
    if shown.title != looked.column.title:
        return f", less that of {board.looked[0].column.title}"
    return ": noise in its place" if board.display.noise == (line, board.looked.index(looked)) else ""
