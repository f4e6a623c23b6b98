"""What `ferscope evaluate` prints of numbers that are known."""

import pytest

from fer_models.card import Score
from fer_models.cli.evaluation_tables import comparison_text, robustness_table
from fer_models.evaluation import Comparison, RobustnessScore


def comparison(**changes) -> Comparison:
    found = {
        "a": "a.test",
        "b": "b.test",
        "split": "PublicTest",
        "count": 1069,
        "both_right": 1050,
        "only_a": 2,
        "only_b": 10,
        "neither": 7,
        "difference": -0.11594,
        "difference_interval": (-0.2151, -0.0168),
        "p_value": 0.0386,
    }
    return Comparison(**found | changes)


def test_the_comparison_in_words():
    heading, counts, difference, test = comparison_text(comparison()).splitlines()
    assert heading == "a.test against b.test on the same 1,069 faces of PublicTest"
    assert counts == "  both right 1,050; only a.test 2; only b.test 10; neither 7"
    assert difference == "  difference of accuracy -11.6 points (95 % interval -21.5 to -1.7)"
    assert "p = 0.039: b.test is better" in test


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"p_value": 1.0}, "p = 1.000: these faces do not tell the two apart"),
        ({"p_value": 0.05}, "p = 0.050: these faces do not tell the two apart"),
        ({"p_value": 4e-4, "difference": 0.1}, "p < 0.001: a.test is better"),
    ],
)
def test_the_verdict_names_the_better_one_only_where_chance_does_not_explain_it(changes, verdict):
    assert verdict in comparison_text(comparison(**changes))


def score(accuracy: float, interval: tuple[float, float]) -> Score:
    return Score(split="x", label_rule="r", count=20, accuracy=accuracy, interval=interval, macro_f1=0.5, recall={})


def test_robustness_is_told_with_what_each_change_costs():
    turned = RobustnessScore(
        name="rotation",
        parameter="+10 degrees",
        score=score(0.65, (0.4329, 0.8188)),
        drop=0.15,
        drop_interval=(-0.0412, 0.3139),
    )
    heading, clean, changed, *notes = robustness_table(score(0.8, (0.5840, 0.9193)), [turned]).splitlines()
    assert heading.split()[:2] == ["faces", "accuracy"]
    assert clean.split() == ["as", "they", "are", "80.0", "%", "58.4", "to", "91.9", "%"]
    assert changed.split() == [
        "rotation,",
        "+10",
        "degrees",
        "65.0",
        "%",
        "43.2",
        "to",
        "81.8",
        "%",
        "15.0",
        "-4.1",
        "to",
        "31.4",
    ]
    assert any("Wilson's of accuracy" in note for note in notes)
