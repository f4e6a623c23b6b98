"""One cell of the confusion matrix: chosen in the matrix, and the faces behind it."""

from collections.abc import Sequence

import streamlit as st

from fer_models.data.faces import FACES_IN_A_MEAN
from fer_models.labels import display_order
from fer_models.text import share_text
from webapp import keys, state, wording
from webapp.components.page_parts import announce
from webapp.figures import scores
from webapp.figures.answer import percent
from webapp.figures.matrix import faces_text, reading
from webapp.views.evaluation.data import Evaluated
from webapp.views.evaluation.faces import MOST_FACES, CellFaces, cell_faces, cell_indices
from webapp.wording import plain

Cell = tuple[str, str]  # what people saw, and what the network answered


def chosen_cell(labels: Sequence[str]) -> Cell:
    """The cell that was chosen in the matrix or by a link; else the error that networks make most."""
    options = {label: label for label in labels}
    true, predicted = (state.chosen(key, options, _default(key, labels)) for key in (keys.TRUE, keys.PREDICTED))
    return true, predicted


def take_cell(labels: Sequence[str], true: str, predicted: str) -> None:
    """A cell was chosen in the matrix."""
    if true in labels and predicted in labels:
        state.take(keys.TRUE, true, _default(keys.TRUE, labels))
        state.take(keys.PREDICTED, predicted, _default(keys.PREDICTED, labels))


def _default(key: keys.Choice, labels: Sequence[str]) -> str:
    return key.default if key.default is not None and key.default in labels else labels[display_order(labels)[0]]


def show_cell(found: Evaluated, cell: Cell) -> None:
    """The faces of the cell where the data set is at hand, else their mean, else why there is nothing to see."""
    predictions, (true, predicted) = found.predictions, cell
    row, column = predictions.names.index(true), predictions.names.index(predicted)
    count, everyone = len(cell_indices(predictions, row, column)), int((predictions.labels == row).sum())
    share = f"{faces_text(count)}, {scores.unbroken(share_text(count / everyone))}" if count else "None"
    text = f"{share} of the {everyone:,} that people called {true}."
    title, text = reading(*cell).capitalize(), f"{wording.network_name(found.card.name)}: {text}"
    st.subheader(plain(title), anchor=False)
    st.markdown(plain(text))
    announce(f"{title}. {text}", "cell")
    if not count:
        return
    pictures = wording.PICTURES_NEED if predictions.other is None else wording.PICTURES_NOT_KEPT
    seen = cell_faces(found, row, column)
    if seen is not None:
        _show_faces(seen, true, predicted, count)
        return
    mean = predictions.cells.get((row, column))
    if mean is not None:
        st.html(scores.mean_face(mean, f"Mean of the {count} faces that people called {true} and it {predicted}"))
        st.caption(f"Nobody's face: the mean of all {count:,}. {pictures}")
    elif count < FACES_IN_A_MEAN:
        st.caption(f"Too few for a mean face, which needs {FACES_IN_A_MEAN}. {pictures}")
    else:
        st.caption(f"No mean face is stored with these predictions. {pictures}")


def _show_faces(seen: CellFaces, true: str, predicted: str, count: int) -> None:
    captions = [percent(float(share)) for share in seen.answered]
    alts = [
        f"Face in row {row}: {predicted} {percent(float(answered))}, {true} {percent(float(labelled))}"
        for row, answered, labelled in zip(seen.rows, seen.answered, seen.labelled, strict=True)
    ]
    st.html(scores.faces_grid(seen.faces, captions, alts))
    below = f"Below each face: the probability it gave to {predicted}, highest first."
    st.caption(plain(below if count <= MOST_FACES else f"{below} {MOST_FACES} of {count:,} faces are shown."))
