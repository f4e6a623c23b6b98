"""Colour maps, scales and the colours of expressions."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

#: 256 RGB colours from low to high. Perceptual, and read alike with the common colour-vision deficiencies.
CIVIDIS = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_CIVIDIS)[:, 0, ::-1].copy()


def _blue_white_red() -> np.ndarray:
    anchors = np.array([(33, 74, 150), (120, 165, 215), (255, 255, 255), (226, 140, 120), (160, 25, 40)], float)
    steps = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(steps, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


#: 256 RGB colours for signed values: blue below zero, white at zero, red above.
BLUE_WHITE_RED = _blue_white_red()


def _blue_clear_red() -> np.ndarray:
    signed = np.linspace(-1, 1, 256)
    colours = np.where(signed[:, None] < 0, (25, 85, 215), (210, 15, 45))
    return np.column_stack([colours, 255 * np.abs(signed) ** 0.8]).round().astype(np.uint8)


#: 256 RGBA colours for signed values that lie on a face: clear at zero, the more opaque the further from it.
BLUE_CLEAR_RED = _blue_clear_red()

#: Okabe and Ito's palette. Their black is grey here, which is legible in both themes.
EXPRESSION_COLOURS = {
    "neutral": "#999999",
    "happiness": "#e69f00",
    "surprise": "#56b4e9",
    "sadness": "#0072b2",
    "anger": "#d55e00",
    "disgust": "#009e73",
    "fear": "#cc79a7",
    "contempt": "#f0e442",
}
OTHER_COLOUR = "#999999"

#: Lines and bars of profiles: legible on the light and on the dark background, 3:1 or better.
PROFILE_COLOUR = "#1f8a80"
RULE_COLOUR = "#8b9099"
#: Colours of networks and runs: none stands for an expression, and each has a contrast of 3:1 on either background.
LINES = ("#1f8a80", "#8a63d2", "#a8761a", "#c2478f", "#5b7fa6", "#6f8f2f", "#b5544d")


@dataclass(frozen=True, eq=False)
class Scale:
    """How values become colours: what lies at or below ``low`` has the first colour, at or above ``high`` the last.

    ``colours``: (256, 3) uint8 RGB, or (256, 4) RGBA for a map that lies on a face.
    """

    low: float
    high: float
    colours: np.ndarray

    def indices(self, values: np.ndarray) -> np.ndarray:
        """Index 0..255 of each value's colour, uint8. On a scale of no width every value has the middle colour."""
        if not self.high > self.low:
            return np.full(values.shape, 127, np.uint8)
        positions = (values - self.low) / (self.high - self.low)
        return (np.clip(positions, 0, 1) * 255).round().astype(np.uint8)

    def position(self, value: float) -> float:
        """Where a value lies on the scale, 0..1."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0) if self.high > self.low else 0.5

    def format(self, value: float, extra: int = 0) -> str:
        """A value with as many digits as the scale's width makes meaningful, and ``extra`` more."""
        width = self.high - self.low
        if 1e-4 < width < 1e4:
            digits = max(2, 2 - math.floor(math.log10(width))) + extra
            text = f"{round(value, digits) + 0.0:.{digits}f}"  # adding 0 turns -0 into 0
        else:
            text = f"{value:.{2 + extra}g}"
        return text.replace("-", "\N{MINUS SIGN}")


#: What a map's colours may be spread over, in words.
CONTRASTS = {"picture": "this picture", "same": "same scale for all", "average": "against the average face"}


def contrast_scale(contrast: str, value_range: tuple[float, float], maps: Sequence[np.ndarray]) -> Scale:
    """The scale that maps side by side share.

    'picture': the values of these maps; 'same': their kind's own range, so that any two pictures can be compared;
    'average': for maps from which the average face's were taken, see :func:`signed_scale`.
    """
    if contrast == "average":
        return signed_scale(maps, BLUE_CLEAR_RED)
    if contrast == "same":
        return Scale(*value_range, CIVIDIS)
    return Scale(float(min(map(np.min, maps))), float(max(map(np.max, maps))), CIVIDIS)


def signed_scale(maps: Iterable[np.ndarray], colours: np.ndarray = BLUE_WHITE_RED) -> Scale:
    """Zero in the middle, out to the largest absolute value of ``maps``: one array or several."""
    limit = max(float(np.abs(values).max()) for values in maps)
    return Scale(-limit, limit, colours)


def expression_colour(label: str) -> str:
    """The colour that stands for an expression on every page."""
    return EXPRESSION_COLOURS.get(label, OTHER_COLOUR)
