"""The agreement of maps as a table: which two, how much, in which colour."""

import numpy as np

from tests.support.html_tables import Table
from webapp.figures import agreement

GROUPS = [("Net <A>", ["Grad-CAM", "gate"]), ("Net B", ["Grad-CAM"])]
VALUES = np.array([[1, 0.5, -0.25], [0.5, 1, np.nan], [-0.25, np.nan, 1]])


def test_every_two_maps_have_a_cell_under_their_numbers():
    lines = Table(agreement.agreement_table(GROUPS, VALUES)).lines
    assert lines == [
        ["", "1", "2", "3"],
        ["Net <A>"],
        ["1 Grad-CAM", "", "0.50", "−0.25"],
        ["2 gate", "0.50", "", "–"],
        ["Net B"],
        ["3 Grad-CAM", "−0.25", "–", ""],
    ]


def test_a_cell_names_its_maps_and_its_colour_follows_its_sign():
    html = agreement.agreement_table(GROUPS, VALUES)
    assert 'title="Net &lt;A&gt;, Grad-CAM and Net B, Grad-CAM: −0.25"' in html
    assert "Net B, Grad-CAM: one of the two is the same everywhere" in html
    ends = agreement.agreement_table([("", ["a", "b", "c"])], np.array([[1, 1.0, -1], [1, 1, 0], [-1, 0, 1.0]]))
    red, white, blue = (agreement.FULL.colours[place].tolist() for place in (255, 128, 0))
    assert all("background:rgb({} {} {})".format(*colour) in ends for colour in (red, white, blue))
    assert red[0] > red[2] and blue[2] > blue[0] and min(white) > 250


def test_numbers_that_have_no_room_are_left_to_titles_and_screen_readers():
    many = agreement.NUMBERS + 1
    html = agreement.agreement_table([("", [f"map {place}" for place in range(many)])], np.eye(many))
    assert html.count('class="fs-unseen"') == many * (many - 1) and Table(html).lines[1][2] == "0.00"


def test_the_plain_table_has_every_two_once_those_that_agree_most_first():
    heads, lines = agreement.agreement_lines(GROUPS, VALUES)
    assert len(heads) == 3 and [line[2] for line in lines] == ["0.50", "−0.25", "–"]
    assert lines[0][:2] == ["Net <A>, Grad-CAM", "Net <A>, gate"]


def test_what_rounds_to_nothing_has_no_sign():
    assert agreement.agreement_text(-0.004) == agreement.agreement_text(0.004) == "0.00"
    assert agreement.agreement_text(-0.006) == "\N{MINUS SIGN}0.01"
