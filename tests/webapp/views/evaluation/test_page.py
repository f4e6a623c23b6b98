"""The page "Evaluation", run without a browser, on made-up checkpoints whose confusions are known."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from fer_models.evaluation.scores import wilson_interval
from fer_models.labels import FER2013, FERPLUS
from fer_models.reproduction.papers.paper_001 import FERPLUS_CONFUSION
from fer_models.text import share_text
from tests.support.evaluation_files import (
    A_MOBILENET,
    CPSCA,
    FACES,
    FIRST_TEST_ROWS,
    LABELS,
    NAMES,
    NEUTRAL,
    NOTE,
    PAGE,
    SADNESS,
    SIMAM,
    answers,
    confusion,
    open_page,
    write_checkpoint,
)
from tests.support.html_tables import Table
from tests.support.pages import cells, charts, checked, has_matrix, html, matrix, pictures, text, values


def test_the_score_is_the_headline_with_all_its_conditions(visit):
    page = visit()
    assert page.radio(key="network").value == "a_mobilenet.ferplus"
    right = int((A_MOBILENET == LABELS).sum())
    low, high = wilson_interval(right, len(LABELS))
    said = text(page)
    assert f"A-MobileNet answers as people did for {share_text(right / len(LABELS))} of {len(LABELS)} faces" in said
    assert f"{share_text(low).removesuffix(' %')} to {share_text(high)}" in said
    for part in ("Macro-F1", "PublicTest", "ferplus-majority", "from scratch, 3 seeds", f"S{NOTE[1:]}."):
        assert part in said
    assert "recognised no face" not in said


def test_scores_are_cut_off(only_checkpoints, tmp_path, no_results):
    found = answers(1)  # 319 of 320 are right: 99.6875 %
    write_checkpoint(tmp_path, "a_mobilenet", found)
    only_checkpoints(tmp_path)
    said = text(open_page(predicted="Sadness"))
    assert "99.6 % of 320 faces" in said and "99.7 %" not in said
    assert "39 faces, 97.5 % of the 40 that people called sadness" in said


def test_checkpoints_are_in_the_papers_order_and_in_the_address(visit):
    page = visit(network="MobileNetV3-CPSCA")
    assert page.radio(key="network").options == [
        "MobileNetV3-SimAM",
        "MobileNetV3-CPSCA",
        "A-MobileNet",
        "EfficientNet-B0-attention",
    ]
    assert "MobileNetV3-CPSCA answers as people did" in text(page)
    page.radio(key="network").set_value("mobilenetv3_simam.ferplus").run()
    assert "MobileNetV3-SimAM answers as people did" in text(checked(page))


def test_the_matrix_has_shares_of_rows_or_counts(visit):
    page = visit()
    shares = confusion(A_MOBILENET) / FACES
    np.testing.assert_allclose(cells(page, "%"), 100 * shares)
    assert (cells(page) == confusion(A_MOBILENET)).all()  # a share says of how many faces it is as well
    assert shown(page)[SADNESS] == ["25", "", "", "75", "", "", "", ""]
    page.segmented_control(key="cells").set_value("counts").run()
    assert (cells(checked(page)) == confusion(A_MOBILENET)).all()
    assert shown(page)[SADNESS] == ["10", "", "", "30", "", "", "", ""]
    assert (cells(visit(cells="Counts", network="MobileNetV3-SimAM")) == confusion(SIMAM)).all()


def test_expressions_stand_in_one_order_whichever_labels_were_learnt(only_checkpoints, tmp_path, no_results):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET, names=FER2013.labels + ("contempt",))
    only_checkpoints(tmp_path)
    page = open_page(true="anger", predicted="neutral")
    order = [true for true, _ in re.findall('data-row="(.*?)" data-column="(.*?)"', matrix(page))][:: len(NAMES)]
    bars = re.findall(r'<th scope="row">(\w+)<small>', html(page))
    assert order == [bar.lower() for bar in bars] == list(FERPLUS.labels)
    # Place 3 of FER2013's own order is happiness: 10 of its faces were read as anger, place 0.
    found = cells(page)
    assert found[NAMES.index("happiness"), NAMES.index("anger")] == 10
    assert found.sum() == len(LABELS) and np.trace(found) == (A_MOBILENET == LABELS).sum()


def shown(page):
    """What stands in the cells, line by line."""
    return [line[1:] for line in Table(matrix(page)).lines[2:]]


def test_two_checkpoints_are_subtracted_and_tested(visit):
    page = visit(compare="MobileNetV3-CPSCA")
    difference = confusion(A_MOBILENET) - confusion(CPSCA)
    np.testing.assert_allclose(cells(page, "points"), 100 * difference / FACES)
    # A-MobileNet errs in 10 + 5 faces, CPSCA in the same and 2 + 1 more.
    said = text(page)
    assert "both got 302 right, only A-MobileNet 3, only MobileNetV3-CPSCA 0, neither 15" in said
    # All three on one side: 2 x 0.5 to the third.
    assert "+0.9 points" in said and "p = 0.250: these faces do not tell the two apart" in said
    counts = visit(compare="MobileNetV3-SimAM", cells="Counts")
    assert (cells(counts) == confusion(A_MOBILENET) - confusion(SIMAM)).all()
    assert "p < 0.001: A-MobileNet is better by more than" in text(counts)


def test_a_checkpoint_is_compared_with_others_that_have_answers(visit):
    assert visit().selectbox(key="compare").options == ["Nothing", "MobileNetV3-SimAM", "MobileNetV3-CPSCA"]


def test_the_papers_matrix_stands_beside_ours_on_one_scale(visit):
    page = visit(network="MobileNetV3-SimAM", compare="The paper's own, 001-T7", cells="Counts")
    np.testing.assert_allclose(cells(page, "%"), 100 * confusion(SIMAM) / FACES)
    printed = cells(page, "%", "paper_matrix")
    papers_order = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
    for row, true in enumerate(papers_order):
        for column, predicted in enumerate(papers_order):
            assert printed[NAMES.index(true), NAMES.index(predicted)] == pytest.approx(
                100 * FERPLUS_CONFUSION[row][column]
            )
    assert page.segmented_control(key="cells").disabled  # papers print shares only
    assert any("random partitions" in caption.value for caption in page.caption)  # the paper's conditions
    page.radio(key="network").set_value("a_mobilenet.ferplus").run()
    assert not has_matrix(checked(page), "paper_matrix")


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
    assert (cells(page) == confusion(A_MOBILENET)).all()


def test_what_a_network_has_seen_is_said_beside_its_score(only_checkpoints, no_results, tmp_path):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET, note=NOTE)
    file = tmp_path / "a_mobilenet.ferplus.json"
    card = json.loads(file.read_text())
    file.write_text(json.dumps(card | {"recipe": {"partition": "random-8:2"}}))
    only_checkpoints(tmp_path)
    assert "Trained on rows drawn from all parts, so it has seen many of these faces" in text(open_page())


def test_a_checkpoint_without_answers_says_which_command_makes_them(visit, only_checkpoints, tmp_path):
    page = visit(network="EfficientNet-B0-attention")
    said = text(page)
    assert "Not scored yet" in said and "ferscope evaluate efficientnet_b0_attention.ferplus" in said
    assert not has_matrix(page) and "cost_macs" in charts(page)  # what does not need its answers stays
    assert "The papers' tables" in said
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET, note=NOTE)
    (tmp_path / "a_mobilenet.ferplus.PublicTest.npz").unlink()
    only_checkpoints(tmp_path)
    page = open_page()
    said = text(page)
    assert "95.3 % of 320 faces" in said and "3 seeds" in said  # the card's score
    assert "ferscope evaluate a_mobilenet.ferplus" in text(page)


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
    assert "a_mobilenet.ferplus.PublicTest.npz" in text(page) and not has_matrix(page)


def test_answers_that_are_stored_anew_show_at_once(only_checkpoints, tmp_path, no_results):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET)
    only_checkpoints(tmp_path)
    page = open_page()
    assert cells(page)[SADNESS, NEUTRAL] == 10
    write_checkpoint(tmp_path, "a_mobilenet", answers(20))
    assert cells(checked(page.run()))[SADNESS, NEUTRAL] == 20


def test_a_second_part_that_was_scored_can_be_chosen(only_checkpoints, tmp_path, no_results):
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET)
    only_checkpoints(tmp_path)
    assert not [control for control in open_page().segmented_control if control.key == "split"]
    public = (tmp_path / "a_mobilenet.ferplus.PublicTest.npz").read_bytes()
    write_checkpoint(tmp_path, "a_mobilenet", answers(25), split="PrivateTest")
    (tmp_path / "a_mobilenet.ferplus.PublicTest.npz").write_bytes(public)
    page = open_page()
    assert page.segmented_control(key="split").value == "PublicTest"
    assert cells(open_page(split="PrivateTest"))[SADNESS, NEUTRAL] == 25


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
    assert re.search(r"calibration error: \*\*0\.\d{3}", text(page))


def test_the_bundled_checkpoints_are_scored():
    """Whether FERSCOPE_DATA is set or not: with it there are pictures, without it a mean face."""
    page = open_page()
    assert re.search(r"\d\d\.\d % of 3,199 faces", text(page))
    assert pictures(page)
    assert cells(page).shape == (8, 8) and cells(page).sum() == 3199


BEFORE_PYTORCH = """
import sys
from streamlit.testing.v1 import AppTest
from tests.support.pages import cells, charts, checked, text
from webapp import warm_up

warm_up.pending = lambda: True
page = checked(AppTest.from_string({page!r}, default_timeout=120).run())
print(text(page))
print(cells(page).sum(), list(charts(page)))
print([name for name in ("torch", "kornia", "scipy", "sklearn", "captum") if name in sys.modules])
"""


def test_the_first_visitor_sees_score_and_matrix_before_pytorch_is_there():
    code = BEFORE_PYTORCH.format(page=PAGE)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    said, drawn, heavy = run.stdout.strip().rsplit("\n", 2)
    assert re.search(r"\d\d\.\d % of 3,199 faces", said) and "Sadness 351 faces" in said
    assert drawn == "3199.0 ['reliability']" and heavy == "[]"
    assert "Networks are being loaded." in said  # where the costs will be
