"""Is a map true? Places are covered in its order, and the network says whether they mattered.

The score is the symmetric relevance gain of Bluecher, Vielhaben and Strodthoff, "Decoupling Pixel Flipping and
Occlusion Strategy for Consistent XAI Benchmarks" (2024): the area between the target's probability while the least
relevant places are covered first, and while the most relevant are. A map in no order has 0; what the fill alone does
is in both curves and falls out. Covering the least relevant first is uncovering the most relevant first, backwards: the
two curves are insertion and deletion (Petsiuk et al. 2018), and the gain is the difference of their areas.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_models.explanation.agreement import AnyMap, agreement, map_values, named_maps, to_grid
from fer_models.explanation.attribution import Attribution
from fer_models.explanation.controls import FACE_PRIOR, controls
from fer_models.explanation.cover import covered, filling
from fer_models.preprocessing import to_source

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

FINE_GRID = 8  # the second grid; the first is the last map's own
COVERING = ("blur", "mean")  # fills
STEPS = 16
#: Random sets of places that the infidelity is measured on.
SETS = 32


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How true one map is to the network, for one face.

    Attributes:
        name: of the map.
        control: whether it is a control and not a map of this network for this face.
        gain: symmetric relevance gain of the target's probability, -1..1: mean over grids and fills; chance is 0.
        interval: its 95 % interval over grids and fills: how far the way of covering decides.
        ahead: for each control the gain less the control's, with its paired 95 % interval: (difference, low, high).
        verdict: is it better than a face-shaped guess? 'yes', 'no' or 'cannot tell'.
        deletion, insertion: by (grid, fill) the target's probability while the most relevant places are covered, and
            uncovered, from none to all: (steps + 1,).
        infidelity: mean squared error of what the map says of random sets of places against what covering them does to
            the logit, the map scaled to fit best (Yeh et al. 2019): logits squared, less is truer.
        correlation: rank correlation with what covering each place does to the logit, -1..1; NaN for a flat map.
    """

    name: str
    control: bool
    gain: float
    interval: tuple[float, float]
    ahead: dict[str, tuple[float, float, float]]
    verdict: str
    deletion: dict[tuple[int, str], np.ndarray]
    insertion: dict[tuple[int, str], np.ndarray]
    infidelity: float
    correlation: float


def faithfulness(
    classifier: Classifier,
    crop: np.ndarray,
    maps: Mapping[str, AnyMap] | Sequence[AnyMap],
    target: str | int | None = None,
    *,
    mean_map: np.ndarray | None = None,
    grids: Sequence[int] | None = None,
    fills: Sequence[str] = COVERING,
    steps: int = STEPS,
    seed: int = 0,
) -> list[Faithfulness]:
    """How true maps of one face are, beside controls that know nothing.

    Args:
        classifier: from load_classifier.
        crop: (H, W, 3) uint8 RGB, one face.
        maps: by name or one after the other, (h, w) signed, of any size: high where a place raises the target's
            logit. An Attribution or a gate with places is one as well.
        target: label name or index; the predicted one unless given.
        mean_map: the network's mean map over other faces, one more control: (h, w).
        grids: places a side, the same for all maps; by default the last map's side and 8.
        fills: of cover.FILLS.
        steps: of a curve; no more than a grid has places.
        seed: of the random map, of the order of equal values and of the sets of places.

    Returns: a row for each map, then for each control. Raises ValueError for no maps, a map that is not (h, w) or holds
    what is no number, an Attribution of another target, a map named like a control, an unknown fill or target.
    """
    side = classifier.card.preprocessing.source_side
    source = to_source(crop, side)
    guesses = controls(classifier, crop, mean_map, seed)
    given = named_maps(maps)
    if not given:
        raise ValueError("There is no map to measure.")
    if taken := set(given) & set(guesses):
        raise ValueError(f"'{min(taken)}' is the name of a control; give the map another.")
    grids = tuple(dict.fromkeys(grids or (classifier.layers[-1].side, FINE_GRID)))
    if not all(1 < grid <= side for grid in grids):
        raise ValueError(f"A grid has 2 to {side} places a side.")
    index = int(classifier.logits([source])[0].argmax()) if target is None else classifier.target_index(target)
    for name, each in given.items():
        if isinstance(each, Attribution) and each.target != index:
            explained, measured_one = classifier.labels[each.target], classifier.labels[index]
            raise ValueError(f"Map '{name}' explains {explained}; what is measured here is {measured_one}.")
    values = {name: map_values(each) for name, each in given.items()}
    together = {**values, **guesses}
    measured = {}
    for number, (grid, fill) in enumerate(itertools.product(grids, fills)):
        # The random map is another each time, so that its interval is that of chance.
        drawn = {**values, **controls(classifier, crop, mean_map, seed + number)}
        measured[grid, fill] = curves(classifier, source, _gridded(drawn, grid), index, fill, steps, seed + number)
    gains = np.stack([gain(*pair) for pair in measured.values()], axis=1)  # (maps, grids x fills)
    seen = [numbers(classifier, source, _gridded(together, grids[0]), index, fill, seed) for fill in fills]
    infidelity, correlation = np.mean(seen, axis=0)
    rows = []
    for row, name in enumerate(together):
        ahead = {guess: interval(gains[row] - gains[list(together).index(guess)]) for guess in guesses if guess != name}
        rows.append(
            Faithfulness(
                name=name,
                control=name in guesses,
                gain=float(gains[row].mean()),
                interval=interval(gains[row])[1:],
                ahead=ahead,
                verdict=verdict(*ahead[FACE_PRIOR][1:]) if name != FACE_PRIOR else "no",
                deletion={way: pair[0][row] for way, pair in measured.items()},
                insertion={way: pair[1][row] for way, pair in measured.items()},
                infidelity=float(infidelity[row]),
                correlation=float(correlation[row]),
            )
        )
    return rows


def verdict(low: float, high: float) -> str:
    """Is a map better than a guess, given the interval of the difference of their gains? No interval tells nothing."""
    return "yes" if low > 0 else "no" if high < 0 else "cannot tell"


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of (N,) values and Student's 95 % interval of it: (mean, low, high). One value alone has no interval."""
    from scipy.stats import t as student  # it takes long to import

    mean, count = float(np.mean(values)), len(values)
    if count < 2:
        return mean, float("-inf"), float("inf")
    half = float(student.ppf(0.975, count - 1) * np.std(values, ddof=1) / count**0.5)
    return mean, mean - half, mean + half


def curves(
    classifier: Classifier,
    source: np.ndarray,
    maps: np.ndarray,
    target: int,
    fill: str,
    steps: int = STEPS,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Deletion and insertion of maps on one grid: the target's probability, 0..1, from no place to all.

    Args:
        source: (S, S) uint8, the face.
        maps: (M, g, g). Equal values are put in an order by chance, the same for all maps.
        target: index of the label.

    Returns: two (M, steps + 1). Each picture is looked at once, however many curves pass through it.
    """
    places = maps[0].size
    counts = np.linspace(0, places, min(steps, places) + 1).round().astype(int)
    chance = np.random.default_rng(seed).random(places)
    order = np.stack([np.lexsort((chance, -values.ravel())) for values in maps])
    rank = np.argsort(order, axis=1)  # (M, places): 0 for the most relevant
    first = rank[:, None] < counts[:, None]  # (M, steps + 1, places): the most relevant are covered
    seen = target_logits(classifier, source, np.concatenate([first, ~first]), target, fill, softmax=True)
    deletion, insertion = seen.reshape(2, len(maps), -1)
    return deletion, insertion


def gain(deletion: np.ndarray, insertion: np.ndarray) -> np.ndarray:
    """Symmetric relevance gain (...,) of curves (..., steps + 1): the area between them, the share covered 0..1."""
    between = insertion - deletion
    return (between[..., 1:] + between[..., :-1]).mean(-1) / 2


def numbers(
    classifier: Classifier, source: np.ndarray, maps: np.ndarray, target: int, fill: str, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Infidelity and rank correlation with covering of maps (M, g, g), see Faithfulness: (M,), (M,)."""
    places = maps[0].size
    alone = np.eye(places, dtype=bool)
    sets = np.random.default_rng(seed).random((SETS, places)) < 0.5
    logits = target_logits(classifier, source, np.concatenate([~np.ones((1, places), bool), alone, sets]), target, fill)
    change = logits[0] - logits[1:]  # what covering takes away
    truth = change[:places].reshape(maps[0].shape)
    alike = agreement({str(number): values for number, values in enumerate([*maps, truth])}, len(truth))
    return infidelity(maps.reshape(len(maps), -1), sets, change[places:]), alike[-1, :-1]


def infidelity(maps: np.ndarray, sets: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Infidelity (M,) of maps (M, places), each scaled by the one number that fits it best (Yeh et al. 2019, eq. 1).

    Args:
        sets: (N, places) booleans, the places covered together.
        change: (N,), the logit before less the logit with them covered.
    """
    said = maps @ sets.T.astype(np.float64)  # (M, N)
    power = (said**2).sum(1, keepdims=True)
    scale = np.divide((said * change).sum(1, keepdims=True), power, out=np.zeros_like(power), where=power > 0)
    return ((scale * said - change) ** 2).mean(1)


def target_logits(
    classifier: Classifier, source: np.ndarray, sets: np.ndarray, target: int, fill: str, softmax: bool = False
) -> np.ndarray:
    """The target's logit, or its probability, with sets of places (..., g * g) covered; float64 (...,)."""
    flat = sets.reshape(-1, sets.shape[-1])
    _, first, which = np.unique(np.packbits(flat, axis=1), axis=0, return_index=True, return_inverse=True)
    grid = round(flat.shape[1] ** 0.5)
    place = np.arange(len(source)) * grid // len(source)
    masks = flat[first].reshape(-1, grid, grid)[:, place[:, None], place]
    logits = classifier.logits(list(covered(source, masks, filling(source, fill)))).astype(np.float64)
    if softmax:
        logits = np.exp(logits - logits.max(1, keepdims=True))
        logits /= logits.sum(1, keepdims=True)
    return logits[which.ravel(), target].reshape(sets.shape[:-1])


def _gridded(maps: Mapping[str, np.ndarray], grid: int) -> np.ndarray:
    return np.stack([to_grid(values, grid) for values in maps.values()])
