"""Which maps of a checkpoint are true? Their symmetric relevance gain over many faces, kept as NAME.faithfulness.json.

Every map of a face is measured on the same covered pictures as the controls, so that differences are paired by face.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer_models.checkpoints import CheckpointError, weights_key
from fer_models.evaluation.scores import Advance
from fer_models.evaluation.stored import Measured, load_measured
from fer_models.explanation.agreement import to_grid
from fer_models.explanation.attribution import attribute, list_methods, uses_layer
from fer_models.explanation.averages import mean_map
from fer_models.explanation.controls import FACE_PRIOR, controls
from fer_models.explanation.explain import explain
from fer_models.explanation.faithfulness import COVERING, curves, gain, interval, verdict

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

KIND = "faithfulness"  # of stored results
STEPS = 4  # of a curve: a quarter of the places at a time
#: A map that covers places is the yardstick and is never the best: the score covers places too.
YARDSTICK = "occlusion"


@dataclass(frozen=True)
class MapName:
    """A map of a network: ``layer`` is None for a method on pixels."""

    method: str
    layer: str | None = None

    def __str__(self) -> str:
        return self.method if self.layer is None else f"{self.method} {self.layer}"


class MapScore(BaseModel):
    """How true one map, or a control, is over ``faces`` faces.

    ``name`` is a method or a control; ``layer`` None for methods on pixels and controls; ``side`` the map's own places
    a side. ``gain`` is the mean symmetric relevance gain, -1..1, chance 0, and ``ahead`` by control the mean paired
    difference, each with its 95 % interval over faces.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    layer: str | None
    side: int
    control: bool
    faces: int
    gain: float
    interval: tuple[float, float]
    ahead: dict[str, tuple[float, float, float]]

    @property
    def verdict(self) -> str:
        """Is it better than a face-shaped guess? 'yes', 'no' or 'cannot tell'."""
        return verdict(*self.ahead[FACE_PRIOR][1:]) if FACE_PRIOR in self.ahead else "no"


class MapScores(Measured):
    """All that was measured of one checkpoint's maps.

    The curves have ``steps`` steps on ``grid`` x ``grid`` places; ``fills`` lie over the covered places, one for each
    face in turn. Maps are of the predicted label.
    """

    split: str
    faces: int
    seed: int
    grid: int
    steps: int
    fills: tuple[str, ...]
    scores: tuple[MapScore, ...]

    @property
    def best(self) -> MapScore | None:
        """The map with the largest lead over the face prior; the yardstick, which covers places too, is left out."""
        maps = [score for score in self.scores if not score.control and score.name != YARDSTICK]
        return max(maps, key=lambda score: score.ahead[FACE_PRIOR][0], default=None)

    def score(self, method: str, layer: str | None) -> MapScore | None:
        """Of a map, or of a control with no layer; None: not measured."""
        return next((score for score in self.scores if (score.name, score.layer) == (method, layer)), None)


def maps_worth_measuring(classifier: Classifier) -> list[MapName]:
    """Every method; the CAMs at the last map and at the last block of each of the two sizes before it.

    Ablation-CAM, which looks at a face once for each channel, at the last map only.
    """
    last = classifier.layers[-1]
    sides = sorted({layer.side for layer in classifier.layers if layer.side > last.side})[:2]
    deepest = [[layer for layer in classifier.layers if layer.side == side][-1] for side in sides]
    names = []
    for method in list_methods():
        if not uses_layer(method):
            names.append(MapName(method))
        else:
            layers = [last] if method == "ablation-cam" else [last, *deepest]
            names += [MapName(method, layer.name) for layer in layers]
    return names


def measure_faithfulness(
    classifier: Classifier,
    images: np.ndarray,
    others: np.ndarray,
    *,
    split: str,
    command: str = "",
    seed: int = 0,
    advance: Advance | None = None,
) -> MapScores:
    """Measure every map that is worth it, see :func:`maps_worth_measuring`, and every control.

    Args:
        classifier: from load_classifier.
        images: (N, s, s) uint8 at the source side, in an order by chance, 10 or more.
        others: (M, s, s) uint8, 30 or more faces that it may have learned from: their mean Grad-CAM is a control.
        split: which faces ``images`` are.
        command: that can measure it again.
        seed: of random maps and of the order of equal values.
        advance: called with the number of faces just done.
    """
    if len(images) < 10:
        raise ValueError(f"A mean over faces needs 10 of them or more, not {len(images)}.")
    names = maps_worth_measuring(classifier)
    own_mean = mean_map(lambda image: explain(classifier, image).cam, others)
    grid = classifier.layers[-1].side
    gains: dict[MapName, list[float]] = {}
    sides: dict[MapName, int] = {}
    guesses: list[MapName] = []
    for face, image in enumerate(images):
        target = int(classifier.logits([image])[0].argmax())
        known = {MapName(name): values for name, values in controls(classifier, image, own_mean, seed + face).items()}
        guesses = list(known)
        maps = {name: attribute(classifier, image, name.method, target, name.layer).values for name in names}
        together = maps | known
        sides |= {name: max(values.shape) for name, values in together.items()}
        gridded = np.stack([to_grid(values, grid) for values in together.values()])
        fill = COVERING[face % len(COVERING)]
        found = gain(*curves(classifier, image, gridded, target, fill, STEPS, seed + face))
        for name, value in zip(together, found, strict=True):
            gains.setdefault(name, []).append(float(value))
        if advance:
            advance(1)
    return MapScores(
        checkpoint=classifier.card.name,
        weights=weights_key(classifier.file) if classifier.file else "",
        command=command,
        split=split,
        faces=len(images),
        seed=seed,
        grid=grid,
        steps=min(STEPS, grid * grid),
        fills=COVERING,
        scores=tuple(_score(name, sides[name], gains, guesses) for name in [*names, *guesses]),
    )


def load_faithfulness(name: str) -> MapScores | None:
    """What is stored beside a checkpoint, None where nothing is; see :func:`load_measured`."""
    return load_measured(name, KIND, MapScores)


def best_map(name: str) -> MapName | None:
    """The method and layer whose maps measured best for a checkpoint; None where that was not measured."""
    try:
        found = load_faithfulness(name)
    except CheckpointError:
        return None
    best = found.best if found else None
    return MapName(best.name, best.layer) if best else None


def _score(name: MapName, side: int, gains: Mapping[MapName, list[float]], guesses: list[MapName]) -> MapScore:
    own = np.array(gains[name])
    mean, low, high = _rounded(own)
    ahead = {guess.method: _rounded(own - np.array(gains[guess])) for guess in guesses if guess != name}
    return MapScore(
        name=name.method,
        layer=name.layer,
        side=side,
        control=name in guesses,
        faces=len(own),
        gain=mean,
        interval=(low, high),
        ahead=ahead,
    )


def _rounded(values: np.ndarray) -> tuple[float, float, float]:
    mean, low, high = (round(end, 4) for end in interval(values))
    return mean, low, high
