"""The page "Evaluation" on another data set than a checkpoint's: it is offered, it says so, and nothing is mixed."""

import re

import numpy as np
import pytest

from fer_models.checkpoints import find_checkpoint
from fer_models.evaluation import OtherData, Predictions, save_other
from fer_models.evaluation.other_answers import other_file
from fer_models.evaluation.scores import wilson_interval
from fer_models.text import interval_text
from tests.support.evaluation_files import open_page
from tests.support.pages import cells, charts, checked, has_matrix, html, pictures, text

NAMES = ("neutral", "happiness", "sadness")
LABELS = np.repeat([0, 1, 2], 40)
ANSWERS = np.where(np.arange(120) % 40 < 35, LABELS, 0)  # five of happiness and five of sadness are read as neutral
MARKED = "*my* <b>folder"


def store(checkpoint: str, name: str = MARKED, part: str = "all", answers: np.ndarray = ANSWERS) -> None:
    about = OtherData(
        name=name,
        part=part,
        source="names of folders",
        count=len(answers),
        in_common=NAMES,
        left_out={"bored": 7},
        unreadable=3,
        never_shown=("contempt",),
        answered_so=11,
        aligned=False,
    )
    probabilities = np.full((len(answers), 3), 0.1, np.float32)
    probabilities[np.arange(len(answers)), answers] = 0.8
    made = Predictions(
        checkpoint,
        NAMES,
        about.title,
        about.rule,
        np.arange(len(answers)),
        LABELS[: len(answers)],
        probabilities,
        cells={(0, 0): np.full((48, 48), 9, np.uint8)},
        other=about,
    )
    save_other(made, find_checkpoint(checkpoint))


@pytest.fixture
def stored(visit, monkeypatch, tmp_path):
    """The visitor of made-up checkpoints, two of which have answered on 120 pictures of somebody."""
    monkeypatch.setenv("FERSCOPE_EVALUATIONS", str(tmp_path / "evaluations"))
    store("a_mobilenet.ferplus")
    store("mobilenetv3_cpsca.ferplus", answers=LABELS)
    return visit


def test_it_is_offered_and_is_not_the_one_shown_at_first(stored):
    page = stored()
    offered = page.selectbox(key="split")
    assert offered.value == "PublicTest"
    assert offered.options == ["PublicTest", f"Another data set: {MARKED}, 120 pictures"]
    assert "another data set" not in text(page)
    page = checked(offered.set_value(f"{MARKED} (all)").run())
    assert "91.6 % of 120 faces" in text(page)  # 110 of 120


def test_it_says_what_it_is_and_what_was_compared(stored):
    page = stored(split=f"{MARKED} (all)")
    said = text(page)
    assert f"On another data set, {MARKED}, A-MobileNet answers as its labels say for 91.6 % of 120 faces" in said
    assert interval_text(wilson_interval(110, 120)) in said
    assert "does not compare" in said and f"another data set: {MARKED}" in said
    for part in ("neutral, happiness and sadness", "contempt", "11 of 120", "7 of bored", "cannot be read: 3"):
        assert part in said
    assert "<b>folder" not in html(page)
    assert (cells(page) == [[40, 0, 0], [5, 35, 0], [5, 0, 35]]).all()
    assert "Sadness 40 faces 87.5 %" in said and "reliability" in charts(page)


def test_nothing_of_its_own_data_set_stands_beside_it(stored, scored):
    page = stored(split=f"{MARKED} (all)", network="MobileNetV3-SimAM", compare="001-T7")
    assert "not scored" not in text(page).lower()
    page = stored(split=f"{MARKED} (all)")
    against = page.selectbox(key="compare").options
    assert against == ["Nothing", "MobileNetV3-CPSCA"]  # no paper's matrix, no checkpoint without these answers
    assert not [toggle for toggle in page.toggle if toggle.key == "runs"]
    names = [name for trace in charts(page)["cost_macs"]["data"] for name in trace.get("customdata", [])]
    assert "MobileNetV3-SimAM" not in str(names)


def test_two_checkpoints_are_compared_on_it(stored):
    page = stored(split=f"{MARKED} (all)", compare="MobileNetV3-CPSCA")
    assert "Of the same 120 faces both got 110 right, only A-MobileNet 0, only MobileNetV3-CPSCA 10" in text(page)


def test_no_picture_of_it_is_shown_but_a_mean_of_many(stored, monkeypatch, tmp_path):
    monkeypatch.setenv("FERSCOPE_DATA", str(tmp_path))
    page = stored(split=f"{MARKED} (all)", true="neutral", predicted="neutral")
    assert len(pictures(page)) == 1 and "Nobody's face" in text(page)
    page = stored(split=f"{MARKED} (all)", true="sadness", predicted="neutral")
    assert not pictures(page) and "are not kept" in text(page)


@pytest.mark.parametrize("fault", ["damaged", "gone", "of other weights"])
def test_what_cannot_be_read_is_one_sentence(stored, fault, tmp_path, only_checkpoints):
    file = other_file(find_checkpoint("a_mobilenet.ferplus"), MARKED, "all")
    if fault == "damaged":
        file.write_bytes(b"no archive")
    elif fault == "gone":
        file.unlink()
    else:
        file.write_bytes(other_file(find_checkpoint("mobilenetv3_cpsca.ferplus"), MARKED, "all").read_bytes())
    page = stored(split=f"{MARKED} (all)")
    said = text(page)
    assert str(tmp_path) not in html(page) + said
    if fault == "gone":
        assert re.search(r"\d\d\.\d % of 320 faces", said)  # its own, and a notice
        assert any("folder" in warning.value for warning in page.warning)
    else:
        assert not has_matrix(page) and ("damaged" in said if fault == "damaged" else "other weights" in said)


def test_a_checkpoint_without_answers_of_its_own(stored, monkeypatch):
    store("efficientnet_b0_attention.ferplus", part="test")
    page = stored(network="EfficientNet-B0-attention")
    assert "Not scored yet" in text(page)
    assert page.selectbox(key="split").options[1] == f"Another data set: {MARKED} (test), 120 pictures"
    assert "91.6 % of 120" in text(open_page(network="EfficientNet-B0-attention", split=f"{MARKED} (test)"))
