"""The comparison itself, drawn in two goes: at once what is at hand, then what takes long, map by map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fer_models.explanation.agreement import agreement
from fer_models.explanation.noise import noise_like
from fer_models.text import listed
from webapp import wording
from webapp.components.page_parts import announce
from webapp.components.take_away import take_away
from webapp.components.words import folded_numbers
from webapp.figures import agreement as table
from webapp.figures import answer, compare, strips
from webapp.figures.compare import Shown
from webapp.figures.evidence import face_uri
from webapp.figures.pictures import grey_face_uri
from webapp.views.compare.lines import ALSO, GATE, OWN, Looked, alike, mean_agreement, method_names
from webapp.views.compare.sheet import sheet

#: A map: its line, and its column from 0.
Key: TypeAlias = tuple[str, int]

TITLES = {
    "occlusion": "What changes when a place is covered",
    GATE: "The network's own gate",
}
GATE_TEXT = (
    "Attention that the network computed itself: what a layer's values were multiplied by, exactly. A cross of a "
    "coordinate gate is there by construction."
)
UNITS = {
    "occlusion": "Change of the score (logit) of the explained expression.",
    GATE: "Gate. 1 lets a value pass whole, 0 stops it.",
}
UNIT = "Red raises the score of the explained expression, blue lowers it; the scale ends at the largest value here."
AGREEMENT_TEXT = (
    "Every map against every other, as far as they put the places of a face in the same order. Maps of one network may "
    "agree more with one another than with what covering shows: then they repeat one picture."
)


@dataclass(frozen=True)
class Display:
    """How it is shown: what varies, which lines, how opaque (0..1), which gate, whether every gate stands in the
    agreement, and which map, by line and column from 0, gives way to noise."""

    varied: str
    lines: Sequence[str]
    opacity: float
    gate: str
    every_gate: bool
    noise: Key | None


class Board:
    """The comparison of columns that were looked at; ``common`` are the labels that all of them have."""

    def __init__(self, looked: Sequence[Looked], common: Sequence[str], display: Display):
        self.looked, self.common, self.display = looked, common, display
        self.faces = [grey_face_uri(each.column.face.crop) for each in looked]
        self.groups = self._groups()
        self.found = {key: self._values(*key, wait=False) for _, members in self.groups for key in members}

    def draw(self, headline: DeltaGenerator) -> None:
        """Draw all in the page's order; what takes long fills in, map by map."""
        answered, meant = headline.empty(), st.empty()
        self._draw_headline(answered, meant)
        self._draw_answers()
        places = {line: st.empty() for line in self.display.lines}
        for line, place in places.items():
            place.html(self._line(line))
        agreed = st.empty()
        self._draw_agreement(agreed)
        others = self._draw_others()
        titles = " ".join(each.column.title for each in self.looked)
        own_picture = not all(each.column.face.sample for each in self.looked)
        take_away(lambda: sheet(self), f"compare {titles}", own_picture=own_picture)
        missing = [key for key, values in self.found.items() if values is None]
        for line, number in sorted(missing, key=lambda key: key[0] not in places):  # what is on show comes first
            self.found[line, number] = self._values(line, number, wait=True)
            if line in places | others:
                (places | others)[line].html(self._line(line))
            if line == self.display.lines[0]:
                self._draw_headline(answered, meant)
        if missing:
            self._draw_agreement(agreed)

    # ----------------------------------------------------------------------------------------------------- which maps

    def _groups(self) -> list[tuple[str, dict[Key, str]]]:
        """Names of all maps by line and column: each column's under its title, or all together for one network."""
        if self.display.varied in ("network", "face"):
            return [
                (each.column.title, self._names(number, method_names(each, self.display.lines)))
                for number, each in enumerate(self.looked)
            ]
        own = {(OWN, number): each.column.title for number, each in enumerate(self.looked)}
        known = {each.column.method for each in self.looked if self.display.varied == "method"}
        also = {method: wording.METHODS[method] for method in ALSO if method not in known}
        return [("", own | self._names(0, also))]

    def _names(self, number: int, methods: dict[str, str]) -> dict[Key, str]:
        each = self.looked[number]
        shown = each.gate_name(self.display.gate)
        gates = [name for name in each.gates if self.display.every_gate or name == shown]
        return {(line, number): name for line, name in methods.items()} | {
            (GATE if name == shown else f"{GATE} {name}", number): each.gates[name].title for name in gates
        }

    def _values(self, line: str, number: int, wait: bool) -> np.ndarray | None:
        each = self.looked[number]
        if line.startswith(GATE):
            gate = each.gates.get(line.removeprefix(f"{GATE} ")) or each.gate(self.display.gate)
            values = gate.values if gate else None
        else:
            values = each.find(line, wait)
        return noise_like(values, number) if values is not None and self.display.noise == (line, number) else values

    # -------------------------------------------------------------------------------------------------------- drawing

    def _draw_headline(self, place: DeltaGenerator, meaning: DeltaGenerator) -> None:
        """How alike the maps of the first line are, and below what that number is worth."""
        line, titles = self.display.lines[0], [each.column.title for each in self.looked]
        shown = [self.found[line, number] for number in range(len(self.looked))]
        known = [values for values in shown if values is not None]
        if len(known) < len(shown):
            place.html(answer.message("Being computed"))
            return
        found = alike(known)
        number = table.agreement_text(found.value)
        low, high = map(table.agreement_text, found.noise)
        pairs = f", mean of {found.pairs} pairs" if found.pairs > 1 else ""
        what = "what covering each place changes" if line == "occlusion" else "the maps"
        text = f"Rank correlation of {what}{pairs}. With noise in place of one map it lies from {low} to {high}."
        own = [values for n in range(len(shown)) if (values := self.found.get((OWN, n))) is not None]
        if line != OWN and len(own) == len(shown):
            text += f" Of {self.looked[0].map_name(OWN)}: {table.agreement_text(mean_agreement(own))}."
        place.html(compare.headline(listed(titles), found.words, number))
        meaning.caption(text)
        announce(f"{found.words}, {number}")

    def _draw_answers(self) -> None:
        """Each network's answer; where all columns share network and face, the one answer of all."""
        shared = self.display.varied in ("method", "layer")
        looked = self.looked[:1] if shared else self.looked
        face = face_uri(looked[0].column.face.crop)
        one_face = self.display.varied != "face"
        columns = [
            (
                wording.network_name(each.column.checkpoint) if shared else each.column.title,
                "" if one_face else face_uri(each.column.face.crop),
                answer.reading(each.answer.seen.labels, each.answer.seen.probabilities),
            )
            for each in looked
        ]
        probabilities = [[each.probability(label) for label in self.common] for each in looked]
        targets = [self.common.index(each.label) for each in looked]
        text = "The probability of each expression; the explained one's line is set in bold type."
        if len({each.label for each in looked}) > 1:
            text += " They differ, so each map below explains another expression: choose one in the settings."
        picture = f'<div class="fs-face fs-small">{strips.image(face, looked[0].column.face.title)}</div>'
        bars = compare.answers(columns, self.common, np.array(probabilities), targets, len(self.looked))
        title = "Its answer" if shared else "Their answers"
        st.html(strips.section(title, text, picture if one_face else "", bars, level=2))

    def maps(self, line: str) -> tuple[list[Shown], list[Shown]]:
        """A line's maps, and the differences of all others from the first."""
        columns = [number for number in range(len(self.looked)) if line in TITLES or (line, number) in self.found]
        maps = [self._shown(line, number) for number in columns]
        return maps, [self._difference(maps[0], each) for each in maps[1:]]

    def _line(self, line: str) -> str:
        method = self.looked[0].column.method if line == OWN else line
        varies = self.display.varied == "layer"
        title = TITLES.get(line) or (wording.METHODS[method] if varies else self.looked[0].map_name(line))
        text = GATE_TEXT if line == GATE else wording.METHOD_TEXTS[method]
        if line == OWN and self.display.varied == "method":
            title, text = "The maps", "Each method's own picture of what raises (red) and lowers (blue) the score."
        return compare.line(title, text, UNITS.get(line, UNIT), *self.maps(line), self.display.opacity)

    def _shown(self, line: str, number: int) -> Shown:
        each = self.looked[number]
        shown = Shown(each.column.title, self.faces[number])
        if (line, number) not in self.found:
            return replace(shown, note="This network has no gate with places.")
        values = self.found[line, number]
        if values is None:
            return shown
        gate = each.gate(self.display.gate) if line == GATE else None
        if gate:
            what, unit, value_range = gate.title, gate.family, gate.value_range
        else:
            # Maps of different methods or layers are not of one size.
            own = f"{each.column.method} {each.column.layer}" if self.display.varied == "layer" else each.column.method
            what, unit, value_range = f"for {each.label}", own if line == OWN else line, None
        if self.display.noise == (line, number):
            what = "noise in its place"
        detail = f"{what} · {strips.values_text(values.shape)}"
        return replace(shown, values=values, detail=detail, unit=unit, value_range=value_range, about=each.label)

    def _difference(self, first: Shown, other: Shown) -> Shown:
        """The other map less the first, or why there is none."""
        shown = Shown(f"{other.title} minus {first.title}", other.face)
        if first.note or other.note:
            return replace(shown, note="Nothing to take away.")
        if first.values is None or other.values is None:
            return shown
        if first.unit != other.unit or first.value_range != other.value_range:
            return replace(shown, note="No difference: they do not compare in size.")
        if first.value_range is None and first.about != other.about:
            return replace(shown, note="No difference: they explain different expressions.")
        if first.values.shape != other.values.shape:
            sizes = " and ".join(strips.size_text(values.shape) for values in (first.values, other.values))
            return replace(shown, note=f"No difference: their grids are {sizes}.")
        return replace(shown, values=other.values - first.values, detail="red: more here", unit="difference")

    def _draw_agreement(self, place: DeltaGenerator) -> None:
        """Of all maps that are there."""
        there = {key: values for key, values in self.found.items() if values is not None}
        groups = [(title, [name for key, name in names.items() if key in there]) for title, names in self.groups]
        values = agreement({str(key): each for key, each in there.items()})
        waiting = len(self.found) - len(there)
        text = AGREEMENT_TEXT + (f" {waiting} more are being computed." if waiting else "")
        with place.container():
            drawn = table.agreement_table(groups, values)
            st.html(strips.section("How alike are all these maps?", text, table.agreement_bar(), drawn, level=2))
            folded_numbers(*table.agreement_lines(groups, values), title="The agreement of every two as a table")

    def _draw_others(self) -> dict[str, DeltaGenerator]:
        """Maps that stand in the agreement alone, in lines of their own where somebody opens them."""
        lines = [line for line in ALSO if (line, 0) in self.found and line not in self.display.lines]
        fold = st.expander("The other maps", key="other_maps", on_change="rerun")
        if not fold.open or not lines:
            return {}
        places = {line: fold.empty() for line in lines}
        for line, place in places.items():
            place.html(self._line(line))
        return places
