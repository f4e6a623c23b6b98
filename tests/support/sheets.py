"""A sheet to be taken away, whose every number is known."""

import numpy as np

from fer_models.export.sheet import Answer, Panel, Sheet

FACE = np.full((60, 60, 3), 128, np.uint8)
LABELS = ("neutral", "happiness", "anger")


def panel(values: np.ndarray, low: float, high: float, **given: str | None) -> Panel:
    facts = {"what": "grad-cam", "unit": "logit", "network": "A-MobileNet", "checkpoint": "a_mobilenet.ferplus"}
    return Panel(FACE, values, low, high, **(facts | {"layer": "features.13", "picture": "one <b>.jpg"} | given))


def made_up_sheet() -> Sheet:
    """A signed map that is red on the left half and blue on the right, a gate, and a map of another network."""
    halves = np.float32([[2, 2, -2, -2]] * 4)
    gate = np.linspace(0.2, 0.9, 9, dtype=np.float32).reshape(3, 3)
    rows = [
        [panel(halves, -2, 2, target="happiness"), panel(gate, 0, 1, what="gate: spatial", unit="gate")],
        [panel(halves / 3, -2, 2, target="anger", network="Other", checkpoint="other.ferplus", layer=None)],
    ]
    answers = [Answer("A-MobileNet", "a_mobilenet.ferplus", LABELS, np.float32([0.1, 0.7, 0.2]), "one <b>.jpg")]
    return Sheet("one <b>.jpg, face 1", rows, answers)
