"""What is taken away of the page: the large maps as they stand there, and what the network answered."""

from collections.abc import Iterable

import numpy as np

from fer_models.evaluation.faithfulness import MapName
from fer_models.explanation.attribution import unit_of
from fer_models.export.sheet import Answer, Panel, Sheet
from webapp import wording
from webapp.components.gallery import sample_name
from webapp.views.recognise.hero import Looked


def make_sheet(looked: Looked, shown: Iterable[tuple[MapName, np.ndarray]]) -> Sheet:
    """``shown``: every map (h, w) of the row, each drawn on a scale of its own with zero in the middle."""
    seen, network, sample = looked.after.seen, wording.network_name(looked.checkpoint), looked.face.sample
    picture = sample_name(sample) if sample else "own picture"
    if looked.patch:
        picture += ", covered in part"
    panels = []
    for name, values in shown:
        largest = float(np.abs(values).max())
        panels.append(
            Panel(
                face=looked.covered.crop,
                values=values,
                low=-largest,
                high=largest,
                what=wording.METHODS[name.method],
                unit=unit_of(name.method),
                network=network,
                checkpoint=looked.checkpoint,
                layer=name.layer,
                target=looked.label,
                picture=picture,
            )
        )
    told = Answer(network, looked.checkpoint, seen.labels, seen.probabilities, picture)
    return Sheet(told.sentence, [panels], [told])
