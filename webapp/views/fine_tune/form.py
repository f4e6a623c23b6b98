"""A job before it is launched: pictures at the left, what is done with them at the right."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import fer_models as fer
from fer_models import jobs
from fer_models.labels import FERPLUS
from webapp import keys, state, wording
from webapp.components.network_picker import choose_network
from webapp.components.page_parts import announce
from webapp.components.picture_grid import choose_in_grid
from webapp.components.words import folded_numbers, told
from webapp.figures import fine_tune
from webapp.views.fine_tune.gathering import SOURCES, forget_pictures, gather
from webapp.views.fine_tune.pictures import (
    CLASS_HEADS,
    Gathered,
    Picture,
    Selection,
    class_lines,
    offered_label,
    path_tail,
)
from webapp.views.fine_tune.recipe import choose_recipe
from webapp.visitor import Visitor, ask_to_come_in
from webapp.wording import plain

LEFT_OUT = "leave out"
MOST_SHOWN = 120  # pictures at once
MOST_UNFOLDED = 40  # pictures; more would push the launch far down a phone
_EXCLUDED = "pictures_left_out"  # in the session: names, by where the pictures come from


def show_form(visitor: Visitor, networks: DeltaGenerator, headline: DeltaGenerator) -> None:
    """Draw it; a launched job takes its place."""
    checkpoints = wording.in_papers_order(fer.list_checkpoints())
    if not checkpoints:
        _say(headline, "No network yet", "", wording.NO_CHECKPOINT)
        return
    with networks:
        row = st.container()
        tools = st.container(horizontal=True)
        with row:
            checkpoint = choose_network(checkpoints, tools)
    with st.container(key="desk"):
        left, right = st.columns([17, 10], gap="large")
    with left:
        source = state.choose(
            keys.PICTURES, st.radio, "Pictures", SOURCES, horizontal=True, label_visibility="collapsed"
        )
        if not visitor.may_launch:
            ask_to_come_in()
        selection = _select(gather(source)) if visitor.may_launch else None
    with right:
        values = choose_recipe(checkpoint, selection)
        launch = _show_launch(visitor, selection)
    network = wording.network_name(checkpoint)
    if selection is None:
        _say(headline, "No pictures yet", network)
    else:
        count = len(selection.used)
        words = f"{count:,} {'picture' if count == 1 else 'pictures'}"
        _say(headline, words, f"{network} learns from", number=_classes_words(selection))
    if launch and selection is not None:
        with right:
            _launch(visitor, selection, values)


def _say(headline: DeltaGenerator, words: str, eyebrow: str, text: str = "", number: str = "") -> None:
    headline.html(fine_tune.headline(eyebrow, words, number))
    if text:
        headline.info(plain(text))
    announce(f"{eyebrow} {words} {number} {text}".strip())


def _classes_words(selection: Selection) -> str:
    return f"of {len(selection.counts)} {'class' if len(selection.counts) == 1 else 'classes'}"


# ------------------------------------------------------------------------------------------------------------ pictures


def _select(gathered: Gathered | None) -> Selection | None:
    """What of the pictures is learnt from; each of them can be looked at and left out."""
    if gathered is None:
        return None
    find_faces = st.toggle(
        "Cut the face out of each picture",
        value=True,
        key="find_faces",
        help="As everywhere on this site: upright, from hairline to chin. Where no face is found the whole picture is "
        "taken. Switch it off where pictures are faces already, cut out alike.",
    )
    excluded: set[str] = st.session_state.setdefault(_EXCLUDED, {}).setdefault(gathered.title, set())
    selection = Selection(gathered, _choose_labels(gathered), frozenset(excluded), find_faces)
    _show_classes(selection)
    _show_pictures(selection, excluded)
    return selection


def _choose_labels(gathered: Gathered) -> dict[str, str | None]:
    """What each class means: what its folder spells, unless its owner says otherwise."""
    odd = [label for label in gathered.labels if label not in FERPLUS.labels]
    meant: dict[str, str | None] = {}
    if not odd:
        return meant
    st.caption("Names that are no expression are labels of their own, unless you say what they mean:")
    with st.container(horizontal=True):
        for label in odd:
            likely = offered_label(label)
            options = {label: f"its own label: {label}"} | {each: each for each in (*FERPLUS.labels, LEFT_OUT)}
            chosen = st.selectbox(
                f"“{plain(label)}”" + (f", likely {likely}" if likely else ""),
                list(options),
                format_func=options.__getitem__,
                key=f"meant_{gathered.title}_{label}",
                width=240,
            )
            if chosen != label:
                meant[label] = None if chosen == LEFT_OUT else chosen
    return meant


def _show_classes(selection: Selection) -> None:
    gathered = selection.gathered
    lines = class_lines(selection)
    few = [label for label, count in selection.counts.items() if count < 2]
    exact = sum(same for _, same in gathered.repeats.values())
    faceless = sum(each.face is None for each in gathered.pictures)
    said = [f"{label.capitalize()} {count:,}" for label, count in selection.counts.items()]
    st.markdown(plain(" · ".join(said)))
    notes = []
    if few:
        notes.append(f"Too few of {', '.join(few)}: two are needed of each.")
    if selection.find_faces and faceless:
        notes.append(f"No face was found in {faceless:,} of {len(gathered.pictures):,}; these are taken whole.")
    if gathered.repeats:
        notes.append(
            f"{len(gathered.repeats):,} repeat another picture ({exact:,} exactly): leave them out, or the score may "
            "rest on pictures that were learnt."
        )
    for note in notes:
        st.caption(plain(note))
    folded_numbers(CLASS_HEADS, lines, title="The classes as a table")


def _show_pictures(selection: Selection, excluded: set[str]) -> None:
    """Each picture's crop as a button that leaves it out."""
    gathered = selection.gathered
    names = {picture.name for picture in gathered.pictures}

    def press(name: str) -> None:
        if name in names:
            excluded.symmetric_difference_update({name})

    def leave_out_repeats() -> None:
        excluded.update(gathered.repeats)

    with st.expander("Look at each picture; press one to leave it out", expanded=len(names) <= MOST_UNFOLDED):
        with st.container(horizontal=True, vertical_alignment="center"):
            options = ["All", *gathered.labels]
            label = st.selectbox("Class", options, format_func=str.capitalize, width=200, key="class_shown")
            shown = [each for each in gathered.pictures if label in ("All", each.label)]
            pages = -(-len(shown) // MOST_SHOWN)
            page = st.number_input("Page", 1, pages, width=120, key=f"page_of_{label}") if pages > 1 else 1
            if gathered.repeats:
                st.button("Leave out all repeats", on_click=leave_out_repeats)
            if excluded:
                st.button("Take all back", on_click=excluded.clear)
        part = shown[(int(page) - 1) * MOST_SHOWN :][:MOST_SHOWN]
        html = fine_tune.picture_buttons(
            [
                (each.name, _said_of(each, selection), each.crop(selection.find_faces), each.name not in excluded)
                for each in part
            ]
        )
        choose_in_grid(html, "picture_grid", press)


def _said_of(picture: Picture, selection: Selection) -> str:
    words = [picture.label]
    if picture.name in selection.gathered.repeats:
        first, same = selection.gathered.repeats[picture.name]
        words.append(f"{'the same as' if same else 'much like'} {path_tail(first)}")
    if selection.find_faces and picture.face is None:
        words.append("no face found")
    return ", ".join(words)


# -------------------------------------------------------------------------------------------------------------- launch


def _show_launch(visitor: Visitor, selection: Selection | None) -> bool:
    """The button, and what of the limits remains; returns whether it was pressed."""
    if not visitor.may_launch:
        return False
    left = jobs.remaining(visitor.owner)
    keep = left.limits.keep_hours
    st.toggle(
        "Keep the crops when the job is done",
        key="keep_pictures",
        help=f"To go on with them later. They are deleted {keep:g} hours after the launch in any case.",
    )
    pressed = st.button("Launch", type="primary", disabled=selection is None, width="stretch")
    st.caption(
        f"You may launch {min(left.active, left.launches):,} more now; {left.queue:,} more may wait in the queue. A "
        f"job may have {left.limits.pictures:,} pictures, {left.limits.epochs:,} epochs and {left.limits.minutes:,.0f} "
        f"minutes. Crops are deleted when the job is done, and after {keep:g} hours at the latest."
    )
    return pressed


def _launch(visitor: Visitor, selection: Selection, values: Mapping[str, object]) -> None:
    keep = bool(st.session_state.get("keep_pictures"))
    with tempfile.TemporaryDirectory(prefix="ferscope-") as folder:
        place = Path(folder) / "pictures"
        place.mkdir()
        selection.write(place)
        try:
            spec = jobs.read_spec({**values, "data": place})
            job = jobs.submit(spec, visitor.owner, upload=True, keep=keep)
        except ValueError as error:
            st.error(plain(told(error).replace(str(place), selection.gathered.title)))
            return
    forget_pictures()
    state.take(keys.JOB, job)
    st.rerun()
