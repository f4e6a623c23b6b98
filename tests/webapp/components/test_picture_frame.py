"""What the browser sends of the picture on which a box can be drawn."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.pages import checked


def page_that_hears() -> None:
    import streamlit as st

    from webapp import state
    from webapp.components import picture_frame

    with state.kept("page"):
        getattr(picture_frame, st.session_state["hears"])()
        st.text(str(state.address()))


def heard(kind: str, value: object) -> str:
    page = AppTest.from_function(page_that_hears)
    page.session_state["hears"], page.session_state["frame"] = f"_take_{kind}", {kind: value}
    return checked(page.run()).text[0].value


def test_a_drawn_box_is_the_chosen_part_in_whole_percent_of_the_picture():
    box = {"part": "box", "left": "10", "top": "20", "right": "50", "bottom": "100"}
    assert heard("box", [10.4, 20, 50, 130]) == str(box)
    assert heard("face", 2) == "{'part': '2'}"


@pytest.mark.parametrize("value", [None, "box", [1, 2, 3], [1, 2, 3, "4"], [1, 2, 3, float("nan")], {"a": 1}])
def test_what_is_no_box_chooses_nothing(value):
    assert heard("box", value) == "{}"


@pytest.mark.parametrize("value", [None, "2", [2], float("inf")])
def test_what_is_no_number_chooses_no_face(value):
    assert heard("face", value) == "{}"
