"""A small table of faces: from which part each expression is read."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from fer_models.evaluation.regions import RegionScore, RegionScores
from fer_models.explanation.regions import RegionShare
from fer_models.face_parts import REGIONS, face_regions
from tests.support.html_tables import Table
from webapp.figures.regions import parts_sentence, parts_table, regions_section, regions_sentence, strongest

CHANGES = {
    "happiness": {"brows": -0.1, "eyes": -0.5, "nose": 0.2, "mouth": -3.0, "cheeks": -1.0, "rest": -9.0},
    "anger": {"brows": -2.0, "eyes": -0.5, "nose": 0.0, "mouth": -0.3, "cheeks": 0.0, "rest": 0.0},
}


def scores(width: float = 0.2) -> RegionScores:
    rows = [
        RegionScore(
            label=label,
            region=region,
            faces=41,
            change=change,
            interval=(change - width, change + width),
            share={"mouth": 0.02, "brows": 0.11}.get(region, 0.2),
            lift=0.5,
        )
        for label, changes in CHANGES.items()
        for region, change in changes.items()
    ]
    about = {"checkpoint": "x", "weights": "y", "command": "z", "split": "PublicTest", "label_rule": "fer2013"}
    return RegionScores(**about, fill="mean", seed=0, rows=tuple(rows))


def test_the_sentence_names_the_part_that_costs_most_and_what_grad_cam_has_there():
    told = regions_sentence("A-MobileNet", scores())
    assert re.search(r"happiness most from the mouth.*anger most from the brows", told)
    assert re.search(r"2 to 11\s% ", told)


def test_a_part_that_may_cost_nothing_is_not_named():
    assert strongest(scores().of("happiness")).region == "mouth"  # the rest, larger, is no part of the face
    assert strongest(scores(width=2.5).of("anger")) is None
    assert "no single part" in regions_sentence("A-MobileNet", scores(width=5))


@pytest.fixture(scope="module")
def section() -> str:
    return regions_section("A-MobileNet", scores(), {"happiness": np.full((48, 48), 99, np.uint8)})


def test_parts_are_red_where_covering_costs_and_blue_where_it_gains(section):
    found = re.findall(r'<img class="" src="data:image/png;base64,([^"]+)" alt="([^"]+)"', section)
    assert ["happiness" in alt for _, alt in found] == [True, False]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[0][0]))).convert("RGBA")).astype(int)
    masks = face_regions(len(picture))
    red, _, blue, alpha = (picture[..., channel] for channel in range(4))
    inside = {region: np.median(alpha[mask]) for region, mask in masks.items()}
    assert inside["mouth"] == 255 > inside["cheeks"] > inside["eyes"] > 5 > inside["rest"]
    assert np.median((red - blue)[masks["mouth"]]) > 100 > -100 > np.median((red - blue)[masks["nose"]])


def test_every_number_is_in_a_table_and_the_picture_is_told(section):
    tables = re.findall(r"<table>.*?</table>", section)
    assert len(tables) == 2
    lines = {line[0]: line[1:] for line in Table(tables[0]).lines}
    assert tuple(list(lines)[1:]) == REGIONS
    assert lines["mouth"][0] == "3.00" and lines["mouth"][1] == "2.80 to 3.20"
    assert lines["nose"][0].endswith("0.20") and lines["nose"][0] != "0.20"  # it gains: a minus
    assert re.fullmatch(r"2\s%", lines["mouth"][2])
    assert "mouth 3.00" in section


def test_one_faces_parts_are_told_and_listed():
    marked = {region: RegionShare(0.02 if region == "mouth" else 0.2, 0.25) for region in REGIONS}
    changes = CHANGES["happiness"]
    told = parts_sentence(marked, changes, "happiness")
    assert "the mouth" in told and "3.00" in told and re.search(r"\b2\s%", told)
    assert "no part" in parts_sentence(marked, dict.fromkeys(REGIONS, 0.1), "happiness")
    lines = {line[0]: line[1:] for line in Table(parts_table(marked, changes, "happiness")).lines[1:]}
    assert re.fullmatch(r"2\s%", lines["Mouth"][0]) and lines["Mouth"][1] == "0.25"
    assert lines["Nose"][2] == "+0.20" and lines["Mouth"][2].endswith("3.00") and "+" not in lines["Mouth"][2]
