"""A sheet as a figure for print: PNG or PDF, each map on its grey face with a colour bar, by matplotlib."""

from __future__ import annotations

import io
import json
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from fer_models.export.sheet import Panel, Sheet
from fer_models.preprocessing import to_source

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Pixels of a map as it is drawn: enlarged bilinearly.
SIDE = 224
DOTS_PER_INCH = 150
VEIL = 0.6  # opacity of a map that has no sign
RED, BLUE = np.array((0.63, 0.1, 0.16)), np.array((0.13, 0.29, 0.59))
# Inches. Texts are folded by their number of letters, which leaves room for wide ones.
_PANEL, _LINE = 1.9, 0.13
# Matplotlib's own font cache and settings are shared by all threads.
_one_at_a_time = threading.Lock()


def figure(sheet: Sheet, file_format: str = "png") -> bytes:
    """The sheet drawn, as the bytes of a 'png' or 'pdf' file; provenance stands beneath and in the file's metadata.

    Signed maps are blue below zero, clear at zero and red above; others cividis from the lower to the upper end.
    """
    told = {"Title": sheet.title, "Creator": f"FERScope {sheet.provenance['FERScope']}"}
    facts = json.dumps([panel.facts for panel in sheet.panels])
    metadata = told | ({"Subject": facts, "CreationDate": None} if file_format == "pdf" else {"Description": facts})
    file = io.BytesIO()
    with _one_at_a_time:
        _drawn(sheet).savefig(file, format=file_format, dpi=DOTS_PER_INCH, metadata=metadata)
    return file.getvalue()


def _drawn(sheet: Sheet) -> Figure:
    from matplotlib.figure import Figure  # not pyplot, which keeps every figure

    columns = max(map(len, sheet.rows), default=1)
    width = max(columns * _PANEL, 4)
    above = _LINE * max((len(_title(panel)) for panel in sheet.panels), default=0) + 0.1
    below = 0.25 + 0.8 * _LINE * max((len(_beneath(panel)) for panel in sheet.panels), default=0) + 0.05
    row_height = above + _PANEL + below
    lines = [*(answer.sentence for answer in sheet.answers), sheet.provenance_line]
    lines = [part for line in lines for part in textwrap.wrap(line, int(width * 18))]
    titles = textwrap.wrap(sheet.title, int(width * 14))
    head, foot = 1.3 * _LINE * len(titles) + 0.1, _LINE * (len(lines) + 1)
    height = head + len(sheet.rows) * row_height + foot
    drawn = Figure(figsize=(width, height), facecolor="white")
    for number, line in enumerate(titles):
        _write(drawn, line, width, height, height - 1.3 * _LINE * (number + 1), fontsize=9, weight="bold")
    for row, panels in enumerate(sheet.rows):
        bottom = height - head - (row + 1) * row_height + below
        for column, panel in enumerate(panels):
            left, side = column * _PANEL + 0.1, _PANEL - 0.2
            _draw(drawn.add_axes((left / width, bottom / height, side / width, side / height)), panel)
    for number, line in enumerate(lines):
        _write(drawn, line, width, height, foot - _LINE * (number + 0.8), fontsize=6.5, color="#333333")
    return drawn


def _write(drawn: Figure, line: str, width: float, height: float, y: float, **style: Any) -> None:
    drawn.text(0.1 / width, y / height, line, parse_math=False, **style)  # a dollar in a file's name is no formula


def _title(panel: Panel) -> list[str]:
    what = f"{panel.what}, {panel.target}" if panel.target else panel.what
    return [*textwrap.wrap(panel.network, 36), *textwrap.wrap(what, 36)]


def _beneath(panel: Panel) -> list[str]:
    told = [panel.checkpoint, panel.layer or "", f"{panel.facts['size']}, {panel.unit}"]
    return [line for each in told for line in textwrap.wrap(each, 42)]


def _draw(axes: Axes, panel: Panel) -> None:
    axes.imshow(to_source(panel.face, SIDE), cmap="gray", vmin=0, vmax=255)
    axes.imshow(_over(panel))
    axes.set_axis_off()
    axes.set_title("\n".join(_title(panel)), fontsize=6.5, loc="left", pad=3, parse_math=False)
    wide = panel.high > panel.low
    beside = axes.inset_axes((0, -0.08, 1, 0.04))
    beside.imshow(_bar(panel), aspect="auto", extent=(panel.low, panel.high if wide else panel.low + 1, 0, 1))
    beside.set_yticks([])
    beside.tick_params(labelsize=5.5, length=2, pad=1)
    ends = [panel.low, (panel.low + panel.high) / 2, panel.high] if wide else [panel.low]
    beside.set_xticks(ends, [f"{value:.3g}".replace("-", "\N{MINUS SIGN}") for value in ends])
    labels = beside.get_xticklabels()
    labels[-1].set_horizontalalignment("right")
    labels[0].set_horizontalalignment("left")
    beside.set_xlabel("\n".join(_beneath(panel)), fontsize=5.5, loc="left", labelpad=1, parse_math=False)


def overlay(panel: Panel) -> np.ndarray:
    """A map in its colours over the grey face, as the site draws it, (SIDE, SIDE, 3) uint8 RGB."""
    face = np.repeat(to_source(panel.face, SIDE)[:, :, None] / 255, 3, axis=2)
    over = _over(panel)
    mixed = face * (1 - over[..., 3:]) + over[..., :3] * over[..., 3:]
    return (np.clip(mixed, 0, 1) * 255).round().astype(np.uint8)


def _over(panel: Panel) -> np.ndarray:
    """What lies over the face, (SIDE, SIDE, 4), 0..1."""
    enlarged = cv2.resize(np.float32(panel.values), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    if panel.low >= 0:
        return np.dstack([_cividis(enlarged, panel), np.full_like(enlarged, VEIL)])
    away = _from_zero(enlarged, panel)
    return np.dstack([np.where(away[..., None] > 0, RED, BLUE), np.abs(away)])


def _bar(panel: Panel) -> np.ndarray:
    """The colours from the lower end to the upper, (1, 256, 3), 0..1: over white, where a map lies over the face."""
    values = np.linspace(panel.low, panel.high, 256)[None]
    if panel.low >= 0:
        return _cividis(values, panel)
    away = _from_zero(values, panel)[..., None]
    return 1 - np.abs(away) * (1 - np.where(away > 0, RED, BLUE))


def _from_zero(values: np.ndarray, panel: Panel) -> np.ndarray:
    """-1..1, with zero at zero."""
    return np.clip(values / max(-panel.low, panel.high), -1, 1)


def _cividis(values: np.ndarray, panel: Panel) -> np.ndarray:
    from matplotlib import colormaps

    shares = (values - panel.low) / ((panel.high - panel.low) or 1)
    return colormaps["cividis"](np.clip(shares, 0, 1))[..., :3]
