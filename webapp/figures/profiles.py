"""Profiles as SVG: weights along a picture's edges, and channel weights sorted.

An SVG inside an <img> cannot see the page's theme, so its colours are legible on both.
"""

import numpy as np

from webapp.figures.colours import PROFILE_COLOUR, RULE_COLOUR, Scale

LONG, SHORT = 180, 36  # an edge's profile, in SVG units


def edge_svg(low: np.ndarray, mean: np.ndarray, high: np.ndarray, scale: Scale, along: str) -> str:
    """Bars of the mean weight of every row (``along='height'``) or column (``along='width'``), one per place.

    The thin line over each bar reaches from ``low`` to ``high``. Bars grow away from the picture: the columns' upwards,
    the rows' to the left.
    """
    step = LONG / len(mean)
    shapes = []
    for place in range(len(mean)):
        start, middle = place * step, (place + 0.5) * step
        tip, near, far = (SHORT * scale.position(float(profile[place])) for profile in (mean, low, high))
        shapes.append(_bar(start + step * 0.08, step * 0.84, tip, along))
        shapes.append(_line(middle, near, far, along))
    width, height = (LONG, SHORT) if along == "width" else (SHORT, LONG)
    return _svg(width, height, "".join(shapes))


def sorted_svg(weights: np.ndarray, scale: Scale) -> str:
    """Channel weights, already sorted from high to low, as an area over their rank; the dashed line is the middle."""
    width, height = LONG, LONG
    # A frame is about this many pixels wide; more steps could not be seen.
    ranks = np.linspace(0, len(weights) - 1, min(len(weights), width)).round().astype(int)
    step = width / len(weights)
    edges = []
    for left, right in zip(ranks, [*ranks[1:], len(weights)], strict=True):
        level = height * (1 - scale.position(float(weights[left])))
        edges.append(f"{left * step:.1f},{level:.1f} {right * step:.1f},{level:.1f}")
    line = " ".join(edges)
    area = (
        f'<polygon points="0,{height} {line} {width},{height}" fill="{PROFILE_COLOUR}" fill-opacity=".3"/>'
        f'<polyline points="{line}" fill="none" stroke="{PROFILE_COLOUR}" stroke-width="2"/>'
    )
    middle = (
        f'<path d="M0 {height / 2}H{width}" stroke="{RULE_COLOUR}" stroke-dasharray="3 4" '
        f'vector-effect="non-scaling-stroke"/>'
    )
    return _svg(width, height, area + middle)


def _bar(start: float, thickness: float, length: float, along: str) -> str:
    if along == "width":
        place = f'x="{start:.2f}" y="{SHORT - length:.2f}" width="{thickness:.2f}" height="{length:.2f}"'
    else:
        place = f'x="{SHORT - length:.2f}" y="{start:.2f}" width="{length:.2f}" height="{thickness:.2f}"'
    return f'<rect {place} fill="{PROFILE_COLOUR}"/>'


def _line(middle: float, near: float, far: float, along: str) -> str:
    if along == "width":
        path = f"M{middle:.2f} {SHORT - near:.2f}V{SHORT - far:.2f}"
    else:
        path = f"M{SHORT - near:.2f} {middle:.2f}H{SHORT - far:.2f}"
    return f'<path d="{path}" stroke="{RULE_COLOUR}" stroke-width="1.2"/>'


def _svg(width: int, height: int, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="none">{content}</svg>'
    )
