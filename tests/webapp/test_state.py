"""The one table of page state: what links mean, what falls back, what is hidden. Without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.pages import checked, opened
from webapp import keys


def page_of_controls() -> None:
    """A page with one control of each kind, and a second that lacks all but the first."""
    import streamlit as st

    from webapp import keys, state

    title = st.session_state.get("title", "one")
    with state.kept(title):
        networks = {"a.x": "Network A", "b.x": "Network B", "c.y": "Network C"}
        network = state.choose(keys.NETWORK, st.pills, "Network", networks, default="b.x", required=True)
        if title == "one":
            labels = ("fear", "anger") if network == "c.y" else ("fear", "anger", "contempt")
            named = {"predicted": "The predicted one"} | {label: label.capitalize() for label in labels}
            explain = state.choose(keys.EXPLAIN, st.selectbox, "Explain", named)
            opacity = state.number(keys.OPACITY, st.slider, "Opacity", step=5)
            runs = state.switch(keys.RUNS, st.toggle, "Runs")
            networks = state.choose_several(keys.NETWORKS, st.multiselect, "Networks", networks, ["a.x", "b.x"])
            left = state.number(keys.EDGES[0], st.number_input, "Left")
            st.button("Draw", on_click=lambda: state.take(keys.EDGES[0], 40))
            if st.session_state.pop("cut", False):
                st.rerun()
            st.text(f"{network} {explain} {opacity} {runs} {left}")
            st.text(" ".join(networks))


@pytest.fixture
def visit():
    return lambda **choices: opened(AppTest.from_function(page_of_controls), choices)


def shown(page: AppTest) -> str:
    return page.text[0].value


def address(page: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[-1] for name, value in page.query_params.items()}


def notice(page: AppTest) -> str:
    assert len(page.warning) <= 1
    return page.warning[0].value.replace("\\", "") if page.warning else ""


def test_defaults_stay_out_of_the_address(visit):
    page = visit()
    assert shown(page) == "b.x predicted 60 False 25" and address(page) == {} and notice(page) == ""


def test_every_kind_of_control_is_restored_from_a_link_and_written_to_it(visit):
    asked = {"network": "a.x", "explain": "fear", "opacity": "20", "runs": "true", "left": "5"}
    page = visit(**asked)
    assert shown(page) == "a.x fear 20 True 5" and address(page) == asked
    assert page.pills(key="network").value == "a.x" and page.slider(key="opacity").value == 20
    page.selectbox(key="explain").set_value("anger").run()
    page.slider(key="opacity").set_value(60).run()
    checked(page.toggle(key="runs").set_value(False).run())
    assert shown(page) == "a.x anger 60 False 5"
    assert address(page) == {"network": "a.x", "explain": "anger", "left": "5"}


def test_links_of_yesterday_have_an_options_words(visit):
    page = visit(network="Network A", explain="Fear")
    assert shown(page).startswith("a.x fear") and notice(page) == ""
    assert address(page) == {"network": "a.x", "explain": "fear"}
    assert shown(visit(explain="The predicted one")).startswith("b.x predicted")


def test_several_are_one_choice_in_their_order(visit):
    page = visit(networks="c.y,Network A")
    assert page.text[1].value == "c.y a.x" and address(page) == {"networks": "c.y,a.x"} and notice(page) == ""
    checked(page.multiselect(key="networks").set_value(["a.x", "b.x"]).run())
    assert page.text[1].value == "a.x b.x" and address(page) == {}
    checked(page.multiselect(key="networks").set_value([]).run())
    assert page.text[1].value == "" and address(page) == {"networks": ""}


@pytest.mark.parametrize(
    ("asked", "shown", "missing"),
    [
        ("c.y,x,b.x", "c.y b.x", ["x"]),
        ("x,c.y", "c.y a.x", ["x"]),
        ("x,y,z", "a.x b.x", ["x", "y", "z"]),
        ("a.x,a.x,c.y", "a.x c.y", []),
        ("a.x,b.x,c.y,", "a.x b.x c.y", []),
    ],
)
def test_of_several_what_is_unknown_is_named_and_a_default_stands_in(visit, asked, shown, missing):
    page = visit(networks=asked)
    assert page.text[1].value == shown and all(f"“{each}”" in notice(page) for each in missing)
    assert bool(notice(page)) == bool(missing)


def test_what_is_chosen_by_code_moves_the_control_and_the_address(visit):
    page = visit(left="5")
    checked(page.button[0].click().run())
    assert page.number_input(key="left").value == 40 and address(page) == {"left": "40"}


@pytest.mark.parametrize(
    ("name", "asked", "instead"),
    [
        ("network", "ResNet-152", "Network B"),
        ("explain", "joy", "The predicted one"),
        ("opacity", "400", "60"),
        ("opacity", "-5", "60"),
        ("opacity", "half", "60"),
        ("runs", "perhaps", "off"),
        ("left", "", "25"),
    ],
)
def test_an_unknown_value_falls_back_and_is_named(visit, name, asked, instead):
    page = visit(**{name: asked})
    assert shown(page) == "b.x predicted 60 False 25" and address(page) == {}
    assert f"“{asked}”" in notice(page) and instead in notice(page)
    checked(page.toggle(key="runs").set_value(True).run())
    assert notice(page) == ""


def test_what_is_chosen_by_code_ends_a_notice(visit):
    page = visit(explain="joy")
    assert notice(page)
    assert notice(checked(page.button[0].click().run())) == ""


@pytest.mark.parametrize("asked", [{"hide": "nonsense"}, {"explain": "nonsense"}])
def test_a_notice_outlives_a_first_run_that_is_cut_short(asked):
    page = AppTest.from_function(page_of_controls)
    page.session_state["cut"] = True
    assert "nonsense" in notice(opened(page, asked))


def test_several_unknown_values_are_one_notice(visit):
    said = notice(visit(network="ResNet-152", explain="joy", opacity="400"))
    assert all(asked in said for asked in ("ResNet-152", "joy", "400"))


def test_a_link_cannot_write_markdown_on_the_page(visit):
    written = visit(network="![x](http://example.org/x.png) **b** <b> $x$ :red[y] _i_").warning[0].value
    assert all(written[place - 1] == "\\" for place, sign in enumerate(written) if sign in "![]*<>$_")
    # Before anything but these signs a backslash would be seen.
    assert "\\“" not in visit(network="“ä”").warning[0].value.replace("\\\\", "")
    assert len(notice(visit(network="a" * 500))) < 120


def test_a_choice_that_another_makes_impossible_does_not_stay(visit):
    page = visit(explain="contempt")
    checked(page.pills(key="network").set_value("c.y").run())
    assert shown(page).startswith("c.y predicted") and address(page) == {"network": "c.y"}
    assert "contempt" in notice(page)
    checked(page.pills(key="network").set_value("b.x").run())
    assert shown(page).startswith("b.x predicted") and notice(page) == ""
    contradictory = visit(network="c.y", explain="contempt")
    assert shown(contradictory).startswith("c.y predicted") and "contempt" in notice(contradictory)


def test_choices_stay_while_their_controls_are_on_another_page(visit):
    page = visit(explain="fear", opacity="20")
    page.session_state["title"] = "two"
    checked(page.run())
    assert not page.slider and address(page) == {"explain": "fear", "opacity": "20"}
    checked(page.pills(key="network").set_value("a.x").run())
    page.session_state["title"] = "one"
    checked(page.run())
    assert shown(page).startswith("a.x fear 20") and page.slider(key="opacity").value == 20


def test_a_link_can_hide_controls_and_their_choices_hold(visit):
    page = visit(hide="opacity,network", opacity="20", network="a.x")
    assert not page.slider and not page.pills and page.toggle
    assert shown(page).startswith("a.x predicted 20") and address(page)["hide"] == "network,opacity"
    assert notice(page) == ""


def test_what_cannot_be_hidden_is_told(visit):
    page = visit(hide="left,nothing-of-ours,opacity")
    assert page.number_input and not page.slider and address(page) == {"hide": "opacity"}
    assert "left" in notice(page) and "nothing-of-ours" in notice(page)


def test_what_is_not_ours_stays_in_the_address(visit):
    page = visit(utm="x", explain="fear", network="b.x")
    assert address(page) == {"explain": "fear", "utm": "x"}


def test_every_key_is_in_the_table_under_its_name():
    named = [value for value in vars(keys).values() if isinstance(value, keys.Key)]
    assert {key.name for key in (*named, *keys.EDGES)} == set(keys.KEYS)


@pytest.mark.parametrize(
    ("asked", "today"),
    [
        ({"stretch": "true"}, {}),
        ({"stretch": "false"}, {"contrast": "same"}),
        ({"stretch": "false", "contrast": "average"}, {"contrast": "average"}),
        ({"stretch": "perhaps"}, {}),
        ({"hide": "stretch,opacity"}, {"hide": "contrast,opacity"}),
    ],
)
def test_links_of_before_mean_what_took_the_place_of_their_keys(visit, asked, today):
    page = visit(**asked)
    assert address(page) == today and notice(page) == ""
