"""What is taken away of the page: the map, with the verdict on it as the title."""

import numpy as np

import fer_models as fer
from fer_models.explanation.controls import FACE_PRIOR
from fer_models.export.sheet import Answer, Panel, Sheet
from webapp import wording
from webapp.components.gallery import sample_name
from webapp.figures import trust
from webapp.views.trust.one_face import Shown


def make_sheet(shown: Shown, values: np.ndarray, own: fer.Faithfulness) -> Sheet:
    """``values``: the map (h, w); ``own``: what was measured of it."""
    seen, network = shown.seen, wording.network_name(shown.checkpoint)
    picture = sample_name(shown.face.sample) if shown.face.sample else "own picture"
    largest = float(np.abs(values).max())
    panel = Panel(
        face=shown.face.crop,
        values=values,
        low=-largest,
        high=largest,
        what=wording.METHODS[shown.map.method],
        unit="red raises the score, blue lowers it",
        network=network,
        checkpoint=shown.checkpoint,
        layer=shown.map.layer,
        target=seen.labels[seen.target],
        picture=picture,
    )
    answer = Answer(network, shown.checkpoint, seen.labels, seen.probabilities, picture)
    lead, low, high = own.ahead[FACE_PRIOR]
    title = f"Better than a guess? {trust.VERDICTS[own.verdict]}, {trust.signed(lead)} ({trust.span(low, high)})"
    return Sheet(title, [[panel]], [answer])
