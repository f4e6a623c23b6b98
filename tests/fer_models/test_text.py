"""Names, numbers and mistakes as words: nearest name, first mistake, shares cut off, probabilities never certain."""

import pytest
from pydantic import BaseModel, ValidationError

from fer_models.text import first_mistake, interval_text, listed, nearest, probability_text, share_text


def test_the_nearest_name_is_suggested_and_a_far_one_is_not():
    known = ("a_mobilenet", "mobilenetv3_small", "mobilenetv3_simam")
    assert nearest("mobilenetv3_smal", known) == " Did you mean 'mobilenetv3_small'?"
    assert nearest("a_mobilnet", dict.fromkeys(known)) == " Did you mean 'a_mobilenet'?"
    assert nearest("xyz", known) == nearest("a_mobilenet", ()) == ""


def test_the_first_mistake_and_its_place():
    class Inner(BaseModel):
        side: int

    class Outer(BaseModel):
        stages: tuple[Inner, ...]
        name: str

    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"stages": [{"side": 48}, {"side": "wide"}]})
    assert first_mistake(caught.value).startswith("stages.1.side: Input should be a valid integer")


def test_scores_are_cut_off_and_never_rounded_up():
    shares = (0.82463, 0.3, 0.9999, 1.0, 0.0)
    assert [share_text(share) for share in shares] == ["82.4 %", "30.0 %", "99.9 %", "100.0 %", "0.0 %"]
    assert interval_text((0.80399, 0.83)) == "80.3 to 83.0 %"


@pytest.mark.parametrize(
    ("probability", "digits", "text"),
    [
        (0.9296, 0, "93 %"),
        (0.9296, 1, "93.0 %"),
        (0.9996, 0, ">99 %"),
        (0.9996, 1, ">99.9 %"),
        (1.0, 1, ">99.9 %"),
        (0.0004, 1, "<0.1 %"),
        (0.0004, 0, "<1 %"),
        (0.0, 0, "<1 %"),
    ],
)
def test_a_probability_is_never_rounded_to_a_certainty(probability, digits, text):
    assert probability_text(probability, digits) == text


def test_names_are_listed_as_in_a_sentence():
    assert listed(["fear"]) == "fear" and listed([]) == ""
    assert listed(["anger", "disgust", "fear"]) == "anger, disgust and fear"
    assert listed(["anger", "disgust", "fear"], "or") == "anger, disgust or fear"
