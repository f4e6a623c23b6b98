"""What a run tells, in words, and how long it takes from here."""

import pytest

from fer_models.training.events import EpochDone, EpochRecord, Note, Reading, StepDone, event_text, seconds_left
from fer_models.training.recipe import Recipe, Stage

STEP = StepDone("a_mobilenet", 2, 5, 112, 3, 40, loss=0.98765, accuracy=0.71234, seconds_left=425.0)
FIRST = StepDone("a_mobilenet", 1, 5, 112, 1, 40, loss=None, accuracy=None, seconds_left=2 * 3600 + 5 * 60)
RECORD = EpochRecord(5, 112, 0.5, accuracy=0.81234, macro_f1=0.71, seconds=100.0, validation_loss=0.6)
LAST = EpochDone("a_mobilenet", 5, RECORD, 0.0)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (STEP, "a_mobilenet  epoch 2/5  112 px  step 3/40  loss 0.988  validation accuracy 0.7123  7 min left"),
        (FIRST, "a_mobilenet  epoch 1/5  112 px  step 1/40  2 h 05 min left"),
        (LAST, "a_mobilenet  epoch 5/5  112 px  loss 0.500  validation accuracy 0.8123  macro-F1 0.7100  done"),
        (Note("Left out: 3"), "Left out: 3"),
        (Reading(256, 30_000), "reading pictures  256/30,000"),
    ],
)
def test_an_event_in_words(event, text):
    assert event_text(event) == text


def test_time_left_is_counted_in_pixels():
    """Of 2 epochs at 48 pixels and one at 64, 10 s after the first half epoch of 4 steps."""
    recipe = Recipe(network="mobilenetv3_small", stages=(Stage(side=48, epochs=2), Stage(side=64, epochs=1)))
    done, whole = 0.5 * 48**2, 2 * 48**2 + 64**2
    assert seconds_left(recipe, 2, 4, 10.0) == pytest.approx(10 * (whole - done) / done)
    assert seconds_left(recipe, 12, 4, 10.0) == 0
