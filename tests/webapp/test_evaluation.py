"""The page "Evaluation", run without a browser, on made-up checkpoints whose confusions are known."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from fer_models.card import share_text
from fer_models.checkpoints import read_card
from fer_models.cli import app
from fer_models.evaluation import load_predictions
from fer_models.evaluation.scores import wilson_interval
from fer_models.reproduction import Found
from fer_models.reproduction.paper_001 import FERPLUS_CONFUSION
from fer_models.training.command import run_training
from fer_models.training.machine import Machine
from fer_models.training.recipe import Recipe, Stage
from tests.fer2013_files import write_files
from tests.made_up_data import write_class_folders
from tests.webapp.evaluation_files import (
    FACES,
    FEAR,
    LABELS,
    NAMES,
    NEUTRAL,
    SADNESS,
    SURPRISE,
    answers,
    confusion,
    write_checkpoint,
    write_results,
)
from tests.webapp.pages import cells, charts, checked, html, opened, pictures, text, values
from webapp import evaluation_tables
from webapp.evaluation_data import MOST_FACES

PAGE = "from webapp.views import evaluation\nevaluation.page()"
SIMAM, CPSCA, A_MOBILENET = answers(35), answers(12, 6), answers(10, 5)
TRAINING_ROWS = 48
NOTE = "single view; the epoch was chosen on this part"
FIRST_TEST_ROWS = TRAINING_ROWS + np.arange(len(LABELS))
EVERY_LABEL = (0, 1) * (TRAINING_ROWS // 2) + tuple(LABELS)


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with three checkpoints that have answers, and one that has none."""
    folder = tmp_path_factory.mktemp("scored")
    write_checkpoint(folder, "mobilenetv3_simam", SIMAM, rows=FIRST_TEST_ROWS)
    write_checkpoint(folder, "mobilenetv3_cpsca", CPSCA, rows=FIRST_TEST_ROWS)
    write_checkpoint(folder, "a_mobilenet", A_MOBILENET, rows=FIRST_TEST_ROWS, note=NOTE)
    write_checkpoint(folder, "efficientnet_b0_attention", None)
    return folder


@pytest.fixture
def visit(scored, only_checkpoints, no_results, monkeypatch):
    """Call it with the choices of a link: a visitor's page, run once, where no data set is at hand."""
    only_checkpoints(scored)
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    return open_page


@pytest.fixture
def no_results(tmp_path, monkeypatch) -> Path:
    """No run of a table is stored but what a test writes to this folder."""
    folder = tmp_path / "results"
    monkeypatch.setattr(evaluation_tables, "SHIPPED", Found(stored=folder))
    return folder


def open_page(**choices: str) -> AppTest:
    return opened(AppTest.from_string(PAGE, default_timeout=120), choices)


def test_the_score_is_the_headline_with_all_its_conditions(visit):
    page = visit()
    assert page.pills(key="checkpoint").value == "a_mobilenet.ferplus"
    right = int((A_MOBILENET == LABELS).sum())
    low, high = wilson_interval(right, len(LABELS))
    said = text(page)
    assert f"A-MobileNet answers as people did for {share_text(right / len(LABELS))} of {len(LABELS)} faces" in said
    assert f"{share_text(low).removesuffix(' %')} to {share_text(high)}" in said
    for part in ("Macro-F1", "PublicTest", "ferplus-majority", "from scratch, 3 seeds", f"S{NOTE[1:]}."):
        assert part in said
    assert "recognised none" not in said


def test_scores_are_cut_off(only_checkpoints, tmp_path, no_results):
    found = answers(1)  # 319 of 320 are right: 99.6875 %
    write_checkpoint(tmp_path, "a_mobilenet", found)
    only_checkpoints(tmp_path)
    said = text(open_page(predicted="Sadness"))
    assert "99.6 % of 320 faces" in said and "99.7 %" not in said
    assert "39 faces, 97.5 % of those that people called sadness" in said


def test_checkpoints_are_in_the_papers_order_and_in_the_address(visit):
    page = visit(checkpoint="MobileNetV3-CPSCA")
    assert page.pills(key="checkpoint").options == [
        "MobileNetV3-SimAM",
        "MobileNetV3-CPSCA",
        "A-MobileNet",
        "EfficientNet-B0-attention",
    ]
    assert "MobileNetV3-CPSCA answers as people did" in text(page)
    page.pills(key="checkpoint").set_value("mobilenetv3_simam.ferplus").run()
    assert "MobileNetV3-SimAM answers as people did" in text(checked(page))


def test_the_matrix_has_shares_of_rows_or_counts(visit):
    page = visit()
    np.testing.assert_allclose(cells(page), confusion(A_MOBILENET) / FACES)
    page.segmented_control(key="cells").set_value("Counts").run()
    assert (cells(checked(page)) == confusion(A_MOBILENET)).all()
    assert (cells(visit(cells="Counts", checkpoint="MobileNetV3-SimAM")) == confusion(SIMAM)).all()
    assert "Sadness 10 faces 0 faces 0 faces 30 faces" in text(page)  # the table beside the chart


def test_two_checkpoints_are_subtracted_and_tested(visit):
    page = visit(compare="MobileNetV3-CPSCA")
    difference = confusion(A_MOBILENET) - confusion(CPSCA)
    np.testing.assert_allclose(cells(page), 100 * difference / FACES, atol=1e-12)
    # A-MobileNet errs in 10 + 5 faces, CPSCA in the same and 2 + 1 more.
    said = text(page)
    assert "both got 302 right, only A-MobileNet 3, only MobileNetV3-CPSCA 0, neither 15" in said
    # All three on one side: 2 x 0.5 to the third.
    assert "+0.9 points" in said and "p = 0.250: these faces do not tell the two apart" in said
    counts = visit(compare="MobileNetV3-SimAM", cells="Counts")
    assert (cells(counts) == confusion(A_MOBILENET) - confusion(SIMAM)).all()
    assert "p < 0.001: A-MobileNet is better on faces such as these" in text(counts)
    chart = charts(counts)["matrix"]["data"][0]
    assert chart["zmin"] == -chart["zmax"]


def test_a_checkpoint_is_compared_with_others_that_have_answers(visit):
    assert visit().selectbox(key="compare").options == ["Nothing", "MobileNetV3-SimAM", "MobileNetV3-CPSCA"]


def test_the_papers_matrix_stands_beside_ours_on_one_scale(visit):
    page = visit(checkpoint="MobileNetV3-SimAM", compare="The paper's own, 001-T7", cells="Counts")
    np.testing.assert_allclose(cells(page), confusion(SIMAM) / FACES)
    printed = cells(page, "paper_matrix")
    papers_order = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
    for row, true in enumerate(papers_order):
        for column, predicted in enumerate(papers_order):
            assert printed[NAMES.index(true), NAMES.index(predicted)] == FERPLUS_CONFUSION[row][column]
    both = [charts(page)[key]["data"][0] for key in ("matrix", "paper_matrix")]
    assert [(chart["zmin"], chart["zmax"]) for chart in both] == [(0, 1)] * 2
    assert page.segmented_control(key="cells").disabled  # papers print shares only
    assert any("random splits" in caption.value for caption in page.caption)  # the paper's conditions
    page.pills(key="checkpoint").set_value("a_mobilenet.ferplus").run()
    assert "paper_matrix" not in charts(checked(page))


def test_other_faces_cannot_be_compared(only_checkpoints, tmp_path, no_results):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET)
    write_checkpoint(tmp_path, "mobilenetv3_cpsca", CPSCA, rows=FIRST_TEST_ROWS)
    only_checkpoints(tmp_path)
    page = open_page(compare="MobileNetV3-CPSCA")
    assert "These two cannot be compared" in text(page) and "not the same faces" in text(page)
    damaged = tmp_path / "mobilenetv3_cpsca.ferplus.PublicTest.npz"
    damaged.write_bytes(b"no archive")
    page = open_page(compare="MobileNetV3-CPSCA")
    assert "These two cannot be compared" in text(page) and damaged.name in text(page)
    np.testing.assert_allclose(cells(page), confusion(A_MOBILENET) / FACES)


def test_a_cell_is_chosen_by_name_and_outlined(visit):
    page = visit()
    assert (page.selectbox(key="true").value, page.selectbox(key="predicted").value) == ("sadness", "neutral")
    page.selectbox(key="true").set_value("fear").run()
    page.selectbox(key="predicted").set_value("surprise").run()
    assert f"Fear, read as surprise 5 faces, {share_text(5 / FACES)} of those that people called fear." in text(page)
    frame = charts(page)["matrix"]["layout"]["shapes"][0]
    assert frame["x0"] < SURPRISE < frame["x1"] and frame["y0"] < FEAR < frame["y1"]
    assert "Happiness, recognised 40 faces" in text(visit(true="Happiness", predicted="Happiness"))
    assert "Sadness, read as neutral" in text(visit(true="Joy", predicted="42"))


def test_every_cell_of_the_matrix_carries_its_labels(visit):
    page = visit()
    markers = charts(page)["matrix"]["data"][1]
    found = [tuple(data[:4]) for data in markers["customdata"]]
    assert found == [
        (row, column, true.capitalize(), predicted.capitalize())
        for row, true in enumerate(NAMES)
        for column, predicted in enumerate(NAMES)
    ]
    assert [(y, x) for y, x in zip(values(markers["y"]), values(markers["x"]), strict=True)] == [
        cell[:2] for cell in found
    ]


def test_a_cell_of_thirty_faces_has_its_mean_face(visit):
    page = visit(checkpoint="MobileNetV3-SimAM")
    (mean,) = pictures(page)
    assert mean.shape == (48, 48) and (mean == 10 * SADNESS + NEUTRAL).all()
    assert "Nobody's face: the mean of all 35." in page.caption[1].value and "FERSCOPE_DATA" in page.caption[1].value


def test_a_smaller_cell_says_why_it_has_none(visit):
    page = visit()
    assert not pictures(page) and "Too few for a mean face, which needs 30." in page.caption[1].value
    page = visit(true="Anger", predicted="Contempt")
    assert "No face, 0.0 % of those that people called anger." in text(page) and len(page.caption) == 1


def test_the_pictures_behind_a_cell_are_read_by_row_number(visit, tmp_path, monkeypatch):
    folder = write_files(tmp_path / "data", training=TRAINING_ROWS, test=len(LABELS), labels=EVERY_LABEL)
    monkeypatch.setenv("FERSCOPE_DATA", str(folder))
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    page = open_page()
    assert "Below each face: the probability it gave to neutral" in page.caption[1].value
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
    page.pills(key="checkpoint").set_value("mobilenetv3_simam.ferplus").run()
    assert len(pictures(checked(page))) == MOST_FACES
    assert "24 of 35 faces are shown." in page.caption[1].value


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
    page = open_page(checkpoint="mobilenetv3_small.own", true=names[0], predicted=names[1])
    assert len(pictures(page)) == expected and pictures(page)[0].shape == (112, 112)
    assert "If this is the folder it was trained on: trained on nine tenths of these faces" in text(page)
    (run / "mobilenetv3_small.own.all.npz").unlink()
    said = text(open_page())
    assert "a held-out tenth of the training rows" in said and "--split tenth --store" in said


def test_what_a_network_has_seen_is_said_beside_its_score(only_checkpoints, no_results, tmp_path):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET, note=NOTE)
    file = tmp_path / "a_mobilenet.ferplus.json"
    card = json.loads(file.read_text())
    file.write_text(json.dumps(card | {"recipe": {"split": "random-8:2"}}))
    only_checkpoints(tmp_path)
    assert "Trained on rows drawn from all parts, so it has seen many of these faces" in text(open_page())


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
    page = open_page(checkpoint="MobileNetV3-SimAM")
    assert "Nobody's face: the mean of all 35." in page.caption[1].value
    assert str(tmp_path) not in text(page)  # a folder of the server's is nothing for visitors


def test_a_checkpoint_without_answers_says_which_command_makes_them(visit, only_checkpoints, tmp_path):
    page = visit(checkpoint="EfficientNet-B0-attention")
    said = text(page)
    assert "Not scored yet" in said and "ferscope evaluate efficientnet_b0_attention.ferplus" in said
    assert "matrix" not in charts(page) and "cost_macs" in charts(page)  # what does not need its answers stays
    assert "The papers' tables" in said
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET, note=NOTE)
    (tmp_path / "a_mobilenet.ferplus.PublicTest.npz").unlink()
    only_checkpoints(tmp_path)
    said = text(open_page())
    assert "95.3 % of 320 faces" in said and "3 seeds" in said  # the card's score
    assert "ferscope evaluate a_mobilenet.ferplus" in said


def test_no_checkpoint_at_all(only_checkpoints, tmp_path):
    only_checkpoints(tmp_path)
    page = open_page()
    assert "No network yet" in text(page) and not page.pills


def test_damaged_answers_are_one_sentence(only_checkpoints, tmp_path, no_results):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET)
    file = tmp_path / "a_mobilenet.ferplus.PublicTest.npz"
    file.write_bytes(file.read_bytes()[:500])
    only_checkpoints(tmp_path)
    page = open_page()
    assert "a_mobilenet.ferplus.PublicTest.npz" in text(page) and "matrix" not in charts(page)


def test_answers_that_are_stored_anew_show_at_once(only_checkpoints, tmp_path, no_results):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET)
    only_checkpoints(tmp_path)
    page = open_page()
    assert (cells(page)[SADNESS, NEUTRAL]) == 10 / FACES
    write_checkpoint(tmp_path, "a_mobilenet", answers(20))
    assert cells(checked(page.run()))[SADNESS, NEUTRAL] == 20 / FACES


def test_a_second_part_that_was_scored_can_be_chosen(only_checkpoints, tmp_path, no_results):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET)
    only_checkpoints(tmp_path)
    assert not [control for control in open_page().segmented_control if control.key == "split"]
    public = (tmp_path / "a_mobilenet.ferplus.PublicTest.npz").read_bytes()
    write_checkpoint(tmp_path, "a_mobilenet", answers(25), split="PrivateTest")
    (tmp_path / "a_mobilenet.ferplus.PublicTest.npz").write_bytes(public)
    page = open_page()
    assert page.segmented_control(key="split").value == "PublicTest"
    assert cells(open_page(split="PrivateTest"))[SADNESS, NEUTRAL] == 25 / FACES


def test_every_expression_has_its_scores(visit):
    said = text(visit())
    # 10 of 40 sad faces are read as neutral: recall 30/40 and precision 1, for neutral 40/40 and 40/50.
    assert re.search(r"Sadness 40 faces 75\.0 % \d\d\.\d to \d\d\.\d % 100\.0 % 85\.7 %", said)
    assert re.search(r"Neutral 40 faces 100\.0 % \d\d\.\d to 100\.0 % 80\.0 % 88\.8 %", said)


def test_the_reliability_curve_counts_every_face(visit):
    page = visit()
    diagonal, curve, bars = charts(page)["reliability"]["data"]
    assert values(bars["y"]).sum() == len(LABELS)
    assert diagonal["x"] == diagonal["y"]
    # The most certain bin: faces 0 to 44 or so, of which all are right.
    assert values(curve["y"])[-1] == 1.0 and values(curve["x"])[-1] > 0.93
    assert re.search(r"0\.\d{3} expected calibration error", text(page))


def test_cost_has_every_network_of_the_same_faces_in_series_of_one_start(visit, no_results, tmp_path, only_checkpoints):
    write_results(no_results, "003-T3")
    write_results(no_results, "004-F4", rules=("fer2013",))  # other labels: not on this chart
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET)
    card = tmp_path / "a_mobilenet.ferplus.json"
    write_checkpoint(tmp_path, "mobilenetv3_cpsca", CPSCA)
    card.write_text(card.read_text().replace("from scratch", "from ImageNet weights published with timm"))
    only_checkpoints(tmp_path)
    assert "ImageNet" in read_card("a_mobilenet.ferplus").initialisation
    page = open_page()
    series = {trace["name"]: trace for trace in charts(page)["cost_macs"]["data"]}
    assert list(series) == [
        "Checkpoint, from ImageNet weights",
        "Checkpoint, from scratch",
        "Short form of a table, from scratch",
    ]
    assert len({trace["marker"]["symbol"] for trace in series.values()}) == 3
    assert values(series["Short form of a table, from scratch"]["y"]).tolist() == [0.4, 0.46, 0.52, 0.58]
    names = [data[0] for data in series["Short form of a table, from scratch"]["customdata"]]
    assert names == ["mobilenetv1", "mobilenetv2", "mobilenetv3_small", "a_mobilenet"]
    # Known costs: README's table has them for eight labels.
    (checkpoint,) = series["Checkpoint, from ImageNet weights"]["customdata"]
    assert checkpoint[0] == "A-MobileNet"
    parameters = {trace["name"]: trace for trace in charts(page)["cost_parameters"]["data"]}
    assert values(parameters["Checkpoint, from ImageNet weights"]["x"]).tolist() == [3_420_368]
    assert "short form" in text(page).lower()


def test_a_papers_table_is_chosen_by_its_id(visit):
    page = visit(table="002-t6")
    assert page.selectbox(key="paper_table").value == "002-T6"
    said = text(page)
    assert "Table 6: five losses" in said and "softmax + centre 87.5 %" in said
    assert "“ferscope reproduce 002-T6” runs it." in said and "it is given to research groups" in said
    page.selectbox(key="paper_table").set_value("001-T7").run()
    assert page.query_params["table"] in ("001-T7", ["001-T7"]) and "Table 7: confusion matrix" in text(checked(page))
    page.selectbox(key="paper_table").set_value("003-T3").run()
    assert "table" not in page.query_params
    assert visit(table="nonsense").selectbox(key="paper_table").value == "003-T3"


def test_our_numbers_stand_beside_the_papers(visit, no_results):
    write_results(no_results, "003-T3")
    page = visit(table="003-T3")
    low, high = (share_text(end).removesuffix(" %") for end in wilson_interval(160, 400))
    assert f"MobileNetV1 85.40 % 40.0 % {low} to {high} 3.2 M 3.22 M" in text(page)
    assert "VGG13 (MV) 83.86 % quoted, not run" in text(page)
    curves = charts(page)["training"]["data"]
    assert [curve["name"] for curve in curves] == ["MobileNetV1", "MobileNetV2", "MobileNetV3-small", "A-MobileNet"]
    assert len({(curve["line"]["color"], curve["line"]["dash"]) for curve in curves}) == 4
    np.testing.assert_allclose(values(curves[0]["y"]), 0.4 * np.arange(1, 9) / 8)
    sizes = values(curves[0]["marker"]["size"])
    assert sizes.argmax() == 6  # the epoch before the last was kept
    assert "a held-out tenth of the training rows" in " ".join(caption.value for caption in page.caption)


def test_what_is_not_readable_says_so_beside_ours(visit, no_results):
    assert "not readable" in text(visit(table="002-F6"))
    page = visit(table="003-F9")
    assert "Figure 9 (a), MobileNetV1, FERPlus: not readable; ours: not run." in text(page)
    write_results(no_results, "003-F9")
    said = text(visit(table="003-F9"))
    assert "Figure 9 (a), MobileNetV1, FERPlus Paper: not readable." in said and "Ours, 400 faces" in said
    assert "Figure 9 (e), MobileNetV1, RAF-DB: not readable; ours: needs RAF-DB." in said


def test_the_papers_confusion_matrix_is_drawn_without_a_run(visit):
    said = text(visit(table="001-T7"))
    assert "Anger 83 4 9 3 1" in said and "Ours: not run." in said


def test_a_full_form_is_chosen_where_there_is_one(visit, no_results):
    assert not [control for control in visit(table="001-T7").segmented_control if control.key == "form"]
    write_results(no_results, "001-T7", "short")
    write_results(no_results, "001-T7", "full")
    page = visit(table="001-T7", form="Full")
    assert page.segmented_control(key="form").value == "full"
    assert "100 epochs at 224 px" in text(page) and "8 epochs" not in text(page)  # forms are never mixed
    assert [curve["name"] for curve in charts(page)["training"]["data"]] == [
        f"mobilenetv3_simam{seed}" for seed in (", seed 0", ", seed 1", ", seed 2")
    ]


def test_a_damaged_result_is_one_sentence(visit, no_results):
    write_results(no_results, "001-T7")
    (file,) = no_results.iterdir()
    file.write_text(file.read_text()[:200])
    page = visit(table="001-T7")
    assert "A stored result cannot be read" in text(page) and file.name in text(page)
    assert "matrix" in charts(page)  # the rest of the page stays


def test_the_bundled_checkpoints_are_scored():
    """Whether FERSCOPE_DATA is set or not: with it there are pictures, without it a mean face."""
    page = open_page()
    assert re.search(r"\d\d\.\d % of 3,199 faces", text(page))
    assert pictures(page)
    chart = charts(page)["matrix"]["data"][0]
    assert values(chart["z"]).shape == (8, 8)
