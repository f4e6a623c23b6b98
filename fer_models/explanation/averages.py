"""What a network shows for the average face: the mean of every gate and of maps, stored as NAME.averages.npz.

Beside the mean stands what is special about one face. Means are of faces that the network learned from, never of those
it is scored on, and of enough of them to be nobody's.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_models.atomic import written_aside
from fer_models.checkpoints import weights_key
from fer_models.data.faces import FACES_IN_A_MEAN
from fer_models.explanation.attribution import attribute
from fer_models.explanation.attribution.cam import RULES
from fer_models.explanation.gates import GateMap

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.attention import GateKind
    from fer_models.classifier import Classifier

BATCH = 32  # faces a forward pass
#: Faces that CAMs, and each method on pixels, are averaged over, at most: they look at each face many times. A mean is
#: smooth: fewer places and steps do than one face needs.
FACES_OF_CAMS = 200
ON_PIXELS: dict[str, tuple[int, dict[str, Any]]] = {
    "occlusion": (30, {"grid": 8}),
    "integrated-gradients": (30, {"steps": 16}),
    "input-x-gradient": (100, {}),
}
#: A map is named by its method and its layer, None for a method on pixels.
MapName = tuple[str, str | None]


@dataclass(frozen=True, eq=False)  # == on arrays is no truth value
class Averages:
    """What one network shows for the average face.

    ``gates``: the mean of every gate in network order; ``maps``: (h, w) float32, the mean map of the predicted label by
    method and layer, each face's map divided by its largest absolute value first; ``faces``: how many each gate is the
    mean of; ``about``: which faces, in a sentence.
    """

    gates: list[GateMap]
    maps: Mapping[MapName, np.ndarray] = field(default_factory=dict)
    faces: int = 0
    about: str = ""


def make_averages(
    classifier: Classifier, images: np.ndarray, about: str, *, advance: Callable[[int], None] | None = None
) -> Averages:
    """Average a classifier's gates and maps over faces.

    The maps are every CAM by gradients at every layer, and those on pixels; each over the first of the faces.

    Args:
        classifier: from load_classifier.
        images: (N, s, s) uint8 at the source side, in an order by chance; faces that it may have learned from, 30 or
            more.
        about: which faces these are, to stand after their number.
        advance: called with the number of faces just done, of ``passes(N)`` in all.
    """
    advance = advance or (lambda _: None)
    gates = mean_gates(classifier, images, advance)
    maps = mean_cams(classifier, images[:FACES_OF_CAMS], advance)
    for method, (most, options) in ON_PIXELS.items():
        maps[method, None] = mean_map(partial(_map, classifier, method, options, advance), images[:most])
    told = f"{len(images):,} {about}"
    if len(images) > FACES_OF_CAMS:
        counts = {"the CAMs": FACES_OF_CAMS} | {method: most for method, (most, _) in ON_PIXELS.items()}
        told += "; of these for " + ", ".join(f"{what} {count}" for what, count in counts.items())
    return Averages(gates, maps, len(images), told)


def passes(faces: int) -> int:
    """How often faces are looked at to average over so many."""
    return faces + sum(min(faces, most) for most in (FACES_OF_CAMS, *(most for most, _ in ON_PIXELS.values())))


def mean_gates(
    classifier: Classifier, images: np.ndarray, advance: Callable[[int], None] = lambda _: None
) -> list[GateMap]:
    """The mean of every gate over faces (N, s, s) uint8, in network order. ValueError for too few of them."""
    import torch

    from fer_models.attention import gate_values, reading

    _check_enough(images)
    kinds: dict[tuple[str, str], GateKind] = {}
    means: dict[tuple[str, str], Tensor] = {}

    def add(layer: str, kind: GateKind, gate: Tensor, _: Tensor) -> None:
        kinds[layer, kind.name] = kind
        share = gate.cpu().double().sum(0, keepdim=True) / len(images)
        before = means.get((layer, kind.name))
        means[layer, kind.name] = share if before is None else before + share

    with torch.inference_mode(), reading(add):
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            classifier.network.features(classifier.preprocess(list(batch)))
            advance(len(batch))
    return [
        GateMap(layer, name, kind.axes, kind.value_range, gate_values(kind, means[layer, name]).numpy())
        for (layer, name), kind in kinds.items()
    ]


def mean_cams(
    classifier: Classifier, images: np.ndarray, advance: Callable[[int], None] = lambda _: None
) -> dict[MapName, np.ndarray]:
    """The mean map over faces (N, s, s) uint8 of every CAM by gradients at every layer, as :func:`mean_map` has it.

    One pass forth and one back give the feature maps and gradients of all layers. ValueError for too few faces.
    """
    import torch

    from fer_models.classifier import as_array

    _check_enough(images)
    layers, network = classifier.layers, classifier.network
    sums = {(method, layer.name): np.zeros((layer.side, layer.side)) for method in RULES for layer in layers}
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        with torch.inference_mode(False), torch.enable_grad():
            outputs = [classifier.preprocess(list(batch)).requires_grad_()]
            for block in network.features:
                outputs.append(block(outputs[-1]))
            predicted = network.head(outputs[-1]).max(1).values.sum()  # of each face the logit of its own prediction
            gradients = torch.autograd.grad(predicted, outputs[1:])
        for layer, maps, slopes in zip(layers, outputs[1:], gradients, strict=True):
            for method, rule in RULES.items():
                for face in range(len(batch)):
                    sums[method, layer.name] += _scaled(as_array(rule(maps[face], slopes[face : face + 1])[0]))
        advance(len(batch))
    return {name: (total / len(images)).astype(np.float32) for name, total in sums.items()}


def mean_map(map_of: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
    """The mean (h, w) of what ``map_of`` makes of each face (N, s, s), each divided by its largest absolute value.

    A map that is zero everywhere counts as it is. ValueError for too few faces.
    """
    _check_enough(images)
    return np.mean([_scaled(map_of(image)) for image in images], 0).astype(np.float32)


def save_averages(averages: Averages, weights: Path, command: str) -> Path:
    """Write averages, as fp16, beside the weights that made them; returns the file. Raises OSError, CheckpointError."""
    about = {
        "weights": weights_key(weights),
        "command": command,
        "about": averages.about,
        "faces": averages.faces,
        "gates": [{name: value for name, value in vars(gate).items() if name != "values"} for gate in averages.gates],
        "maps": list(averages.maps),
    }
    arrays = {f"gate{place}": gate.values for place, gate in enumerate(averages.gates)}
    arrays |= {f"map{place}": values for place, values in enumerate(averages.maps.values())}
    file = averages_file(weights)
    with written_aside(file) as aside, aside.open("wb") as output:
        half = {name: values.astype(np.float16) for name, values in arrays.items()}
        np.savez_compressed(output, allow_pickle=False, about=np.array(json.dumps(about)), **half)
    return file


def read_averages(classifier: Classifier) -> Averages | None:
    """What is stored beside a classifier's weights; None where nothing is, or what is there is of other weights.

    It is kept in memory: do not write to its arrays.
    """
    if classifier.file is None:
        return None
    file = averages_file(classifier.file)
    try:
        changed = file.stat().st_mtime_ns
        stored, averages = _read(file, changed)
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error):
        return None  # none there, or a damaged one, which is as good as none
    return averages if stored == weights_key(classifier.file) else None


def averages_file(weights: Path) -> Path:
    """Where the averages of the checkpoint with these weights are stored."""
    return weights.with_suffix(".averages.npz")


@lru_cache(maxsize=16)
def _read(file: Path, changed: int) -> tuple[str, Averages]:
    """The key of the weights and the averages of a file, as it was when it was last changed."""
    with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
        about: dict[str, Any] = json.loads(str(stored["about"]))
        gates = []
        for place, entry in enumerate(about["gates"]):
            low, high = entry["value_range"]
            # fp16 may round a gate to just beyond what its kind can be.
            values = np.clip(stored[f"gate{place}"].astype(np.float32), low, high)
            gates.append(GateMap(entry["layer"], entry["kind"], tuple(entry["axes"]), (low, high), values))
        maps = {
            (method, layer): stored[f"map{place}"].astype(np.float32)
            for place, (method, layer) in enumerate(about["maps"])
        }
    return about["weights"], Averages(gates, maps, about["faces"], about["about"])


def _map(
    classifier: Classifier, method: str, options: dict[str, Any], advance: Callable[[int], None], image: np.ndarray
) -> np.ndarray:
    advance(1)
    return attribute(classifier, image, method, **options).values


def _scaled(values: np.ndarray) -> np.ndarray:
    return values / (np.abs(values).max() or 1.0)


def _check_enough(images: Sequence[np.ndarray] | np.ndarray) -> None:
    if len(images) < FACES_IN_A_MEAN:
        raise ValueError(
            f"A mean is made of {FACES_IN_A_MEAN} faces or more, so that it is nobody's; not {len(images)}."
        )
