"""The page "Trust", run without a browser."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import fer_models as fer
from fer_models.checkpoints import weights_key
from fer_models.evaluation.faithfulness import KIND, MapName, MapScore, MapScores
from fer_models.evaluation.stored import save_measured
from tests.conftest import make_checkpoint
from tests.support.pages import charts, html, opened, text
from webapp.components.face import ChosenFace
from webapp.components.gallery import read_gallery
from webapp.components.samples import sample_crop
from webapp.figures.trust import VERDICTS
from webapp.views.trust.one_face import Shown
from webapp.views.trust.sheet import make_sheet

HAPPY = next(sample for sample in read_gallery()["happiness"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One network, quick to look at, of which it was measured that LayerCAM at block 3 is best."""
    folder = tmp_path_factory.mktemp("trusted")
    weights = make_checkpoint("mobilenetv3_cpsca", folder, "mobilenetv3_cpsca.ferplus")
    last = fer.load_classifier(weights).layers[-1].name
    rows = [
        score("layer-cam", "features.3", 0.31, (0.02, 0.01, 0.03), faces=100),  # fewer than the others
        score("grad-cam", last, 0.13, (-0.16, -0.19, -0.13)),
        score("occlusion", None, 0.42, (0.13, 0.08, 0.18)),
        score("face prior", None, 0.29, None),
    ]
    made = MapScores(
        checkpoint="mobilenetv3_cpsca.ferplus",
        weights=weights_key(weights),
        command="ferscope faithfulness mobilenetv3_cpsca.ferplus --faces 500",
        split="PublicTest",
        faces=500,
        seed=0,
        grid=4,
        steps=4,
        fills=("blur", "mean"),
        scores=tuple(rows),
    )
    save_measured(made, weights, KIND)
    return folder


def score(
    name: str, layer: str | None, gain: float, ahead: tuple[float, float, float] | None, faces: int = 500
) -> MapScore:
    return MapScore(
        name=name,
        layer=layer,
        side=8,
        control=ahead is None,
        faces=faces,
        gain=gain,
        interval=(gain - 0.03, gain + 0.03),
        ahead={"face prior": ahead} if ahead else {},
    )


@pytest.fixture
def visit(folder, only_checkpoints):
    """Call it with the choices of a link: a visitor's page, run once."""
    only_checkpoints(folder)

    def open_page(**choices: str) -> AppTest:
        return opened(AppTest.from_function(draw, default_timeout=60), choices)

    return open_page


def draw() -> None:
    from webapp import state
    from webapp.views.trust.page import page

    with state.kept("Trust"):
        page()


def lines(page: AppTest, number: int) -> dict[str, list[str]]:
    """Cells of the page's tables of gains by the name in front."""
    table = re.findall(r'<table class="fs-gains">.*?</table>', html(page), re.DOTALL)[number]
    found = {}
    for name, rest in re.findall(r'<th scope="row">([^<]*)<small>.*?</th>(.*?)</tr>', table):
        found[name] = [re.sub(r"<small>.*?</small>|<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", rest)]
    return found


def test_the_verdict_is_the_librarys(visit):
    page = visit(method="grad-cam", layer="last")
    classifier, crop = fer.load_classifier("mobilenetv3_cpsca.ferplus"), sample_crop(HAPPY)
    rows = fer.faithfulness(classifier, crop, {"map": fer.attribute(classifier, crop, "grad-cam").values}, steps=8)
    own, prior = rows[0], next(row for row in rows if row.name == "face prior")
    heading = re.sub(r"<[^>]+>", "", re.search(r'<div class="fs-answer.*?<h2>(.*?)</h2>', html(page))[1])
    assert heading.startswith(own.verdict.capitalize())
    assert f"{abs(own.ahead['face prior'][0]):.2f}" in heading
    found = lines(page, 0)
    assert float(found["Grad-CAM (last map)"][1].replace("−", "-")) == pytest.approx(own.gain, abs=0.0051)
    assert float(found["Face-shaped guess"][1].replace("−", "-")) == pytest.approx(prior.gain, abs=0.0051)
    assert {"Chance", "Edges"} < found.keys()


def test_what_measured_best_is_shown_at_first_and_the_usual_picture_beside_it(visit):
    page = visit()
    assert page.selectbox(key="method").value == "layer-cam"
    assert page.selectbox(key="layer").value == "features.3"
    assert not dict(page.query_params)
    assert {"LayerCAM (block 3)", "Grad-CAM"} < lines(page, 0).keys()
    over_faces = lines(page, 1)
    assert list(over_faces) == ["Covering each place", "LayerCAM (block 3)", "Face-shaped guess", "Grad-CAM (last map)"]
    assert over_faces["LayerCAM (block 3)"][2] == "Yes" and over_faces["Grad-CAM (last map)"][2] == "No"
    assert "Over 100 faces the truest map is LayerCAM" in text(page) and "ferscope faithfulness" in text(page)


def test_the_slider_makes_weights_random(visit):
    page = visit(method="grad-cam", layer="last", random="3")
    slider = page.select_slider(key="random")
    assert slider.value == "3"
    likeness = charts(page)["similarity"]["data"][0]["y"]
    steps = len(fer.load_classifier("mobilenetv3_cpsca.ferplus").layers) + 2
    assert len(slider.options) == steps and len(np.atleast_1d(likeness)) > 0
    before = html(page)
    page = slider.set_value(str(steps - 1)).run()
    assert not page.exception and html(page) != before
    assert "Random from: Stem" in html(page) and "Random from: Stem" not in before


def test_what_is_taken_away_carries_map_and_verdict(folder, only_checkpoints):
    only_checkpoints(folder)
    classifier, crop = fer.load_classifier("mobilenetv3_cpsca.ferplus"), sample_crop(HAPPY)
    face = ChosenFace(("sample", HAPPY.id), crop, sample=HAPPY)
    seen = fer.explain(classifier, crop)
    shown = Shown("mobilenetv3_cpsca.ferplus", face, MapName("layer-cam", "features.3"), seen, 1.0)
    values = fer.attribute(classifier, crop, "layer-cam", seen.target, "features.3").values
    (own, *_) = fer.faithfulness(classifier, crop, {"map": values}, seen.target, steps=4)
    sheet = make_sheet(shown, values, own)
    assert VERDICTS[own.verdict] in sheet.title
    facts = sheet.panels[0].facts
    assert facts["layer"] == "features.3" and facts["target"] == seen.labels[seen.target]
    assert facts["map"] == "LayerCAM" and np.array_equal(sheet.panels[0].values, values)


def test_a_link_to_what_is_not_there_falls_back_and_says_so(visit):
    page = visit(method="grad-cammm", layer="features.99", random="77")
    assert page.selectbox(key="method").value == "layer-cam"
    told = page.warning[0].value.replace("\\", "")
    assert [word for word in ("grad-cammm", "features.99", "77") if word not in told] == []


def test_without_a_stored_result_it_says_what_makes_one(four_checkpoints, only_checkpoints):
    only_checkpoints(four_checkpoints)
    page = opened(
        AppTest.from_function(draw, default_timeout=60), {"network": "mobilenetv1.ferplus", "method": "grad-cam"}
    )
    assert "ferscope faithfulness mobilenetv1.ferplus" in text(page)
    assert "ferscope regions mobilenetv1.ferplus" in text(page)
    assert len(re.findall(r'<table class="fs-gains">', html(page))) == 1
