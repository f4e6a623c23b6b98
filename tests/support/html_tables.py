"""HTML tables read back, and colours compared."""

from html.parser import HTMLParser

import numpy as np


class Table(HTMLParser):
    """The cells of a table, line by line."""

    def __init__(self, html: str):
        super().__init__()
        self.lines: list[list[str]] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.lines.append([])
        if tag in ("td", "th"):
            self.lines[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.lines[-1][-1] += data


def contrast(ink: str, colour: np.ndarray) -> float:
    """Contrast ratio of WCAG 2.2."""

    def luminance(rgb) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.array(rgb) / 255]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance([int(ink[i : i + 2], 16) for i in (1, 3, 5)]), luminance(colour)])
    return (high + 0.05) / (low + 0.05)
