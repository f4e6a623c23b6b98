"""The page "Operate", run without a browser: its numbers against the library's own."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import fer_models as fer
from fer_models.checkpoints import find_checkpoint
from fer_models.evaluation.stored import save_measured
from fer_models.evaluation.surgery import KIND, Replaced, Surgery
from fer_models.explanation.averages import Averages, save_averages
from fer_models.labels import display_order
from tests.support import pages
from tests.support.pages import opened, text
from tests.webapp.conftest import save
from webapp.components.gallery import read_gallery
from webapp.components.samples import sample_crop
from webapp.figures.answer import percent
from webapp.views.operate.theatre import verdict

PAGE = """
from webapp import state
from webapp.views.operate.page import page

with state.kept("Operate"):
    page()
"""
NAME = "a_mobilenet.ferplus"
SPATIAL = "features.11.attention.spatial:spatial"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("operate")
    for network in ("a_mobilenet", "mobilenetv3_simam", "mobilenetv1"):
        save(folder, network)
    return folder


@pytest.fixture
def visit(folder, only_checkpoints):
    only_checkpoints(folder)
    classifier = fer.load_classifier(NAME)
    gates = fer.explain(classifier, crop("neutral")).gates
    save_averages(Averages(gates, faces=1, about="one face"), find_checkpoint(NAME), "as here")
    return lambda **choices: opened(AppTest.from_string(PAGE, default_timeout=120), choices)


def crop(group: str) -> np.ndarray:
    return sample_crop(read_gallery()[group][0])


def table(page: AppTest) -> dict[str, list[str]]:
    """The answers side by side: each column's numbers by its title."""
    body = re.search(r'<table class="fs-ways">(.*?)</table>', unescape(pages.html(page)), re.DOTALL)[1]
    titles = re.findall(r'<th scope="col"[^>]*>(.*?)<small>', body)
    lines = re.findall(r'<tr[^>]*><th scope="row">.*?</tr>', body.split("<tfoot>")[0], re.DOTALL)
    numbers = [re.findall(r"</i><(?:b|span)>(.*?)</", line) for line in lines]
    return {title: [line[place] for line in numbers] for place, title in enumerate(titles)}


def test_four_replacements_always_stand_side_by_side_and_are_the_librarys(visit):
    page = visit(network=NAME, sample="happiness", operated="channel", way="identity")
    shown = table(page)
    assert list(shown) == ["As computed", "Average face's", "Another face's", "One number", "Identity"]
    classifier = fer.load_classifier(NAME)
    other = fer.explain(classifier, crop("neutral")).gates
    for title, replacement in (("Average face's", other), ("Another face's", other), ("One number", "number")):
        with fer.operate({"channel": replacement}, classifier):
            expected = classifier.predict([crop("happiness")])[0]
        numbers = [percent(float(expected[index])) for index in display_order(classifier.labels)]
        # fp16 in the stored average may turn one percent into the next.
        assert sum(a != b for a, b in zip(shown[title], numbers, strict=True)) <= (1 if "Average" in title else 0)


def test_a_way_that_is_none_of_the_four_is_added_to_them(visit):
    assert "Mirrored" in table(visit(network=NAME, operated=SPATIAL, way="mirror"))
    assert len(table(visit(network=NAME, operated=SPATIAL, way="mirror"))) == 6


def test_every_gate_is_a_row_of_switches_and_one_is_pressed(visit):
    page = visit(network=NAME, operated=SPATIAL, way="number")
    html = pages.matrix(page, "switches")
    gates = fer.explain(fer.load_classifier(NAME), crop("happiness")).gates
    rows = set(re.findall(r'data-row="(.*?)"', html))
    assert rows == {"all", "channel", "spatial", *(f"{gate.layer}:{gate.kind}" for gate in gates)}
    pressed = re.findall(r'aria-pressed="true"[^>]* data-row="(.*?)" data-column="(.*?)"', html)
    assert pressed == [(SPATIAL, "number")]
    # Gates without places cannot be mirrored.
    assert not re.search(r'data-row="channel" data-column="mirror"', html)


def test_what_was_painted_comes_back_by_link_and_what_a_gate_cannot_be_is_clipped_and_said(visit):
    page = visit(network="mobilenetv3_simam.ferplus")
    gates = fer.explain(fer.load_classifier("mobilenetv3_simam.ferplus"), crop("happiness")).gates
    last = f"{gates[-1].layer}:{gates[-1].kind}"
    _, height, width = gates[-1].values.shape
    painted = "2" + "." * (height * width - 1)
    page = visit(network="mobilenetv3_simam.ferplus", operated=last, way="painted", painted=painted)
    assert "Painted" in table(page)
    assert "clipped" in text(page) and "0.622" in text(page)
    wrong = visit(network="mobilenetv3_simam.ferplus", operated=last, painted="22")
    assert "painted" not in wrong.query_params and "painted gate" in text(wrong)


def test_without_stored_averages_three_replacements_stand_and_it_says_how_to_make_them(visit):
    page = visit(network="mobilenetv3_simam.ferplus")
    assert list(table(page)) == ["As computed", "Another face's", "One number", "Identity"]
    assert "ferscope averages mobilenetv3_simam.ferplus" in text(page)


def test_gates_stay_replaced_each_in_its_own_way_while_another_is_operated_on(visit):
    first, second = "features.4.attention.channel:channel", "features.6.attention.channel:channel"
    page = visit(network=NAME, operated=first, way="identity")
    page.button(key="keep").click().run()
    assert page.query_params["kept"] == f"{first}~identity"
    page = visit(network=NAME, operated=second, way="number", kept=f"{first}~identity")
    assert "Block 4" in text(page)
    classifier = fer.load_classifier(NAME)
    with fer.operate({first: "identity", second: "number"}, classifier):
        expected = classifier.predict([crop("happiness")])[0]
    numbers = [percent(float(expected[index])) for index in display_order(classifier.labels)]
    assert table(page)["One number"] == numbers
    untouched = classifier.predict([crop("happiness")])[0]
    assert table(page)["As computed"] == [
        percent(float(untouched[index])) for index in display_order(classifier.labels)
    ]
    page.button(key=f"put back {first}").click().run()
    assert "kept" not in page.query_params


def test_what_another_network_keeps_is_not_this_ones(visit):
    page = visit(network=NAME, kept="features.99.attention:simam~identity,all~identity")
    assert table(page)["As computed"] and not [button for button in page.button if (button.key or "").startswith("put")]
    assert "kept" not in visit(network=NAME, kept="~~").query_params


def test_a_stale_link_falls_back_and_is_told(visit):
    page = visit(network=NAME, operated="features.99:se", way="nothing")
    assert "No gate “features" in text(page) and "All gates" in text(page)
    assert "operated" not in page.query_params and "way" not in page.query_params


def test_a_network_without_gates_is_told(visit):
    page = visit(network="mobilenetv1.ferplus")
    assert "no gate to operate on" in text(page)
    assert not pages.has_matrix(page, "switches")


def test_what_was_measured_is_drawn_with_its_numbers(visit):
    def row(way: str, accuracy: float) -> Replaced:
        return Replaced(
            scope="all", gate="*", way=way, draw=0, count=800, untouched=0.86, accuracy=accuracy,
            interval=(accuracy - 0.02, accuracy + 0.02), macro_f1=0.5, lost=9, won=1, difference=accuracy - 0.86,
            difference_interval=(-0.1, 0.0), p_value=0.02,
        )  # fmt: skip

    ways = {"average face": 0.851, "another face": 0.832, "number": 0.521, "identity": 0.733}
    surgery = Surgery(
        checkpoint=NAME, weights=fer.checkpoints.weights_key(NAME), command="as here", split="PublicTest",
        label_rule="folder", average="one face", seed=0, count=800, accuracy=0.86, interval=(0.84, 0.88), macro_f1=0.6,
        rows=tuple(row(way, accuracy) for way, accuracy in ways.items()),
    )  # fmt: skip
    file = save_measured(surgery, find_checkpoint(NAME), KIND)
    page = visit(network=NAME)
    file.unlink()
    assert "Over 800 faces" in text(page)
    for accuracy in ("86.0 %", "85.1 %", "83.2 %", "52.1 %", "73.3 %"):
        assert accuracy in text(page)
    assert "ferscope surgery" in text(visit(network=NAME))


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({"average": 0, "other": 0, "number": 0, "identity": 0}, "Not for this face"),
        ({"average": 1, "other": 1, "number": 1, "identity": 1}, "Yes, for this face"),
        ({"average": 0, "other": 0, "number": 1, "identity": 1}, "Its usual value"),
        ({"average": 0, "other": 1, "number": 0, "identity": 1}, "It depends"),
    ],
)
def test_the_answer_follows_from_all_four(after, words):
    answers = np.array([[0.9, 0.1], [0.2, 0.8]])
    said, number = verdict(answers[0], {way: answers[label] for way, label in after.items()}, 0)
    assert said.startswith(words)
    assert number.startswith("90")
