"""From which part of the face a network reads each expression, as a small table of faces."""

from collections.abc import Mapping
from html import escape

import numpy as np

from fer_models.evaluation.regions import RegionScore, RegionScores
from fer_models.explanation.regions import RegionShare
from fer_models.face_parts import REGIONS, face_regions
from fer_models.labels import display_order
from fer_models.text import listed
from webapp.figures import strips
from webapp.figures.colours import BLUE_CLEAR_RED, Scale, signed_scale
from webapp.figures.matrix import MINUS
from webapp.figures.pictures import grey_face_uri
from webapp.figures.strips import NARROW, Frame, beneath

SIDE = 112  # pixels of the pictures of regions
OPACITY = 0.7  # of the colours over the face
#: Regions as they stand in a sentence.
WORDS = {
    "brows": "the brows",
    "eyes": "the eyes",
    "nose": "the nose",
    "mouth": "the mouth",
    "cheeks": "the cheeks",
    "rest": "forehead, chin, hair and background",
}


def strongest(rows: Mapping[str, RegionScore]) -> RegionScore | None:
    """The part of the face whose covering costs an expression most; None where the interval of none is below zero.

    The rest is no part: it is larger than all of them.
    """
    sure = [row for row in rows.values() if row.region != "rest" and row.interval and row.interval[1] < 0]
    return min(sure, key=lambda row: row.change, default=None)


def regions_sentence(network: str, found: RegionScores) -> str:
    """'A-MobileNet reads happiness most from the mouth and anger most from the brows. Grad-CAM has 2 to 9 % ...'"""
    read: dict[str, list[str]] = {}
    marked = []
    for label in _in_order(found):
        row = strongest(found.of(label))
        if row is not None:
            read.setdefault(row.region, []).append(label)
            marked.append(row.share)
    if not read:
        return f"Covering no single part of the face costs {network} any expression for sure."
    parts = [f"{listed(labels)} most from {WORDS[region]}" for region, labels in read.items()]
    least, most = (f"{100 * share:.0f}" for share in (min(marked), max(marked)))
    shares = least if least == most else f"{least} to {most}"
    return f"{network} reads {'; '.join(parts)}. Grad-CAM has {shares}{NARROW}% of its red on that part."


def regions_section(network: str, found: RegionScores, faces: Mapping[str, np.ndarray]) -> str:
    """The sentence, and a face for each expression, its parts coloured by what covering them costs; and all numbers.

    ``faces``: (s, s) uint8 of each expression, to lie beneath; one without is drawn on none.
    """
    maps = {label: _painted(found.of(label)) for label in _in_order(found)}
    scale = signed_scale(maps.values(), BLUE_CLEAR_RED)
    frames = [_frame(label, found.of(label), values, scale, faces.get(label)) for label, values in maps.items()]
    unit = (
        "What the expression's score (logit) loses when a part is covered by the face's mean grey, mean over faces "
        "that the network recognises: red parts speak for the expression, blue ones against it."
    )
    return strips.section(
        "Which part of the face each expression is read from",
        regions_sentence(network, found),
        strips.colour_bar(scale, unit, list(maps.values())),
        strips.strip(frames),
        level=2,
    )


def parts_table(marked: Mapping[str, RegionShare], changes: Mapping[str, float], label: str) -> str:
    """Of one face: what a map has in each part, beside what covering the part does to the label's score."""
    rows = "".join(
        f'<tr><th scope="row">{region.capitalize()}</th>'
        f'<td class="fs-number">{100 * marked[region].share:.0f}{NARROW}%</td>'
        f'<td class="fs-number">{marked[region].lift:.2f}</td>'
        f'<td class="fs-number">{f"{changes[region] + 0.0:+.2f}".replace("-", MINUS)}</td></tr>'
        for region in REGIONS
    )
    # Short heads: a phone is narrow, and what they mean is said below.
    caption = (
        "Red: the share of the map's red that lies in the part; by area: 1 is what a map has there that marks every "
        f"place alike; covered: how the score of {escape(label)} changes then. The parts are the same for every face, "
        "approximate, and a larger part hides more."
    )
    heads = ("Red", "By area", "Covered")
    head = "".join(f'<th scope="col" class="fs-number">{escape(name)}</th>' for name in heads)
    return (
        f'<table class="fs-gains fs-parts"><caption>{caption}</caption><thead><tr><th scope="col">Part</th>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def parts_sentence(marked: Mapping[str, RegionShare], changes: Mapping[str, float], label: str) -> str:
    """'The map has 2 % of its red on the mouth, whose covering costs happiness most (-1.55).'"""
    parts = [region for region in REGIONS if region != "rest"]
    region = min(parts, key=changes.__getitem__)
    if changes[region] >= 0:
        return f"Covering no part of this face lowers the score of {label}."
    lost = f"{changes[region]:.2f}".replace("-", MINUS)
    share = f"{100 * marked[region].share:.0f}{NARROW}%"
    return f"Of the parts, covering {WORDS[region]} costs {label} most ({lost}); the map has {share} of its red there."


def _in_order(found: RegionScores) -> list[str]:
    return [found.labels[index] for index in display_order(found.labels)]


def _painted(rows: Mapping[str, RegionScore]) -> np.ndarray:
    """What covering costs, laid out on the parts of the face; the rest, which is no part of it, stays clear."""
    values = np.zeros((SIDE, SIDE), np.float32)
    for region, mask in face_regions(SIDE).items():
        if region != "rest":
            values[mask] = -rows[region].change
    return values


def _frame(
    label: str, rows: Mapping[str, RegionScore], values: np.ndarray, scale: Scale, face: np.ndarray | None
) -> Frame:
    what = f"What covering parts of the face costs {label}: " + ", ".join(
        f"{region} {scale.format(-rows[region].change)}" for region in REGIONS
    )
    picture = strips.map_picture(values, scale, what)
    if face is not None:
        picture = f'<div style="{beneath(grey_face_uri(face), OPACITY)}">{picture}</div>'
    row, count = strongest(rows), next(iter(rows.values())).faces
    read = f"most from {WORDS[row.region]}, {scale.format(-row.change)}" if row else "from no single part for sure"
    return Frame(picture, label.capitalize(), f"{read}; {count} faces", table=_table(rows, scale))


def _table(rows: Mapping[str, RegionScore], scale: Scale) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(region)}</th><td>{scale.format(-row.change)}</td><td>{_interval(row, scale)}</td>'
        f"<td>{100 * row.share:.0f}{NARROW}%</td><td>{row.lift:.2f}</td></tr>"
        for region, row in rows.items()
    )
    heads = ("part", "covered, it costs", "95 % interval", "share of Grad-CAM", "by its area")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _interval(row: RegionScore, scale: Scale) -> str:
    if row.interval is None:
        return "one face"
    low, high = row.interval
    return f"{scale.format(-high)} to {scale.format(-low)}"
