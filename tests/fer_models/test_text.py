"""Words for what is wrong: the nearest known name, the first mistake of many."""

import pytest
from pydantic import BaseModel, ValidationError

from fer_models.text import first_mistake, nearest


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
