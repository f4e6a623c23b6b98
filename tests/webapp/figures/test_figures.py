"""Figures: known values have known colours, scales do not follow the values, and nothing is without words."""

import base64
import io
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import webapp
from fer_models.data import DATA_SETS
from webapp.figures import answer, strips
from webapp.figures.colours import (
    BLUE_CLEAR_RED,
    BLUE_WHITE_RED,
    CIVIDIS,
    EXPRESSION_COLOURS,
    Scale,
    contrast_scale,
    signed_scale,
)
from webapp.figures.pictures import face_webp, grey_face_uri, map_png
from webapp.figures.profiles import LONG, SHORT, edge_svg, sorted_svg


class Images(HTMLParser):
    """Collects the attributes of every <img>."""

    def __init__(self, html: str):
        super().__init__()
        self.found: list[dict] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes))


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def numbers(svg: str, attribute: str) -> list[float]:
    return [float(value) for value in re.findall(rf' {attribute}="([-\d.]+)"', svg) if value]


def test_range_ends_have_the_colour_maps_ends():
    picture = pixels(map_png(np.array([[0.0, 1.0], [0.0, 1.0]]), Scale(0.0, 1.0, CIVIDIS), side=64))
    assert picture.shape == (64, 64, 3)
    assert picture[32, 0].tolist() == CIVIDIS[0].tolist() and picture[32, -1].tolist() == CIVIDIS[255].tolist()
    assert CIVIDIS[0, 2] > CIVIDIS[0, 0] and CIVIDIS[255, 0] > CIVIDIS[255, 2]  # RGB: from blue to yellow


def test_enlargement_is_bilinear_in_the_values():
    scale = Scale(0.0, 1.0, CIVIDIS)
    picture = pixels(map_png(np.array([[0.0, 1.0]]), scale, side=200))
    # Halfway between the two places lies the mean of their values, not the mean of their colours.
    assert picture[100, 100].tolist() in CIVIDIS[126:130].tolist()
    assert {tuple(colour) for colour in picture.reshape(-1, 3)} <= {tuple(colour) for colour in CIVIDIS}


def test_a_value_outside_the_range_has_the_nearest_ends_colour():
    assert Scale(0.622, 1.0, CIVIDIS).indices(np.array([0.5, 0.622, 1.0, 7.0])).tolist() == [0, 0, 255, 255]


def test_the_same_scale_for_all_ignores_the_values_and_this_pictures_scale_follows_all_of_them():
    maps = [np.array([[0.4, 0.5]]), np.array([[0.45, 0.6]])]
    fixed = contrast_scale("same", (0.0, 1.0), maps)
    assert (fixed.low, fixed.high) == (0.0, 1.0)
    assert map_png(maps[0], fixed) == map_png(maps[0], contrast_scale("same", (0.0, 1.0), [maps[0] * 0]))
    spread = contrast_scale("picture", (0.0, 1.0), maps)
    assert (spread.low, spread.high) == (0.4, 0.6)
    assert map_png(maps[0], fixed) != map_png(maps[0], spread)
    centred = contrast_scale("average", (0.0, 1.0), [np.array([[-0.1, 0.3]])])
    assert (centred.low, centred.high) == (-0.3, 0.3)


def test_a_signed_map_on_a_face_is_clear_at_zero_and_the_more_opaque_the_further_from_it():
    values = np.array([[-1.0, -0.5, 0.0, 0.5, 1.0]])
    rgba = np.asarray(
        Image.open(io.BytesIO(map_png(values, signed_scale([values], BLUE_CLEAR_RED), 5))).convert("RGBA")
    )
    blue, _, zero, _, red = rgba[2].astype(int)
    assert zero[3] <= 5 and blue[3] == red[3] == 255
    assert zero[3] < rgba[2, 1, 3] == pytest.approx(rgba[2, 3, 3], abs=2) and rgba[2, 1, 3] < 255
    assert blue[2] > blue[0] + 100 and red[0] > red[2] + 100


def test_what_lies_beneath_maps_is_grey():
    content = grey_face_uri(np.full((40, 40, 3), (200, 40, 40), np.uint8)).partition("base64,")[2]
    colours = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")).reshape(-1, 3).astype(int)
    assert np.ptp(colours, axis=1).max() <= 3 and abs(colours.mean() - 88) < 4  # luminance


def test_a_bar_says_over_which_part_of_the_whole_range_colours_are_spread():
    maps = [np.array([[0.7, 0.8]])]
    spread = strips.colour_bar(Scale(0.7, 0.8, CIVIDIS), "unit", maps, (0.5, 1.0))
    assert "--from:40.0%;--to:60.0%" in spread and re.search(r"20\s% of the whole range", spread)
    assert "whole range" not in strips.colour_bar(Scale(0.5, 1.0, CIVIDIS), "unit", maps, (0.5, 1.0))


def test_zero_is_white_on_a_signed_scale():
    scale = signed_scale(np.array([[[-0.5, 2.0]]]))
    assert (scale.low, scale.high) == (-2.0, 2.0)
    below, zero, above = BLUE_WHITE_RED[scale.indices(np.array([-2.0, 0.0, 2.0]))].astype(int)
    assert zero.min() >= 253
    assert below[2] > below[0] + 50 and above[0] > above[2] + 50


@pytest.mark.parametrize(
    "scale", [signed_scale(np.zeros((8, 4, 4))), contrast_scale("picture", (0, 1), [np.full((2, 2), 0.5)])]
)
def test_a_scale_of_no_width_still_draws(scale):
    assert len(np.unique(pixels(map_png(np.full((4, 4), scale.low), scale)).reshape(-1, 3), axis=0)) == 1
    assert "nan" not in strips.colour_bar(scale, "unit", [np.full((4, 4), scale.low)])


def test_numbers_have_the_digits_that_their_scale_can_tell_apart():
    assert Scale(0.0, 1.0, CIVIDIS).format(0.5) == "0.50"
    assert Scale(0.622, 1.0, CIVIDIS).format(0.622) == "0.622"
    assert Scale(-0.003, 0.003, CIVIDIS).format(-0.0012) == "−0.00120"
    assert Scale(0.0, 1.0, CIVIDIS).format(-0.0001) == "0.00"


def test_edge_profiles_have_one_bar_a_place_as_long_as_its_weight():
    mean = np.array([0.0, 0.25, 0.5, 1.0])
    for along, length, place in (("width", "height", "x"), ("height", "width", "y")):
        svg = edge_svg(mean / 2, mean, mean, Scale(0.0, 1.0, CIVIDIS), along)
        bars = "".join(re.findall(r"<rect[^>]*>", svg))
        np.testing.assert_allclose(numbers(bars, length), mean * SHORT, atol=0.01)
        assert all(0 <= start < LONG for start in numbers(bars, place))
        # Every bar stands on the edge of the picture, which lies below the columns and to the right of the rows.
        starts = numbers(bars, "y" if along == "width" else "x")
        np.testing.assert_allclose(np.add(starts, numbers(bars, length)), SHORT, atol=0.02)


def test_sorted_channels_fall_from_left_to_right_over_the_whole_width():
    weights = np.sort(np.random.default_rng(0).random(1280))[::-1]
    points = re.search(r'<polyline points="([^"]*)"', sorted_svg(weights, Scale(0.0, 1.0, CIVIDIS)))[1]
    x, y = np.array([point.split(",") for point in points.split()], float).T
    assert x[0] == 0 and x[-1] == LONG
    assert (np.diff(x) >= 0).all() and (np.diff(y) >= 0).all()  # y grows downwards
    assert y[0] == pytest.approx(LONG * (1 - weights[0]), abs=0.1)


def test_every_picture_has_words():
    scale, values = Scale(0.0, 1.0, CIVIDIS), np.linspace(0, 1, 12).reshape(3, 4)
    profile = (values.mean(0),) * 3
    html = (
        strips.map_picture(values, scale, "SimAM of row 4")
        + strips.coordinate_picture(values, profile, profile, scale, scale, "CA of row 11")
        + strips.channels_picture(values.ravel()[::-1], scale, "SE of row 5")
    )
    images = Images(html).found
    assert len(images) == 5
    assert all(image["alt"] and image["src"].startswith("data:image/") for image in images)
    assert images[0]["alt"].startswith("SimAM of row 4")
    assert re.search(r"3\s×\s4\b.*\b0\.00\b.*\b1\.00\b.*row 3\b.*column 4\b", images[0]["alt"])


def test_tables_hold_every_place_and_the_ends_of_long_lists():
    scale = Scale(0.0, 1.0, CIVIDIS)
    assert strips.map_table(np.full((7, 7), 0.25), scale).count("<td>0.250</td>") == 49
    table = strips.channels_table(np.arange(100), np.linspace(1, 0, 100), scale)
    assert table.count("<tr>") == 1 + 16 and ">1.000<" in table and ">0.000<" in table


def test_what_is_not_ours_is_escaped():
    html = answer.answer("<b>net", answer.Reading("<script>x", "<em>1", True)) + answer.message("<i>", "<img src=x>")
    html += answer.probability_table(["<u>a", "b"], np.array([0.5, 0.5]), 0)
    html += strips.strip([strips.Frame("", "<script>y", "<s>", "<em>")])
    assert not re.search(r"<(script|img|u|s|em|i)>|<img src=x", html.replace('<i style="', ""))


def test_the_answers_table_names_every_label_and_marks_the_answer_and_the_explained_one():
    for target in (0, 1):
        html = answer.probability_table(["neutral", "fear"], np.array([0.25, 0.75]), target)
        first, second = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
        for row, name, share in ((first, "Neutral", r"25\.0\s%"), (second, "Fear", r"75\.0\s%")):
            assert re.search(rf'<th scope="row"><span>{name}.*<td>{share}</td>', row)
            assert EXPRESSION_COLOURS[name.lower()] in row
        assert first.startswith("<tr>") and not second.startswith("<tr>")  # the likeliest stands out
        assert ("explained" in first) == (target == 0) and "explained" not in second


def test_no_line_break_parts_a_number_from_its_sign():
    assert answer.percent(0.25, 1) == "25.0\N{NARROW NO-BREAK SPACE}%"


def test_every_label_of_every_data_set_has_its_own_colour():
    labels = {label for row in DATA_SETS if row.label_set for label in row.label_set.labels}
    assert labels == set(EXPRESSION_COLOURS) and len(set(EXPRESSION_COLOURS.values())) == len(labels)


def test_a_face_is_never_enlarged_for_the_page():
    for side, expected in ((40, (40, 40)), (900, (224, 224))):
        picture = Image.open(io.BytesIO(face_webp(np.zeros((side, side, 3), np.uint8))))
        assert picture.size == expected


@pytest.mark.parametrize(
    ("probabilities", "read", "number"),
    [
        ((0.2, 0.7, 0.1), "Fear", "70%"),
        ((0.5, 0.25, 0.25), "Neutral", "50%"),
        ((0.15, 0.36, 0.49), "Unsure: anger or fear", "49% or 36%"),
        ((0.403, 0.1, 0.497), "Unsure: anger or neutral", "49.7% or 40.3%"),
        ((0.4, 0.1, 0.49996), "Unsure: anger or neutral", "49.996% or 40.000%"),
    ],
)
def test_a_reading_without_half_of_the_probability_is_unsure(probabilities, read, number):
    found = answer.reading(("neutral", "fear", "anger"), np.array(probabilities))
    assert (found.headline, found.number.replace(strips.NARROW, "")) == (read, number)


def test_only_a_sure_network_is_said_to_read_a_face_as_something():
    sure, unsure = answer.Reading("fear", "70 %", True), answer.Reading("anger or fear", "49 % or 36 %", False)
    for read, words in ((sure, "Fear"), (unsure, "Unsure: anger or fear")):
        shown = answer.answer("SimAM", read)
        assert words in shown and ("reads this face as" in shown) == read.sure
        assert ("reads this face as" in read.sentence("SimAM")) == read.sure
    assert "unsure about this face: anger or fear, 49 %" in unsure.sentence("SimAM")


def test_probabilities_stand_in_one_order_whatever_a_networks_own_is():
    html = answer.probability_table(["fear", "neutral", "happiness"], np.array([0.5, 0.2, 0.3]), 0)
    assert html.index("Neutral") < html.index("Happiness") < html.index("Fear")


def test_the_style_sheet_and_the_theme_have_the_same_accent():
    theme = tomllib.loads((Path(webapp.__file__).parent / ".streamlit" / "config.toml").read_text())["theme"]
    assert f"light-dark({theme['light']['primaryColor']}, {theme['dark']['primaryColor']})" in strips.stylesheet()
