"""The gallery: faces to look at without giving one. None of them is a visitor's, so all sessions share them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "gallery"


@dataclass(frozen=True)
class Sample:
    """One picture of the gallery.

    ``kind``: 'composite', framed like the training faces already, or 'photo', in which the face is to be found.
    ``label``: what people called the faces a composite is made of; ``count``: how many they are.
    ``face``: about where a photo's face lies, (x0, y0, x1, y1) in pixels: its thumbnail is cut out without a search.
    """

    id: str
    file: str
    kind: str
    label: str | None
    title: str
    count: int | None
    face: tuple[int, int, int, int] | None = None

    @property
    def group(self) -> str:
        """Samples of one group lie behind one button: composites of one label, or a photo."""
        return self.label or self.id

    def read(self) -> bytes:
        """The encoded picture."""
        return (FOLDER / self.file).read_bytes()

    @property
    def caption(self) -> str:
        """What the sample is, and for a composite what a right answer is worth."""
        if self.kind != "composite":
            return self.title + "."
        return (
            f"Nobody's face: made of {self.count} training faces that people labelled {self.label}. "
            "The networks saw those faces, so a right answer proves nothing."
        )


@cache
def read_gallery() -> dict[str, list[Sample]]:
    """Samples by group ('happiness'), composites first in the manifest's order, then photos."""
    entries = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    samples = [_sample(entry) for entry in entries]
    groups: dict[str, list[Sample]] = {}
    for sample in sorted(samples, key=lambda sample: sample.kind != "composite"):
        groups.setdefault(sample.group, []).append(sample)
    return groups


def _sample(entry: dict[str, Any]) -> Sample:
    known = {name: entry[name] for name in Sample.__dataclass_fields__ if name in entry}
    return Sample(**known | {"face": tuple(entry["face"]) if "face" in entry else None})


def sample_name(sample: Sample) -> str:
    """'Happiness 2', 'Astronaut'."""
    group = read_gallery()[sample.group]
    number = f" {group.index(sample) + 1}" if len(group) > 1 else ""
    return f"{sample.group.capitalize()}{number}"
