"""What holds over many faces: every map of the network against maps that know nothing, measured and stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from fer_models.checkpoints import CheckpointError
from fer_models.evaluation.faithfulness import MapName, MapScore, MapScores, load_faithfulness
from fer_models.explanation.controls import FACE_PRIOR
from webapp import wording
from webapp.components.map_picker import map_title
from webapp.components.words import told
from webapp.figures import strips, trust
from webapp.figures.strips import size_text
from webapp.figures.trust import Gain
from webapp.wording import plain

if TYPE_CHECKING:
    from fer_models.networks.layers import Layer

_VERDICTS = {"yes": "is truer than", "no": "is less true than", "cannot tell": "cannot be told from"}


def show(checkpoint: str, chosen: MapName, layers: Sequence[Layer]) -> None:
    """Draw the sentence and the table; says what makes them where they are missing."""
    try:
        found = load_faithfulness(checkpoint)
    except CheckpointError as error:
        st.info(plain(told(error)))
        return
    if found is None:
        st.info(plain(f"Over many faces this network was not measured; “ferscope faithfulness {checkpoint}” does."))
        return
    network = wording.network_name(checkpoint)
    with st.container(key="measured"):
        st.html(
            strips.heading(f"Which map of {network} to look at", _sentence(found, chosen, layers))
            + trust.gains_table(
                [_line(score, chosen, layers) for score in sorted(found.scores, key=lambda score: -score.gain)],
                f"Mean gain over faces of {found.split}, with its 95 % interval over faces; places of {found.grid} × "
                f"{found.grid}, covered by {' or '.join(found.fills)} in turn, in {found.steps} steps. Made by "
                f"“{found.command}”.",
                ["Faces"],
            )
        )


def _sentence(found: MapScores, chosen: MapName, layers: Sequence[Layer]) -> str:
    best, own = found.best, found.score(chosen.method, chosen.layer)
    parts = []
    if best is not None:
        parts.append(
            f"Over {best.faces:,} faces the truest map is {map_title(MapName(best.name, best.layer), layers)} "
            f"({trust.signed(best.gain)}), which is shown at first."
        )
    usual = found.score("grad-cam", layers[-1].name)
    told = [(usual, "Grad-CAM at the last map, the usual picture")]
    if own not in (usual, best):
        told.append((own, map_title(chosen, layers)))
    guess = found.score(FACE_PRIOR, None)
    beside = f" ({trust.signed(guess.gain)})" if guess else ""
    for score, name in told:
        if score is not None:
            parts.append(f"{name} ({trust.signed(score.gain)}) {_VERDICTS[score.verdict]} a face-shaped guess{beside}.")
    return " ".join(parts)


def _line(score: MapScore, chosen: MapName, layers: Sequence[Layer]) -> Gain:
    if score.control:
        name, detail = trust.CONTROLS[score.name]
    else:
        name = map_title(MapName(score.name, score.layer), layers)
        detail = f"{size_text((score.side, score.side))} values"
    return Gain(
        name,
        detail,
        score.gain,
        *score.interval,
        verdict="" if score.control else trust.VERDICTS[score.verdict],
        control=score.control,
        chosen=(score.name, score.layer) == (chosen.method, chosen.layer),
        more=(f"{score.faces:,}",),
    )
