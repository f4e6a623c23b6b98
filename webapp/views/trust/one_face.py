"""The verdict on one face: the map, how its places hold when they are covered, and the maps that know nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models.evaluation.faithfulness import MapName
from fer_models.explanation.averages import read_averages
from fer_models.explanation.controls import FACE_PRIOR
from webapp import wording
from webapp.components.face import ChosenFace
from webapp.components.map_picker import map_title
from webapp.components.page_parts import announce
from webapp.figures import evidence, strips, trust
from webapp.figures.colours import BLUE_CLEAR_RED, signed_scale
from webapp.figures.pictures import grey_face_uri
from webapp.figures.strips import Frame
from webapp.figures.trust import Gain
from webapp.maps import attribution, remembered
from webapp.networks import load_classifier

STEPS = 8
USUAL = "grad-cam"  # the map that everybody draws, at the last map


@dataclass(frozen=True, eq=False)
class Shown:
    """A face, a network's map of it, and what the network saw; ``seen.target`` is explained."""

    checkpoint: str
    face: ChosenFace
    map: MapName
    seen: fer.Explanation
    opacity: float

    @property
    def title(self) -> str:
        return map_title(self.map, load_classifier(self.checkpoint).layers)

    def values(self, name: MapName) -> np.ndarray:
        """A map of the face, (h, w)."""
        last = load_classifier(self.checkpoint).layers[-1].name
        layer = None if name.layer == last else name.layer  # as other pages ask for it
        return attribution(self.face, self.checkpoint, name.method, layer, self.seen.target)


def show(shown: Shown, headline: DeltaGenerator) -> list[fer.Faithfulness]:
    """Draw the map, then the verdict when it is there; returns what was measured, the map's own row first."""
    values = shown.values(shown.map)
    label, network = shown.seen.labels[shown.seen.target], wording.network_name(shown.checkpoint)
    question = f"{shown.title} of {network}, for {label}: better than a face-shaped guess?"
    waiting = headline.empty()
    waiting.html(trust.verdict_headline(question))
    reason = st.empty()
    st.html(_pictures(shown, values, label))
    with st.spinner("Covering the face in the map's order"):
        rows = _measure(shown, values)
    own, guess = rows[0], next(row for row in rows if row.name == FACE_PRIOR)
    difference, low, high = own.ahead[FACE_PRIOR]
    sentence = (
        f"This map has a gain of {trust.signed(own.gain)}, a guess that marks the middle of any picture "
        f"{trust.signed(guess.gain)}. The map's lead is {trust.signed(difference)}, 95 % interval "
        f"{trust.span(low, high)} over {len(own.deletion)} ways of covering this face."
    )
    waiting.html(trust.verdict_headline(question, own.verdict, difference))
    reason.markdown(sentence)
    announce(f"{question} {trust.VERDICTS[own.verdict]}. {sentence}")
    return rows


def draw_curves(shown: Shown, rows: Sequence[fer.Faithfulness]) -> None:
    """What is left of the label's probability while the map's places are covered, and shown alone."""
    from webapp.figures.charts import CONFIG
    from webapp.figures.curves import covering_figure

    own, guess = rows[0], next(row for row in rows if row.name == FACE_PRIOR)
    with st.container(key="curves"):
        label = shown.seen.labels[shown.seen.target]
        st.html(
            strips.heading(
                "What happens while the face is covered",
                f"Probability of {label} while the places that the map marks most are covered, and while only they "
                "are shown; mean of all ways of covering. The gain is the area by which “shown alone” lies above "
                "“covered”; where it lies below, the area counts against the map.",
            )
        )
        lines = {name: _mean(row.deletion) for name, row in (("own", own), ("guess", guess))}
        shows = {name: _mean(row.insertion) for name, row in (("own", own), ("guess", guess))}
        figure = covering_figure(lines["own"], shows["own"], (lines["guess"], shows["guess"]))
        st.plotly_chart(figure, config=CONFIG, key="covering")
        with st.expander("The curves as a table"):
            shares = np.linspace(0, 1, len(lines["own"]))
            st.table(
                {
                    "places": [f"{share:.0%}" for share in shares],
                    "covered": [f"{value:.1%}" for value in lines["own"]],
                    "shown alone": [f"{value:.1%}" for value in shows["own"]],
                    "guess, covered": [f"{value:.1%}" for value in lines["guess"]],
                    "guess, shown alone": [f"{value:.1%}" for value in shows["guess"]],
                }
            )


def _measure(shown: Shown, values: np.ndarray) -> list[fer.Faithfulness]:
    """Rows of the map, of the usual one where that is another, and of the controls."""
    classifier, target = load_classifier(shown.checkpoint), shown.seen.target
    usual = MapName(USUAL, classifier.layers[-1].name)
    maps = {"map": values}
    if shown.map != usual:
        maps["usual"] = shown.values(usual)
    averages = read_averages(classifier)
    mean_map = averages.maps.get((shown.map.method, shown.map.layer)) if averages else None
    question = ("faithfulness", shown.map.method, shown.map.layer, target, mean_map is None)
    return remembered(
        shown.face,
        shown.checkpoint,
        question,
        lambda clf: fer.faithfulness(clf, shown.face.crop, maps, target, mean_map=mean_map, steps=STEPS),
    )


def _pictures(shown: Shown, values: np.ndarray, label: str) -> str:
    """The face and the map on it, with its colour bar."""
    scale = signed_scale([values], BLUE_CLEAR_RED)
    face = strips.image(evidence.face_uri(shown.face.crop), shown.face.title)
    frames = [
        Frame(f'<div class="fs-face">{face}</div>', shown.face.title),
        Frame(
            strips.map_picture(values, scale, f"{shown.title} for {label}"),
            shown.title,
            f"for {label}, {strips.values_text(values.shape)}",
            shown.map.layer or "",
            strips.map_table(values, scale) if len(values) <= 16 else "",
        ),
    ]
    bar = strips.colour_bar(scale, f"Red raises the score of {label}, blue lowers it.", [values])
    strip = strips.strip(frames, grey_face_uri(shown.face.crop), shown.opacity, bar=bar)
    return f'<div class="fs-pair">{strip}</div>'


def draw_table(shown: Shown, rows: Sequence[fer.Faithfulness]) -> None:
    """The map, the usual one, and the maps that know nothing."""
    names = {"map": (shown.title, "this map"), "usual": (wording.METHODS[USUAL], "at the last map, the usual picture")}
    lines = [
        Gain(
            *(trust.CONTROLS if row.control else names)[row.name],
            row.gain,
            *row.interval,
            verdict="" if row.control else trust.VERDICTS[row.verdict],
            control=row.control,
            chosen=row.name == "map",
            more=(f"{row.infidelity:.2f}", trust.signed(row.correlation) if np.isfinite(row.correlation) else "–"),
        )
        for row in rows
    ]
    caption = (
        "Gain on this face: 0 is chance, more is truer. Below it the 95 % interval over the ways of covering. "
        "Infidelity in logits squared, less is truer; likeness to covering from −1 to 1."
    )
    st.html(trust.gains_table(lines, caption, ["Infidelity", "Likeness to covering"]))


def _mean(curves: dict[tuple[int, str], np.ndarray]) -> np.ndarray:
    """The mean of curves that have not all the same number of steps."""
    steps = max(map(len, curves.values()))
    at = np.linspace(0, 1, steps)
    return np.mean([np.interp(at, np.linspace(0, 1, len(values)), values) for values in curves.values()], axis=0)
