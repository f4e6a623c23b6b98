"""Strips of equal frames as HTML: pictures with their names, one colour bar, and the numbers folded away.

One block of HTML holds a whole strip, because dozens of single elements are slow. What is not ours is escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TypeAlias

import numpy as np

from webapp.figures.colours import Scale
from webapp.figures.pictures import MAP_SIDE, data_uri, map_png
from webapp.figures.profiles import edge_svg, sorted_svg

NARROW = "\u202f"  # no-break space before units

#: 10th percentile, mean and 90th percentile over channels, each of one value a place.
Profile: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Frame:
    """One picture of a strip: what is drawn (HTML), its caption, and its numbers as an HTML table."""

    picture: str
    title: str
    detail: str = ""
    module: str = ""
    table: str = ""


def image(uri: str, alt: str, css_class: str = "") -> str:
    """An <img> that screen readers can name."""
    return f'<img class="{css_class}" src="{uri}" alt="{escape(alt)}">'


def stylesheet() -> str:
    """The site's style sheets as a <style> element, for every page: our own classes, then rules on Streamlit's."""
    sheets = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("style.css", "streamlit.css"))
    return f"<style>{''.join(sheets)}</style>"


def map_picture(values: np.ndarray, scale: Scale, what: str, side: int = MAP_SIDE) -> str:
    """A map (h, w), enlarged to ``side`` pixels and coloured, over the face of the strip that it stands in.

    Focusing or pointing at it shows more of that face (see style.css). What is clear at zero covers less of it.
    """
    rows, columns = values.shape
    row, column = np.unravel_index(values.argmax(), values.shape)
    alt = (
        f"{what}, {size_text(values.shape)} places, from {scale.format(values.min())} to {scale.format(values.max())}; "
        f"highest in row {row + 1} of {rows}, column {column + 1} of {columns}"
    )
    signed = " fs-signed" if scale.colours.shape[1] == 4 else ""
    picture = image(data_uri(map_png(values, scale, side), "image/png"), alt)
    return f'<div class="fs-map{signed}" tabindex="0">{picture}</div>'


def coordinate_picture(
    product: np.ndarray, rows: Profile, columns: Profile, scale: Scale, bars: Scale, what: str
) -> str:
    """A coordinate gate: columns' profile above, rows' profile at the left, their product between them.

    ``scale`` is the product's, ``bars`` the profiles'.
    """
    top, left = edge_svg(*columns, bars, "width"), edge_svg(*rows, bars, "height")
    top_alt = f"{what}, column weights from left to right: {_listed(columns[1], bars)}"
    left_alt = f"{what}, row weights from top to bottom: {_listed(rows[1], bars)}"
    return (
        '<div class="fs-coordinates">'
        + image(data_uri(top.encode(), "image/svg+xml"), top_alt, "fs-top")
        + image(data_uri(left.encode(), "image/svg+xml"), left_alt, "fs-left")
        + map_picture(product, scale, f"{what}, rows times columns")
        + "</div>"
    )


def channels_picture(weights: np.ndarray, scale: Scale, what: str) -> str:
    """Channel weights sorted from high to low."""
    alt = (
        f"{what}, {len(weights)} channel weights from {scale.format(weights[0])} down to {scale.format(weights[-1])}; "
        f"the middle one is {scale.format(weights[len(weights) // 2])}"
    )
    plot = image(data_uri(sorted_svg(weights, scale).encode(), "image/svg+xml"), alt)
    ends = f"<span>{scale.format(scale.high)}</span><span>{scale.format(scale.low)}</span>"
    return f'<div class="fs-plot">{plot}<div aria-hidden="true">{ends}</div></div>'


def strip(
    frames: Iterable[Frame], face_uri: str = "", opacity: float = 1.0, *, flat: bool = False, bar: str = ""
) -> str:
    """Frames side by side, four in a row or two, their colour ``bar``, and their numbers below, folded away.

    ``face_uri``: the grey face that lies beneath the maps (see :func:`webapp.figures.pictures.grey_face_uri`), which
    cover it as far as ``opacity`` says, 0..1; a map that is clear at zero covers it a little more where it is not zero.
    ``flat`` makes plots wider than high, for strips that hold no maps.
    """
    frames = list(frames)
    figures = "".join(_figure(frame) for frame in frames)
    tables = "".join(
        f"<div><h4>{escape(frame.title)}{' · ' + escape(frame.detail) if frame.detail else ''}</h4>"
        f"{scrolling(frame.table, frame.title)}</div>"
        for frame in frames
        if frame.table
    )
    folded = (
        f'<details class="fs-numbers"><summary>The numbers as tables</summary><div>{tables}</div></details>'
        if tables
        else ""
    )
    face = f' style="{beneath(face_uri, opacity)}"' if face_uri else ""
    kind = "fs-strip fs-flat" if flat else "fs-strip"
    return f'<div class="{kind}"{face}><div class="fs-frames">{figures}</div>{bar}{folded}</div>'


def module_name(module: str) -> str:
    """A module's dotted name, which may break after each dot."""
    return f"<code>{escape(module).replace('.', '.<wbr>')}</code>"


def beneath(face_uri: str, opacity: float) -> str:
    """The style of whatever holds maps: the face beneath them, and how much they cover it."""
    return f"--fs-face:url({face_uri});--fs-opacity:{opacity:.2f}"


def section(title: str, text: str, bar: str, content: str, *, level: int = 3) -> str:
    """A strip with its heading, what it means and its colour bar (HTML) beside it."""
    return (
        f'<section class="fs-section"><header><h{level}>{escape(title)}</h{level}><p>{escape(text)}</p>{bar}</header>'
        f"{content}</section>"
    )


def heading(title: str, text: str) -> str:
    """A heading over several sections."""
    return f'<div class="fs-lead"><h2>{escape(title)}</h2><p>{escape(text)}</p></div>'


def colour_bar(scale: Scale, unit: str, maps: Sequence[np.ndarray], fixed: tuple[float, float] | None = None) -> str:
    """The scale as a bar in the maps' own units, and over it a line where the values of ``maps`` lie.

    ``fixed``: the range that values of this kind can have. Where the colours are spread over a part of it alone, that
    part is drawn in the whole range, so that contrast is never mistaken for size.
    """
    low, high = min(float(values.min()) for values in maps), max(float(values.max()) for values in maps)
    here = Scale(low, high, scale.colours)
    start, end = 100 * scale.position(low), 100 * scale.position(high)
    used = f'<div class="fs-used" style="margin-left:{min(start, 99):.1f}%;width:{end - start:.1f}%"></div>'
    stops = ",".join(css_colour(colour) for colour in scale.colours[:: 255 // 15].tolist())
    spread = fixed is not None and fixed != (scale.low, scale.high)
    return (
        f'<div class="fs-bar">{used}'
        f'<div class="fs-gradient" style="background:linear-gradient(to right,{stops})"></div>'
        f"{_ticks(scale)}{_part_of(scale, fixed) if fixed and spread else ''}<p>{escape(unit)} "
        f"Here: {here.format(low)} to {here.format(high)}.</p></div>"
    )


def _ticks(scale: Scale) -> str:
    ticks = "".join(f"<span>{scale.format(v)}</span>" for v in (scale.low, (scale.low + scale.high) / 2, scale.high))
    return f'<div class="fs-ticks">{ticks}</div>'


def _part_of(scale: Scale, fixed: tuple[float, float]) -> str:
    """The whole range with the part of it that the colours are spread over."""
    whole = Scale(*fixed, scale.colours)
    start, end = 100 * whole.position(scale.low), 100 * whole.position(scale.high)
    share = f"{max(end - start, 0):.0f}"
    words = f"The colours are spread over {'less than 1' if share == '0' else share}{NARROW}% of the whole range."
    return (
        f'<div class="fs-whole" style="--from:{start:.1f}%;--to:{max(end, start + 1):.1f}%"><i></i><b></b></div>'
        f"{_ticks(whole)}<p>{words}</p>"
    )


def css_colour(colour: Sequence[int]) -> str:
    """RGB or RGBA, 0..255, as CSS."""
    red, green, blue, *alpha = colour
    return f"rgb({red} {green} {blue}{f' / {alpha[0] / 255:.2f}' if alpha else ''})"


def map_table(values: np.ndarray, scale: Scale) -> str:
    """A map's values, one cell a place."""
    head = "".join(f'<th scope="col">{column + 1}</th>' for column in range(values.shape[1]))
    body = "".join(
        _line(str(row + 1), [scale.format(float(value), 1) for value in line]) for row, line in enumerate(values)
    )
    return f"<table><thead><tr><td>row \\ col</td>{head}</tr></thead><tbody>{body}</tbody></table>"


def profile_table(rows: Profile, columns: Profile, scale: Scale) -> str:
    """Both profiles of a coordinate gate, one line a place."""
    lines = "".join(
        _line(f"{name} {place + 1}", [scale.format(float(profile[place]), 1) for profile in profiles])
        for name, profiles in (("row", rows), ("column", columns))
        for place in range(len(profiles[1]))
    )
    return (
        '<table><thead><tr><td></td><th scope="col">10th percentile</th><th scope="col">mean over channels</th>'
        f'<th scope="col">90th percentile</th></tr></thead><tbody>{lines}</tbody></table>'
    )


def channels_table(order: np.ndarray, weights: np.ndarray, scale: Scale, ends: int = 8) -> str:
    """The channels of highest and of lowest weight; a thousand lines would say no more."""
    ranks = list(range(len(weights)))
    if len(ranks) > 2 * ends:
        ranks = ranks[:ends] + ranks[-ends:]
    lines = "".join(_line(str(rank + 1), [str(order[rank]), scale.format(float(weights[rank]), 1)]) for rank in ranks)
    return (
        '<table><thead><tr><th scope="col">rank</th><th scope="col">channel</th><th scope="col">weight</th></tr>'
        f"</thead><tbody>{lines}</tbody></table>"
    )


def size_text(shape: tuple[int, ...]) -> str:
    """(7, 7) -> '7 × 7', which no line break divides."""
    return "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}".join(map(str, shape))


def values_text(shape: tuple[int, ...]) -> str:
    """(7, 7) -> '7 × 7 values'."""
    return f"{size_text(shape)} values"


def scrolling(content: str, name: str) -> str:
    """What may be wider than the page scrolls by itself, by mouse, finger and keyboard."""
    return f'<div class="fs-scroll" tabindex="0" role="region" aria-label="{escape(name)}">{content}</div>'


def caption(text: str) -> str:
    """What is said below a table; stays in sight where the table is wider than the page and scrolls."""
    return f"<caption><span>{escape(text)}</span></caption>"


def _line(head: str, cells: Iterable[str]) -> str:
    """One line of a table."""
    return f'<tr><th scope="row">{head}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _figure(frame: Frame) -> str:
    detail = f"<span>{escape(frame.detail)}</span>" if frame.detail else ""
    module = module_name(frame.module) if frame.module else ""
    caption = f"<strong>{escape(frame.title)}</strong> {detail}{module}"
    return f"<figure>{frame.picture}<figcaption>{caption}</figcaption></figure>"


def _listed(values: np.ndarray, scale: Scale) -> str:
    return ", ".join(scale.format(value) for value in values)
