"""What the page "Evaluation" says of cost and of the papers' tables."""

import json
import re
from html import unescape

import numpy as np
import pytest

from fer_models.checkpoints import read_card
from fer_models.evaluation.scores import wilson_interval
from fer_models.networks import network_cost
from fer_models.text import share_text
from tests.support.evaluation_files import (
    A_MOBILENET,
    CPSCA,
    open_page,
    write_checkpoint,
    write_results,
)
from tests.support.pages import charts, checked, has_matrix, html, text, values
from webapp.views.evaluation import costs, tables


def test_cost_has_every_network_of_the_same_faces_in_series_of_one_start(visit, no_results, tmp_path, only_checkpoints):
    write_results(no_results, "003-T3")
    write_results(no_results, "004-F4", rules=("fer2013",))  # other labels: not on this chart
    write_checkpoint(tmp_path, "a_mobilenet", A_MOBILENET)
    card = tmp_path / "a_mobilenet.ferplus.json"
    write_checkpoint(tmp_path, "mobilenetv3_cpsca", CPSCA)
    begun = json.loads(card.read_text())
    begun["recipe"]["start"] = "imagenet"
    card.write_text(json.dumps(begun))
    only_checkpoints(tmp_path)
    page = open_page()
    # The old runs are behind a switch: without them the axis keeps to the checkpoints.
    assert [trace["name"] for trace in charts(page)["cost_macs"]["data"]] == ["A-MobileNet", "MobileNetV3-CPSCA"]
    assert charts(page)["cost_macs"]["layout"]["yaxis"]["range"][0] > 0.85
    page.toggle(key="runs").set_value(True).run()
    series = {trace["name"]: trace for trace in charts(checked(page))["cost_macs"]["data"]}
    runs = "Short runs for the papers' tables, from scratch"
    assert list(series) == ["A-MobileNet", "MobileNetV3-CPSCA", runs]
    assert len({(trace["marker"]["symbol"], trace["marker"]["color"]) for trace in series.values()}) == 3
    assert values(series[runs]["y"]).tolist() == [0.4, 0.46, 0.52, 0.58]
    names = [data[0] for data in series[runs]["customdata"]]
    assert names == ["MobileNetV1", "MobileNetV2", "MobileNetV3-Small", "A-MobileNet"]
    # Known costs: README's table has them for eight labels.
    parameters = {trace["name"]: trace for trace in charts(page)["cost_parameters"]["data"]}
    assert values(parameters["A-MobileNet"]["x"]) == pytest.approx([3_420_368])
    # Multiply-adds are those of the side that was scored.
    side = read_card("a_mobilenet.ferplus").preprocessing.input_side
    assert values(series["A-MobileNet"]["x"]) == pytest.approx([network_cost("a_mobilenet", 8, side).macs])
    told = series[runs]["customdata"][-1][4]
    assert int(told.replace(",", "")) == network_cost("a_mobilenet", 8, 64).macs
    legend = html(page).partition('class="fs-legend"')[2].partition("</dl>")[0]
    kinds = re.findall(r"<dt>(.*?)</dt>", re.sub("<i.*?</i>", "", legend))
    assert list(map(unescape, kinds)) == ["Checkpoints, from ImageNet weights", "Checkpoints, from scratch", runs]


def test_a_runs_start_is_named_as_a_checkpoints_is(no_results, monkeypatch):
    write_results(no_results, "003-T3")
    shipped = type(tables.SHIPPED)
    read = shipped.results

    def begun_with_faces(*asked):
        found = read(*asked)
        recipes = [each.recipe.model_copy(update={"start": "vggface2"}) for each in found]
        return [each.model_copy(update={"recipe": recipe}) for each, recipe in zip(found, recipes, strict=True)]

    monkeypatch.setattr(shipped, "results", begun_with_faces)
    points = costs.run_points("PublicTest", "ferplus-majority")
    assert {point.series for point in points} == {"Short runs for the papers' tables, from VGGFace2 weights"}


def test_runs_far_below_the_others_are_named_below_the_charts():
    page = checked(open_page().toggle(key="runs").set_value(True).run())
    chart = charts(page)["cost_macs"]
    drawn = [share for trace in chart["data"] for share in values(trace["y"])]
    found = re.search(r"below the charts: (.*?)\.(?= |$)", text(page))[1]
    below = [float(share) / 100 for share in re.findall(r"([\d.]+) %", found)]
    assert below and max(below) < chart["layout"]["yaxis"]["range"][0] < min(drawn)


def test_a_papers_table_is_chosen_by_its_id(visit):
    page = visit(table="002-t6")
    assert page.selectbox(key="table").value == "002-T6"
    assert "Table 6: five losses" in text(page) and "softmax + centre 87.5 %" in text(page)
    said = text(page)
    assert "“ferscope reproduce 002-T6” runs it." in said and "it is given to research groups" in said
    page.selectbox(key="table").set_value("001-T7").run()
    assert page.query_params["table"] in ("001-T7", ["001-T7"]) and "Table 7: confusion matrix" in text(checked(page))
    page.selectbox(key="table").set_value("003-T3").run()
    assert "table" not in page.query_params
    assert visit(table="nonsense").selectbox(key="table").value == "003-T3"


def opened_training(page):
    page.session_state["training_fold"] = True
    return checked(page.run())


def test_our_numbers_stand_beside_the_papers(visit, no_results):
    write_results(no_results, "003-T3")
    page = visit(table="003-T3")
    low, high = (share_text(end).removesuffix(" %") for end in wilson_interval(160, 400))
    assert f"MobileNetV1 85.40 % 40.0 % {low} to {high} 3.2 M 3.22 M" in text(page)
    assert "VGG13 (MV) 83.86 % quoted, not run" in text(page)
    assert "training" not in charts(page)  # drawn when somebody opens it
    page = opened_training(page)
    curves = charts(page)["training"]["data"]
    assert [curve["name"] for curve in curves] == ["MobileNetV1", "MobileNetV2", "MobileNetV3-small", "A-MobileNet"]
    assert len({(curve["line"]["color"], curve["line"]["dash"]) for curve in curves}) == 4
    np.testing.assert_allclose(values(curves[0]["y"]), 0.4 * np.arange(1, 9) / 8)
    sizes = values(curves[0]["marker"]["size"])
    assert sizes.argmax() == 6  # the epoch before the last was kept
    assert "a held-out tenth of the training rows" in text(page)


def test_what_is_not_readable_says_so_beside_ours(visit, no_results):
    assert "not readable" in text(visit(table="002-F6"))
    page = visit(table="003-F9")
    assert "Figure 9 (a), MobileNetV1, FERPlus: not readable; ours: not run." in text(page)
    write_results(no_results, "003-F9")
    said = text(visit(table="003-F9"))
    assert "Figure 9 (a), MobileNetV1, FERPlus Paper: not readable." in said and "Ours, short form, 400 faces" in said
    assert "Figure 9 (e), MobileNetV1, RAF-DB: not readable; ours: needs RAF-DB." in said


def test_the_papers_confusion_matrix_is_drawn_without_a_run(visit):
    said = text(visit(table="001-T7"))
    assert "Anger 9 4 1 3 83" in said and "Ours: not run." in said  # in the order of every page, not the paper's


def test_a_full_form_is_chosen_where_there_is_one(visit, no_results):
    assert not [control for control in visit(table="001-T7").segmented_control if control.key == "form"]
    write_results(no_results, "001-T7", "short")
    write_results(no_results, "001-T7", "full")
    page = visit(table="001-T7", form="full")
    assert page.segmented_control(key="form").value == "full"
    assert "100 epochs at 224 px" in text(page) and "8 epochs at 64 px" not in text(page)  # forms are never mixed
    assert [curve["name"] for curve in charts(opened_training(page))["training"]["data"]] == [
        f"mobilenetv3_simam{seed}" for seed in (", seed 0", ", seed 1", ", seed 2")
    ]


def test_a_damaged_result_is_one_sentence(visit, no_results):
    write_results(no_results, "001-T7")
    (file,) = no_results.iterdir()
    file.write_text(file.read_text()[:200])
    page = visit(table="001-T7")
    assert "A stored result cannot be read" in text(page) and file.name in text(page)
    assert has_matrix(page)  # the rest of the page stays
