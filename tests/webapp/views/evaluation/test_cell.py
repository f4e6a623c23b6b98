"""The cells of the page "Evaluation": chosen by name, with the mean face or the pictures behind them."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from fer_models.cli import app
from fer_models.evaluation import load_predictions
from fer_models.text import share_text
from fer_models.training.machine import Machine
from fer_models.training.recipe import Recipe, Stage
from fer_models.training.run import run_training
from tests.support.evaluation_files import (
    FACES,
    LABELS,
    NEUTRAL,
    SADNESS,
    TRAINING_ROWS,
    open_page,
)
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import write_class_folders
from tests.support.pages import checked, html, matrix, pictures, text
from webapp.views.evaluation.faces import MOST_FACES

EVERY_LABEL = (0, 1) * (TRAINING_ROWS // 2) + tuple(LABELS)


def test_the_chosen_cell_is_pressed_and_told_of(visit):
    page = visit()
    assert pressed(page) == ("sadness", "neutral") and "Sadness read as neutral" in text(page)
    page = visit(true="Fear", predicted="surprise")
    assert pressed(page) == ("fear", "surprise")
    assert page.subheader[0].value == "Fear read as surprise"
    assert f"A-MobileNet: 5 faces, {share_text(5 / FACES)} of the 40" in text(page)
    page = visit(true="happiness", predicted="happiness")
    assert page.subheader[0].value == "Happiness recognised"
    assert "A-MobileNet: 40 faces" in text(page)
    assert pressed(visit(true="Joy", predicted="42")) == ("sadness", "neutral")


def test_only_labels_of_the_matrix_can_be_chosen_in_it():
    page = AppTest.from_string(
        """
        import streamlit as st
        from webapp import state
        from webapp.views.evaluation.cell import chosen_cell, take_cell

        labels = ("anger", "neutral", "sadness")
        with state.kept("Evaluation"):
            take_cell(labels, "anger", "sadness")
            take_cell(labels, "<b>", "anger")
            st.text(chosen_cell(labels))
        """
    ).run()
    assert page.text[0].value == "('anger', 'sadness')"


def test_what_a_link_could_not_give_is_told_until_a_cell_is_chosen():
    page = AppTest.from_string(
        """
        import streamlit as st
        from webapp import state
        from webapp.views.evaluation.cell import chosen_cell, take_cell

        labels = ("anger", "neutral", "sadness")
        with state.kept("Evaluation"):
            st.text(chosen_cell(labels))
            st.button("as in the matrix", on_click=take_cell, args=(labels, "anger", "neutral"))
        """
    )
    page.query_params["true"] = "joy"
    page.run()
    assert "joy" in page.warning[0].value
    page.button[0].click().run()
    assert not page.warning and page.text[0].value == "('anger', 'neutral')"


def pressed(page) -> tuple[str, str]:
    (found,) = re.findall(r'aria-pressed="true"[^>]* data-row="(.*?)" data-column="(.*?)"', matrix(page))
    return found


def test_a_cell_of_thirty_faces_has_its_mean_face(visit):
    page = visit(network="MobileNetV3-SimAM")
    (mean,) = pictures(page)
    assert mean.shape == (48, 48) and (mean == 10 * SADNESS + NEUTRAL).all()
    assert "Nobody's face: the mean of all 35." in text(page) and "FERSCOPE_DATA" in text(page)


def test_a_smaller_cell_says_why_it_has_none(visit):
    page = visit()
    assert not pictures(page) and "Too few for a mean face, which needs 30." in text(page)
    page = visit(true="Anger", predicted="Contempt")
    assert "None of the 40 that people called anger." in text(page) and "mean face" not in text(page)


def test_the_pictures_behind_a_cell_are_read_by_row_number(visit, tmp_path, monkeypatch):
    folder = write_files(tmp_path / "data", training=TRAINING_ROWS, test=len(LABELS), labels=EVERY_LABEL)
    monkeypatch.setenv("FERSCOPE_DATA", str(folder))
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    page = open_page()
    assert "Below each face: the probability it gave to neutral" in text(page)
    lines = (folder / "fer2013.csv").read_text().splitlines()[1:]
    # Made-up answers are less certain from face to face, so the cell's faces come in the order of their rows.
    expected = [TRAINING_ROWS + index for index in np.flatnonzero(LABELS == SADNESS)[:10]]
    shown = pictures(page)
    assert len(shown) == len(expected)
    for picture, row in zip(shown, expected, strict=True):
        assert picture.ravel().tolist() == [int(value) for value in lines[row].split(",")[1].split()]
    assert f"Face in row {expected[0]}: neutral" in html(page)
    # Face 120 of 320, where the probability of the answer falls from 0.95 to 0.60.
    assert re.search(r"<figcaption>(\d+)", html(page))[1] == f"{100 * (0.95 - 0.35 * 120 / 319):.0f}"
    page.radio(key="network").set_value("mobilenetv3_simam.ferplus").run()
    assert len(pictures(checked(page))) == MOST_FACES
    assert "24 of 35 faces are shown." in text(page)


def test_the_pictures_behind_a_cell_come_from_any_data_set(only_checkpoints, no_results, tmp_path, monkeypatch):
    """A network trained on somebody's own pictures, in class folders, by the command that people use."""
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    data, run = write_class_folders(tmp_path / "data", ("angry", "happy"), count=12), tmp_path / "run"
    recipe = Recipe(network="mobilenetv3_small", label_rule="folder", stages=(Stage(side=48, epochs=1),), batch_size=8)
    weights = run_training(recipe, str(data), run, Machine("cpu"))
    assert CliRunner().invoke(app, ["evaluate", str(weights), "--data", str(data), "--store"]).exit_code == 0
    only_checkpoints(run)
    monkeypatch.setenv("FERSCOPE_DATA", str(data))
    stored = load_predictions(weights, "all")
    true, predicted = stored.labels[0], stored.probabilities.argmax(1)[0]
    expected = int(((stored.labels == true) & (stored.probabilities.argmax(1) == predicted)).sum())
    names = [stored.names[index].capitalize() for index in (true, predicted)]
    page = open_page(network="mobilenetv3_small.own", true=names[0], predicted=names[1])
    assert len(pictures(page)) == expected and pictures(page)[0].shape == (112, 112)
    assert "If this is the folder it was trained on: trained on nine tenths of these faces" in text(page)
    (run / "mobilenetv3_small.own.all.npz").unlink()
    said = text(open_page())
    assert "a held-out tenth of the training rows" in said and "--split tenth --store" in said


@pytest.mark.parametrize("problem", ["no such folder", "other rows", "cut short"])
def test_a_data_set_that_does_not_fit_shows_no_pictures(visit, tmp_path, monkeypatch, problem):
    folder = tmp_path / "data"
    if problem == "other rows":  # what the answers call PublicTest is Training here
        write_files(folder, training=TRAINING_ROWS + len(LABELS), test=4, labels=EVERY_LABEL)
    if problem == "cut short":
        file = write_files(folder, training=TRAINING_ROWS, test=len(LABELS), labels=EVERY_LABEL) / "fer2013.csv"
        file.write_text(file.read_text()[:-9000])
    monkeypatch.setenv("FERSCOPE_DATA", str(folder))
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    page = open_page(network="MobileNetV3-SimAM")
    assert "Nobody's face: the mean of all 35." in text(page)
    assert str(tmp_path) not in text(page)  # a folder of the server's is nothing for visitors
