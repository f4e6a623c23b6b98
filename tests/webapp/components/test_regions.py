"""The parts of the face on a page: what is stored, or what makes it."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fer_models.checkpoints import weights_key
from fer_models.evaluation.stored import save_measured
from tests.support.pages import checked, text
from tests.webapp.conftest import save
from tests.webapp.figures.test_regions import scores

NAME = "mobilenetv3_small.ferplus"


def shown() -> str:
    def page() -> None:
        from webapp.components.regions import show_regions

        show_regions("mobilenetv3_small.ferplus")

    return text(checked(AppTest.from_function(page, default_timeout=60).run()))


@pytest.fixture
def weights(tmp_path: Path, only_checkpoints) -> Path:
    only_checkpoints(tmp_path)
    save(tmp_path, "mobilenetv3_small")
    return tmp_path / f"{NAME}.safetensors"


def test_without_a_measurement_it_is_said_what_makes_one(weights):
    assert f"ferscope regions {NAME}" in shown()


def test_what_was_measured_is_shown_and_how(weights):
    save_measured(scores().model_copy(update={"weights": weights_key(weights)}), weights, "regions")
    said = shown()
    assert "happiness most from the mouth" in said and "PublicTest" in said


def test_a_measurement_of_other_weights_is_not_shown(weights):
    save_measured(scores(), weights, "regions")
    said = shown()
    assert "other weights" in said and "most from the mouth" not in said
