"""One cell of the confusion matrix: chosen by click or by name, and the faces behind it."""

from html import escape

import streamlit as st

from fer_models.evaluation.predictions import FACES_IN_A_MEAN
from fer_models.labels import display_order
from fer_models.text import share_text
from webapp import state, wording
from webapp.figures import scores
from webapp.figures.answer import percent
from webapp.views.evaluation.data import MOST_FACES, CellFaces, Evaluated, cell_faces, cell_indices


def choose_cell(labels: tuple[str, ...]) -> tuple[int, int]:
    """Two controls that hold the choice, whether it was clicked or made here; returns (true, predicted)."""
    options = {labels[index]: labels[index].capitalize() for index in display_order(labels)}
    left, right = st.columns(2, gap="small")
    true = state.choose(state.TRUE, left.selectbox, "People saw", options)
    predicted = state.choose(state.PREDICTED, right.selectbox, "It answered", options)
    st.caption("The faces of this cell are below. Click or tap a cell of the matrix to choose it.")
    return labels.index(true), labels.index(predicted)


def take_clicked_cell(chart: str, labels: tuple[str, ...]) -> None:
    """Write the cell that was clicked in the chart with that key into the two controls."""
    points = st.session_state[chart].selection.points
    if points:
        true, predicted = points[0]["customdata"][:2]
        state.put(state.TRUE, labels[true])
        state.put(state.PREDICTED, labels[predicted])


def show_cell(found: Evaluated, cell: tuple[int, int]) -> None:
    """The faces of the cell where the data set is at hand, else their mean, else why there is nothing to see."""
    predictions = found.predictions
    true, predicted = (predictions.names[index] for index in cell)
    count = len(cell_indices(predictions, *cell))
    everyone = int((predictions.labels == cell[0]).sum())
    called = "recognised" if true == predicted else f"read as {predicted}"
    share = (
        f"{scores.unbroken(share_text(count / everyone))} of the {everyone:,}" if count else f"none of the {everyone:,}"
    )
    text = f"By {wording.network_name(found.card.name)}: {_faces(count)}{share} that people called {true}."
    st.html(f'<div class="fs-words"><h3>{escape(true.capitalize())}, {escape(called)}</h3><p>{escape(text)}</p></div>')
    if not count:
        return
    seen = cell_faces(found, *cell)
    if seen is not None:
        _show_faces(seen, true, predicted, count)
        return
    mean = predictions.cells.get(cell)
    if mean is not None:
        st.html(scores.mean_face(mean, f"Mean of the {count} faces that people called {true} and it {called}"))
        st.caption(f"Nobody's face: the mean of all {count:,}. {wording.PICTURES_NEED}")
    elif count < FACES_IN_A_MEAN:
        st.caption(f"Too few for a mean face, which needs {FACES_IN_A_MEAN}. {wording.PICTURES_NEED}")
    else:
        st.caption(f"No mean face is stored with these predictions. {wording.PICTURES_NEED}")


def _show_faces(seen: CellFaces, true: str, predicted: str, count: int) -> None:
    captions = [percent(float(share)) for share in seen.answered]
    alts = [
        f"Face in row {row}: {predicted} {percent(float(answered))}, {true} {percent(float(labelled))}"
        for row, answered, labelled in zip(seen.rows, seen.answered, seen.labelled, strict=True)
    ]
    st.html(scores.faces_grid(seen.faces, captions, alts))
    below = f"Below each face: the probability it gave to {predicted}, highest first."
    st.caption(below if count <= MOST_FACES else f"{below} {MOST_FACES} of {count:,} faces are shown.")


def _faces(count: int) -> str:
    return {0: "", 1: "1 face, "}.get(count, f"{count:,} faces, ")
