"""Lines of maps: one scale where they share one, a sentence where they do not."""

import re

import numpy as np

from webapp.figures import compare
from webapp.figures.compare import Shown

SMALL, LARGE = np.array([[-1.0, 0.5]]), np.array([[0.0, 4.0]])


def drawn(maps: list[Shown], differences: list[Shown] = ()) -> str:
    return compare.line("Title", "Text.", "Unit.", maps, differences, 0.5)


def pictures(html: str) -> list[str]:
    return re.findall(r'src="(data:image/png[^"]+)"', html)


def test_maps_of_one_unit_share_a_scale_and_others_have_their_own():
    alone = [drawn([Shown("a", "", values, unit="logit")]) for values in (SMALL, LARGE)]
    shared = drawn([Shown("a", "", SMALL, unit="logit"), Shown("b", "", LARGE, unit="logit")])
    apart = drawn([Shown("a", "", SMALL, unit="logit"), Shown("b", "", LARGE, unit="other")])
    assert pictures(apart) == pictures(alone[0]) + pictures(alone[1]) and "scale of its own" in apart
    # The larger one decides the scale of both.
    assert pictures(shared)[1] == pictures(alone[1])[0] and pictures(shared)[0] != pictures(alone[0])[0]
    assert "4.00" in shared and "scale of its own" not in shared


def test_what_is_being_computed_is_said_and_changes_no_scale():
    waiting = drawn([Shown("a", "", SMALL, unit="logit"), Shown("b", "")])
    assert 'aria-busy="true"' in waiting and "Being computed" in waiting
    assert pictures(waiting) == pictures(drawn([Shown("a", "", SMALL, unit="logit")]))


def test_where_no_difference_can_be_had_one_sentence_says_why():
    maps = [Shown(name, "", SMALL, unit="logit") for name in "abc"]
    html = drawn(maps, [Shown("b minus a", "", note="Other grids."), Shown("c minus a", "", note="Other grids.")])
    assert html.count("Other grids.") == 1 and html.count("<figure") == 3
    some = drawn(maps, [Shown("b minus a", "", SMALL, unit="difference"), Shown("c minus a", "", note="Other grids.")])
    assert some.count("<figure") == 5 and some.count("Other grids.") == 1


def test_names_are_escaped_and_fine_maps_have_no_table():
    html = drawn([Shown("<b>", "", np.zeros((48, 48)), "for <i>", "logit")])
    assert "<b>" not in html and "<i>" not in html and "<table" not in html
    assert "<table" in drawn([Shown("a", "", SMALL, unit="logit")])
