"""Confusion matrices as HTML: order, values, words, colours."""

import re

import numpy as np
import pytest

from tests.support.html_tables import Table, contrast
from webapp.figures import matrix
from webapp.figures.colours import BLUE_WHITE_RED, CIVIDIS

NAMES = ("fear", "neutral", "anger")  # a network's own order: people see neutral, anger, fear
COUNTS = np.array([[4, 0, 0], [9, 90, 1], [0, 0, 0]])


def buttons(html: str) -> dict[tuple[str, str], dict[str, str]]:
    """Attributes of each button, and its ``text``, by (true, predicted)."""
    found = {}
    for attributes, text in re.findall(r"<button ([^>]*)>(.*?)</button>", html):
        read = dict(re.findall(r'([a-z-]+)="(.*?)"', attributes)) | {"text": text}
        found[read["data-row"], read["data-column"]] = read
    return found


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, ""),
        (0.004, "<1"),
        (0.005, "1"),
        (0.209, "21"),
        (0.125, "13"),
        (0.29, "29"),
        (0.994, "99"),
        (0.996, ">99"),
        (1.0, "100"),
    ],
)
def test_shares_in_cells_are_rounded_but_never_to_none_or_all(share, text):
    assert matrix.short_share(share) == text


def test_every_button_says_what_was_read_as_what_how_often():
    drawn = matrix.recall_matrix(NAMES, COUNTS)
    found = buttons(matrix.matrix_buttons(drawn, "a <net>", ("neutral", "fear")))
    shown = ("neutral", "anger", "fear")
    assert list(found) == [(true, predicted) for true in shown for predicted in shown]
    said = {cell: (button["text"], button["aria-label"]) for cell, button in found.items()}
    assert said["neutral", "fear"] == ("9", "neutral read as fear, 9.0 %, 9 faces")
    assert said["neutral", "anger"] == ("1", "neutral read as anger, 1.0 %, 1 face")
    assert said["neutral", "neutral"] == ("90", "neutral recognised, 90.0 %, 90 faces")
    assert said["anger", "fear"] == ("", "anger read as fear, 0.0 %, 0 faces")
    html = matrix.matrix_buttons(drawn, "a <net>", ("neutral", "fear"))
    assert Table(html).lines[1:] == [
        ["People saw", "Neutral", "Anger", "Fear"],
        ["Neutral", "90", "1", "9"],
        ["Anger", "", "", ""],
        ["Fear", "", "", "100"],
    ]
    assert 'aria-label="Confusion matrix of a &lt;net&gt;"' in html


def test_one_button_is_pressed_and_the_only_one_that_tab_reaches():
    found = buttons(matrix.matrix_buttons(matrix.count_matrix(NAMES, COUNTS), "", ("neutral", "fear")))
    assert [cell for cell, button in found.items() if button["aria-pressed"] == "true"] == [("neutral", "fear")]
    assert [cell for cell, button in found.items() if button["tabindex"] == "0"] == [("neutral", "fear")]


def test_what_is_not_ours_is_escaped():
    drawn = matrix.share_matrix(('"><i>', "b"), np.eye(2))
    html = matrix.matrix_buttons(drawn, "<u>", ("b", "b")) + matrix.matrix_picture(drawn, "<s>")
    assert not re.search("<[ius]>", html)


@pytest.mark.parametrize("signed", [False, True])
def test_numbers_are_legible_on_every_colour(signed):
    names = tuple("abcdefgh")
    shares = np.linspace(0, 1, 64).reshape(8, 8)
    drawn = matrix.share_matrix(names, shares)
    if signed:
        drawn = matrix.count_difference(names, (1000 * shares).round(), np.full((8, 8), 500))
    for button in buttons(matrix.matrix_buttons(drawn, "", ("a", "a"))).values():
        red, green, blue, ink = re.fullmatch(
            r"background:rgb\((\d+) (\d+) (\d+)\);color:(.*)", button["style"]
        ).groups()
        assert contrast(ink, np.array([int(red), int(green), int(blue)])) >= 4.5


def test_shares_lie_on_one_scale_and_differences_are_white_at_zero():
    shares = buttons(matrix.matrix_buttons(matrix.share_matrix(NAMES, np.diag([1, 0.5, 0])), "", ("fear", "fear")))
    assert "rgb({} {} {})".format(*CIVIDIS[255]) in shares["fear", "fear"]["style"]
    assert "rgb({} {} {})".format(*CIVIDIS[0]) in shares["anger", "anger"]["style"]
    theirs = np.array([[10, 0, 0], [0, 10, 0], [0, 0, 10]])
    ours = np.array([[5, 5, 0], [0, 10, 0], [0, 1, 9]])
    drawn = matrix.share_difference(NAMES, ours, theirs)
    assert (drawn.scale.low, drawn.scale.high) == (-50, 50) and drawn.ticks == ("−50.0", "0", "+50.0")
    found = buttons(matrix.matrix_buttons(drawn, "", ("fear", "fear")))
    assert (found["fear", "fear"]["text"], found["fear", "neutral"]["text"]) == ("−50", "+50")
    assert found["anger", "anger"]["aria-label"] == "anger recognised, −10.0 points"
    assert "rgb({} {} {})".format(*BLUE_WHITE_RED[0]) in found["fear", "fear"]["style"]
    white = re.findall(r"\d+", found["neutral", "neutral"]["style"].partition(";")[0])
    assert min(map(int, white)) >= 253
    same = matrix.count_difference(NAMES, COUNTS, COUNTS)
    assert same.ticks == ("−1", "0", "+1") and same.full[0][0] == "0 faces"


def test_counts_are_written_whole():
    drawn = matrix.count_matrix(NAMES, 20 * COUNTS)
    assert drawn.short[0] == ["1800", "20", "180"] and drawn.full[0][0] == "1,800 faces, 90.0 %"
    assert drawn.ticks == ("0", "900", "1,800")
    assert matrix.colour_bar(drawn, "<faces>").count("&lt;faces&gt;") == 1


def test_the_numbers_are_a_plain_table_too():
    heads, lines = matrix.matrix_lines(matrix.recall_matrix(NAMES, COUNTS))
    assert heads == ["people saw", "read as neutral", "read as anger", "read as fear"]
    assert lines[0] == ["Neutral, 100 faces", "90.0 %, 90 faces", "1.0 %, 1 face", "9.0 %, 9 faces"]


def test_a_matrix_that_chooses_nothing_has_the_same_cells():
    html = matrix.matrix_picture(matrix.recall_matrix(NAMES, COUNTS), "all & nothing")
    assert Table(html).lines[2] == ["Neutral", "90", "1", "9"]
    assert "<button" not in html and "all &amp; nothing" in html
