"""The page "Compare", run without a browser."""

import re
import zlib
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from streamlit.testing.v1 import AppTest

from fer_models.evaluation.faithfulness import MapName
from fer_models.labels import FER2013
from tests.support import pages
from tests.support.html_tables import Table
from tests.support.pages import checked, opened
from tests.webapp.conftest import save
from webapp import maps
from webapp.views.compare import board, lines
from webapp.views.compare import page as compare_page

SIMAM, CPSCA, A_MOBILENET = "mobilenetv3_simam.ferplus", "mobilenetv3_cpsca.ferplus", "a_mobilenet.ferplus"
COVERING = "What changes when a place is covered"


def page_alone() -> None:
    from webapp import state
    from webapp.views.compare.page import page

    with state.kept("Compare"):
        page()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Methods in the order in which their maps were computed; each map is made up, in no time, of its question."""
    computed: list[str] = []

    def made_up(face, checkpoint, method, layer, target) -> np.ndarray:
        computed.append(method)
        seed = zlib.crc32(repr((face.key, checkpoint, method, layer, target)).encode())
        return gaussian_filter(np.random.default_rng(seed).standard_normal((16, 16)), 2).astype(np.float32)

    monkeypatch.setattr(maps, "attribution", made_up)
    monkeypatch.setattr(maps, "is_attributed", lambda *question: False)
    return computed


@pytest.fixture
def visit(four_checkpoints: Path, only_checkpoints, asked):
    """Call it with the choices of a link: the page with made-up maps, run once."""
    only_checkpoints(four_checkpoints)
    return open_page


def open_page(**choices: str) -> AppTest:
    return opened(AppTest.from_function(page_alone, default_timeout=60), choices)


def html(page: AppTest) -> str:
    return unescape(pages.html(page))


def sections(page: AppTest) -> dict[str, str]:
    """The HTML of every section by its heading."""
    found = re.findall(r"<section.*?</section>", html(page), flags=re.DOTALL)
    return {re.search("<h2>(.*?)</h2>", each)[1]: each for each in found}


def frames(section: str) -> list[str]:
    """The names of a line's pictures."""
    return re.findall(r"<figcaption><strong>(.*?)</strong>", section)


def pictures(section: str) -> list[str]:
    return re.findall(r'src="(data:image/png[^"]+)"', section)


def headline(page: AppTest) -> str:
    return re.sub(r"<[^>]+>", "", re.search(r'<div class="fs-answer.*?<h2[^>]*>(.*?)</h2>', html(page))[1])


def test_two_networks_stand_side_by_side_by_default(visit):
    page = visit()
    drawn = sections(page)
    assert frames(drawn[COVERING]) == ["A-MobileNet", "MobileNetV3-CPSCA", "MobileNetV3-CPSCA minus A-MobileNet"]
    assert len(pictures(drawn[COVERING])) == 3 and len(pictures(drawn["The network's own gate"])) == 2
    bars = re.findall(r'<table class="fs-probabilities">.*?</table>', drawn["Their answers"])
    heads = [[line[0] for line in Table(each).lines] for each in bars]
    assert len(bars) == 2 and heads[0] == heads[1] and heads[0][0] == "Neutral" and len(heads[0]) == 8
    assert re.search(r"0\.\d\d$", headline(page)) and "busy" not in html(page)
    assert page.query_params == {}


def test_the_columns_are_those_of_the_link_in_its_order(visit):
    page = visit(networks=f"{SIMAM},{A_MOBILENET},{CPSCA}", explain="fear")
    names = ["MobileNetV3-SimAM", "A-MobileNet", "MobileNetV3-CPSCA"]
    drawn = sections(page)
    assert frames(drawn["Grad-CAM"])[:3] == names and len(frames(drawn["Grad-CAM"])) == 5
    assert page.multiselect(key="networks").value == [SIMAM, A_MOBILENET, CPSCA]
    alike = Table(drawn["How alike are all these maps?"]).lines
    assert [line[0] for line in alike if len(line) == 1] == names
    assert len(alike[0]) == 1 + 3 * 6  # five methods and a gate each


def test_what_takes_long_comes_after_all_else(visit, asked):
    visit()
    slow = [method in lines.SLOW for method in asked]
    first = slow.index(True)
    assert first > 0 and all(slow[first:])
    assert asked[first : first + 2] == ["occlusion"] * 2


@pytest.mark.parametrize(
    ("networks", "said"),
    [
        (f"{SIMAM},{A_MOBILENET},{CPSCA},efficientnet_b0_attention.ferplus,mobilenetv1.ferplus", "5 networks"),
        (SIMAM, "two to four networks"),
        ("", "two to four networks"),
    ],
)
def test_too_many_or_too_few_are_refused_with_one_message_and_nothing_is_drawn(visit, asked, networks, said):
    page = visit(networks=networks)
    assert said in headline(page) and not asked and not sections(page) and not page.warning
    checked(page.multiselect(key="networks").set_value([SIMAM, CPSCA]).run())
    assert frames(sections(page)[COVERING])[0] == "MobileNetV3-SimAM"


def test_an_unknown_network_is_named_and_another_stands_in(visit):
    page = visit(networks=f"resnet.x,{SIMAM}")
    assert "resnet.x" in page.warning[0].value.replace("\\", "") and page.query_params["networks"]
    assert frames(sections(page)[COVERING])[:2] == ["MobileNetV3-SimAM", "A-MobileNet"]


def test_methods_layers_and_faces_can_vary_instead(visit):
    page = visit(vary="method", methods="layer-cam,occlusion,grad-cam")
    drawn = sections(page)
    assert frames(drawn["The maps"]) == ["LayerCAM", "Covering each place", "Grad-CAM"]
    assert "scale of its own" in drawn["The maps"] and "No difference" in drawn["The maps"]
    checked(page.radio(key="vary").set_value("layer").run())
    assert len(frames(sections(page)["Grad-CAM"])) == 2 and frames(sections(page)["Grad-CAM"])[0].startswith("Last map")
    checked(page.radio(key="vary").set_value("face").run())
    faces = frames(sections(page)[COVERING])
    assert faces[:2] == ["Happiness 1", "Surprise 1"] and sections(page)["Their answers"].count("fs-face") == 2
    assert page.query_params["methods"] == "layer-cam,occlusion,grad-cam"


def test_networks_of_other_labels_are_compared_by_what_both_have(visit, four_checkpoints, tmp_path, only_checkpoints):
    for file in four_checkpoints.glob("a_mobilenet.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    save(tmp_path, "mobilenetv3_simam", "mobilenetv3_simam.fer2013", labels=FER2013.labels)
    only_checkpoints(tmp_path)
    page = visit(explain="contempt")
    assert "contempt" in page.warning[0].value and any("contempt" in each.value for each in page.caption)
    assert "contempt" not in page.selectbox(key="explain").options
    bars = Table(sections(page)["Their answers"]).lines
    assert len(bars) == 2 * 7 and {line[0] for line in bars} == {label.capitalize() for label in FER2013.labels}
    # Their order of labels differs: what is explained is one expression all the same.
    checked(page.selectbox(key="explain").set_value("fear").run())
    assert sections(page)["Grad-CAM"].count("for fear") >= 2


def test_a_network_without_gates_is_compared_by_its_maps(visit):
    drawn = sections(visit(networks=f"{SIMAM},mobilenetv1.ferplus", explain="fear"))
    gates = drawn["The network's own gate"]
    assert len(pictures(gates)) == 1 and "no gate" in gates
    assert frames(drawn[COVERING])[1] == "MobileNetV1" and len(pictures(drawn[COVERING])) == 3


def test_gates_of_one_family_have_one_scale_and_a_difference(visit, tmp_path, four_checkpoints, only_checkpoints):
    for file in four_checkpoints.glob("mobilenetv3_cpsca.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    save(tmp_path, "mobilenetv3_ca")
    only_checkpoints(tmp_path)
    gates = sections(visit(networks=f"mobilenetv3_ca.ferplus,{CPSCA}"))["The network's own gate"]
    assert len(pictures(gates)) == 3 and "scale of its own" not in gates and "whole range" in gates


def test_noise_takes_the_place_of_any_map(visit):
    before = sections(visit())
    page = visit(noise="occlusion.2")
    after = sections(page)
    old, new = pictures(before[COVERING]), pictures(after[COVERING])
    assert new[0] == old[0] and new[1] != old[1] and "noise in its place" in after[COVERING]
    assert pictures(after["Grad-CAM"]) == pictures(before["Grad-CAM"])
    assert page.selectbox(key="noise").value == "occlusion.2"
    assert Table(after["How alike are all these maps?"]).lines != Table(before["How alike are all these maps?"]).lines


def test_every_gate_can_stand_in_the_agreement(visit):
    few = Table(sections(visit())["How alike are all these maps?"]).lines
    many = Table(sections(visit(gates="true"))["How alike are all these maps?"]).lines
    named = [line[0] for line in many]
    # A-MobileNet has four gates with places, CPSCA's network seven.
    assert len(many) == len(few) + 3 + 6 and sum("CBAM" in name for name in named) == 4


def test_what_is_on_show_is_taken_away_with_where_it_comes_from(visit, monkeypatch):
    made = []
    monkeypatch.setattr(board, "take_away", lambda make, name, own_picture: made.append((make, own_picture)))
    page = visit(networks=f"{SIMAM},{CPSCA}", explain="fear", noise="map.2")
    (make, own_picture), drawn = made[-1], sections(page)
    taken = make()
    assert not own_picture and [len(row) for row in taken.rows] == [3, 3, 2]
    covered, cams, gates = taken.rows
    assert [panel.checkpoint for panel in cams] == [SIMAM, CPSCA, CPSCA] and cams[0].layer and not covered[0].layer
    assert {panel.target for panel in covered + cams} == {"fear"} and gates[0].target is None
    assert covered[0].low == covered[1].low == -covered[1].high
    assert np.array_equal(covered[2].values, covered[1].values - covered[0].values)
    assert "noise" in cams[1].what and cams[0].what == "Grad-CAM" and cams[2].what.endswith("MobileNetV3-SimAM")
    assert [answer.checkpoint for answer in taken.answers] == [SIMAM, CPSCA] and taken.answers[
        0
    ].picture == "Happiness 1"
    assert f"{-covered[0].low:.2f}" in drawn[COVERING]


def test_the_map_that_measured_best_is_shown_by_default_as_on_other_pages(visit, monkeypatch):
    asked, best = [], MapName("layer-cam", "features.15")
    monkeypatch.setattr(compare_page, "best_map", lambda name: asked.append(name) or best)
    page = visit(vary="face", network=SIMAM)
    title = next(name for name in sections(page) if name.startswith("LayerCAM"))
    assert "block 15" in title and asked == [SIMAM]
    # Where the other network has no such layer, the last map takes its place.
    assert "LayerCAM" in sections(visit(networks=f"{SIMAM},{A_MOBILENET}"))
    page = visit(vary="face", method="grad-cam")
    assert "Grad-CAM" in sections(page) and page.query_params["method"] == "grad-cam" and not page.warning


def test_covering_chosen_on_another_page_has_one_line_here(visit):
    page = visit(method="occlusion")
    drawn = sections(page)
    assert COVERING in drawn and "Covering each place" not in drawn and not page.warning


@pytest.mark.parametrize(("shift", "words"), [(0.0, "Mostly"), (1.0, "Partly"), (60.0, "No more")])
def test_words_follow_the_agreement_and_what_noise_would_do(shift, words):
    first, other = (gaussian_filter(np.random.default_rng(seed).standard_normal((16, 16)), 1) for seed in (1, 2))
    found = lines.alike([first, first + shift * other])
    assert found.words.startswith(words) and found.noise[0] < 0 < found.noise[1] and found.pairs == 1
