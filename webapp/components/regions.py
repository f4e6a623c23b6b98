"""Parts of the face: what a map of one face has in each, and from which a network reads each expression."""

import numpy as np
import streamlit as st

from fer_models.checkpoints import CheckpointError
from fer_models.evaluation.predictions import load_predictions
from fer_models.evaluation.regions import RegionScores, load_regions
from fer_models.explanation.regions import cover_regions, shares
from webapp import wording
from webapp.components.face import ChosenFace
from webapp.components.words import told
from webapp.figures import strips
from webapp.figures.regions import parts_sentence, parts_table, regions_section
from webapp.maps import remembered
from webapp.wording import plain

ABOUT = (
    "Each part is covered on faces that the network recognises. The parts are the same for every face, so they are "
    "approximate, and a larger part hides more. The grey faces are means of 30 faces or more."
)


def show_regions(checkpoint: str) -> None:
    """Draw the sentence and a face for each expression; says what makes them where they are missing."""
    try:
        found = load_regions(checkpoint)
    except CheckpointError as error:
        st.info(plain(told(error)))
        return
    if found is None:
        st.info(
            plain(f"The parts of the face were not measured for this network; “ferscope regions {checkpoint}” does.")
        )
        return
    network = wording.network_name(checkpoint)
    st.html(regions_section(network, found, _mean_faces(checkpoint, found)))
    st.caption(plain(f"{ABOUT} {found.split}, made by “{found.command}”."))


def show_parts(face: ChosenFace, checkpoint: str, values: np.ndarray, label: str) -> None:
    """Of one face: what its map (h, w) of a label has in each part, beside what covering the part does."""
    changes = remembered(face, checkpoint, ("regions", label), lambda clf: cover_regions(clf, face.crop, label))
    marked = shares(values)
    st.html(
        strips.heading("Part by part", parts_sentence(marked, changes, label)) + parts_table(marked, changes, label)
    )


def _mean_faces(checkpoint: str, found: RegionScores) -> dict[str, np.ndarray]:
    """The mean of the recognised faces of each expression; of one that has too few, the mean of all those means."""
    try:
        answers = load_predictions(checkpoint, found.split)
    except CheckpointError:
        return {}
    cells = {answers.names[true]: face for (true, answer), face in answers.cells.items() if true == answer}
    if not cells:
        return {}
    mean = np.mean(list(cells.values()), 0).round().astype(np.uint8)
    return {label: cells.get(label, mean) for label in found.labels}
