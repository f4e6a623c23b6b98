"""What became of a network: its score, one face before and after, and its files."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from fer_models import jobs
from fer_models.evaluation import Confusion
from fer_models.evaluation.scores import wilson_interval
from fer_models.hub import HubError, push_checkpoint
from fer_models.text import interval_text, listed, share_text
from webapp import keys, maps, state, warm_up, wording
from webapp.components.explaining import EXPECTED_ERRORS, LOADING, Answer, explanation_for
from webapp.components.face import ChosenFace, NoFace
from webapp.components.face_intake import choose_face
from webapp.components.page_parts import announce
from webapp.components.waiting import wait_until
from webapp.components.words import told
from webapp.figures import answer, compare, fine_tune, matrix
from webapp.figures.compare import Shown
from webapp.figures.pictures import grey_face_uri
from webapp.figures.scores import numbers_table
from webapp.figures.strips import scrolling
from webapp.views.compare.board import GATE_TEXT, TITLES, UNITS
from webapp.views.compare.lines import GATE, gates_of
from webapp.views.fine_tune.progress import job_name, show_course
from webapp.views.fine_tune.recipe import name_of
from webapp.visitor import Visitor, is_at_the_machine
from webapp.wording import plain

FEW = 100  # pictures; a score on fewer says little
OPACITY = 0.6
BINARY = "application/octet-stream"


def show_result(job: jobs.Job, who: Visitor, headline: DeltaGenerator) -> None:
    """The score before and after with its matrices, one face before and after, and the curves folded away."""
    found = jobs.comparison(job.id, who.owner)
    before, after = found.confusions()
    count = int(after.count)
    number = f"{'' if before is None else _accuracy(before) + ' → '}{_accuracy(after)}"
    words = f"of {count:,} {'picture' if count == 1 else 'pictures'} held out"
    headline.html(fine_tune.headline(f"{job_name(job)}: right before and after", number, words))
    said = [
        f"95 % interval after: {_interval(after)}" + ("" if before is None else f"; before: {_interval(before)}") + "."
    ]
    if count < FEW:
        said.append("So few pictures say little: the interval is what is known.")
    said.append(f"These are {found.part}: not learnt from, but the epoch was chosen on them.")
    if found.unknown:
        said.append(f"Before, the network did not know {listed(found.unknown)}, and could not be right there.")
    headline.caption(plain(" ".join(said)))
    announce(f"{job_name(job)}: {number} {words}")
    _show_matrices(found, before, after)
    _show_face(name_of(job.spec["checkpoint"]), job_name(job))
    with st.expander("How it learnt"):
        show_course(job, who)


def _accuracy(confusion: Confusion) -> str:
    return share_text(float(confusion.accuracy))


def _interval(confusion: Confusion) -> str:
    return interval_text(wilson_interval(int(confusion.right.sum()), int(confusion.count)))


def _show_matrices(found: jobs.Comparison, before: Confusion | None, after: Confusion) -> None:
    """How many pictures of each label got which answer: before, after, and the difference."""
    drawn = [("After", matrix.count_matrix(found.labels, after.counts))]
    if before is not None:
        drawn.insert(0, ("Before", matrix.count_matrix(found.labels, before.counts)))
        drawn.append(("After minus before", matrix.count_difference(found.labels, after.counts, before.counts)))
    for place, (title, each) in zip(st.columns(len(drawn), gap="medium"), drawn, strict=True):
        place.html(matrix.matrix_picture(each, f"{title}: number of pictures"))
    with st.expander("The numbers as tables", type="compact"):
        for title, each in drawn:
            st.html(scrolling(numbers_table(*matrix.matrix_lines(each), title), title))


# ------------------------------------------------------------------------------------------- one face, before and after


def _show_face(before: str, after: str) -> None:
    """Answers, maps and the first gate of both networks, and the difference."""
    st.markdown("**One face, before and after**")
    stage = st.container()
    try:
        face = choose_face(stage)
        if isinstance(face, NoFace):
            st.info(f"**{plain(face.title)}**  \n{plain(face.text)}")
            return
        found = [(each, explanation_for(each, face, None)) for each in (before, after)]
    except EXPECTED_ERRORS as error:
        st.error(plain(told(error)))
        return
    looked = [(name, seen) for name, seen in found if seen is not None]
    if len(looked) < 2:
        st.info(f"**{LOADING}**  \nThe comparison appears here by itself.")
        wait_until(lambda: not warm_up.pending())
        return
    _draw_face(face, looked)


def _draw_face(face: ChosenFace, looked: list[tuple[str, Answer]]) -> None:
    titles = ["Before", "After"]
    common = [label for label in looked[0][1].seen.labels if label in looked[1][1].seen.labels]
    last = looked[1][1].seen
    label = max(common, key=lambda each: last.probabilities[last.labels.index(each)]) if common else None
    readings = [answer.reading(seen.seen.labels, seen.seen.probabilities) for _, seen in looked]
    for title, (name, seen), read, column in zip(titles, looked, readings, st.columns(2), strict=True):
        column.markdown(
            f"{title}: {plain(wording.network_name(name))}  \n**{plain(read.headline)}** {plain(read.number)}"
        )
        column.html(answer.probability_table(seen.seen.labels, seen.seen.probabilities, seen.seen.target))
    grey = grey_face_uri(face.crop)
    if label is not None:
        st.html(_covering(face, looked, titles, label, grey))
    st.html(_gates(looked, titles, grey))


def _covering(face: ChosenFace, looked: list[tuple[str, Answer]], titles: list[str], label: str, grey: str) -> str:
    with st.spinner("Covering each place"):
        values = [
            maps.attribution(face, name, maps.OCCLUSION, None, seen.seen.labels.index(label)) for name, seen in looked
        ]
    shown = [Shown(title, grey, each, label, UNITS[maps.OCCLUSION]) for title, each in zip(titles, values, strict=True)]
    difference = _difference(values, grey, UNITS[maps.OCCLUSION])
    text = f"How much the score of “{label}” falls when a place is covered."
    return compare.line(TITLES[maps.OCCLUSION], text, UNITS[maps.OCCLUSION], shown, [difference], OPACITY)


def _gates(looked: list[tuple[str, Answer]], titles: list[str], grey: str) -> str:
    """The first gate with places that both have."""
    gates = [gates_of(seen.groups) for _, seen in looked]
    module = next((module for module in gates[0] if module in gates[1]), None)
    if module is None:
        return ""
    both = [each[module] for each in gates]
    shown = [
        Shown(title, grey, gate.values, gate.title, UNITS[GATE], gate.value_range)
        for title, gate in zip(titles, both, strict=True)
    ]
    difference = _difference([gate.values for gate in both], grey, UNITS[GATE])
    return compare.line(TITLES[GATE], GATE_TEXT, UNITS[GATE], shown, [difference], OPACITY)


def _difference(values: list[np.ndarray], grey: str, unit: str) -> Shown:
    more = values[1] - values[0]
    note = "" if more.any() else "No difference, bit for bit."
    return Shown("After minus before", grey, None if note else more, "red: more, blue: less", unit, note=note)


# --------------------------------------------------------------------------------------------------------------- files


def show_files(job: jobs.Job, who: Visitor, recognise: StreamlitPage | None) -> None:
    """Where the network is looked at, and its files to take away."""
    name = job_name(job)
    if recognise is not None and st.button("Look at it on Recognise", type="primary"):
        state.put(keys.NETWORK, name)
        st.switch_page(recognise, query_params=state.address())
    weights = jobs.result(job.id, who.owner)
    card = weights.with_suffix(".json")
    with st.popover("Download", width="content"):
        st.download_button("Weights (safetensors)", weights.read_bytes, weights.name, BINARY, on_click="ignore")
        st.download_button("Card (JSON)", card.read_bytes, card.name, "application/json", on_click="ignore")
        st.download_button("ONNX", partial(_onnx, weights), f"{name}.onnx", BINARY, on_click="ignore")
        st.caption(
            "Weights and card in a folder that FERSCOPE_CHECKPOINTS names are a network everywhere in FERScope. ONNX "
            "is written, and checked against the network, when you ask for it: that takes some seconds."
        )

    with st.popover("Push to the Hub", width="content"):
        _push(weights, name)


def _push(weights: Path, name: str) -> None:
    """Upload it with a model card, with the visitor's own token, which is kept nowhere."""
    with st.form("push", border=False, clear_on_submit=False):
        repository = st.text_input("Model on the Hub", placeholder=f"you/{name}", key="hub_repository")
        token = st.text_input(
            "Your token",
            type="password",
            key="hub_token",
            help="One that may write (huggingface.co/settings/tokens). It is used once and kept nowhere."
            + (" Left empty, the token of this machine is taken." if is_at_the_machine() else ""),
        )
        pressed = st.form_submit_button("Push", type="primary")
    st.caption("Weights, card, and a model card made of it. A new model is public, and may be made private there.")
    if not pressed:
        return
    if not repository.strip() or not (token.strip() or is_at_the_machine()):
        st.error("A name (you/model) and a token are needed.")
        return
    try:
        with st.spinner("Uploading"):
            address = push_checkpoint(weights, repository.strip(), token.strip() or None)
    except HubError as error:
        st.error(plain(told(error)))
        return
    st.success(f"It is there: {plain(address)}")


def _onnx(weights: Path) -> bytes:
    from fer_models.export.onnx import export_onnx

    with tempfile.TemporaryDirectory(prefix="ferscope-") as folder:
        file = Path(folder) / "network.onnx"
        export_onnx(weights, file)
        return file.read_bytes()
