"""Answers that are on the page before any network is in memory: the gallery's composites as one network saw them.

``make precomputed`` writes them. Each is kept under what it depends on: the weights, what the card says of their use,
and the face's own file. Where one of these is another today, there is no stored answer; a stale one is never shown.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import fer_models as fer
from fer_models.atomic import written_aside
from fer_models.checkpoints import weights_key
from fer_models.faces import whole_picture
from webapp.components.gallery import Sample, read_gallery
from webapp.components.samples import sample_crop
from webapp.figures.gate_groups import GateGroup, Layer, group_gates

FILE, OCCLUSIONS = (Path(__file__).with_name(name) for name in ("precomputed.npz", "occlusions.npz"))


def stored_answer(checkpoint: str, sample: Sample, file: Path = FILE) -> tuple[fer.Explanation, list[GateGroup]] | None:
    """What the checkpoint saw in a composite, explained for the predicted expression; None where it is not stored."""
    stored = _read(file)
    if stored is None or stored["checkpoint"] != checkpoint or stored["weights"] != weights_key(checkpoint):
        return None
    if _face_key(sample) not in stored["faces"]:
        return None
    row = stored["faces"].index(_face_key(sample))
    gates = [
        fer.GateMap(gate["layer"], gate["kind"], tuple(gate["axes"]), tuple(gate["value_range"]), values[row])
        for gate, values in zip(stored["gates"], stored["values"], strict=True)
    ]
    probabilities = stored["probabilities"][row]
    seen = fer.Explanation(
        labels=tuple(stored["labels"]),
        probabilities=probabilities,
        target=int(probabilities.argmax()),
        layer=stored["layer"],
        cams=stored["cams"][row],
        gates=gates,
    )
    return seen, list(_groups(stored["groups"], gates))


def store_answers(checkpoint: str, file: Path = FILE) -> int:
    """Look at every composite of the gallery and write what was seen; returns how many there are."""
    classifier = fer.load_classifier(checkpoint)
    samples = [sample for group in read_gallery().values() for sample in group if sample.kind == "composite"]
    seen = [fer.explain(classifier, whole_picture(fer.open_image(sample.read())).crop) for sample in samples]
    gates = seen[0].gates
    about = {
        "checkpoint": checkpoint,
        "weights": weights_key(checkpoint),
        "faces": [_face_key(sample) for sample in samples],
        "labels": seen[0].labels,
        "layer": seen[0].layer,
        "gates": [{name: value for name, value in vars(gate).items() if name != "values"} for gate in gates],
        "groups": [
            {"family": group.family, "layers": [_layer_entry(layer, gates) for layer in group.layers]}
            for group in group_gates(classifier.network, gates)
        ],
    }
    arrays = {f"gate{index}": np.stack([each.gates[index].values for each in seen]) for index in range(len(gates))}
    with written_aside(file) as aside, aside.open("wb") as output:
        np.savez_compressed(
            output,
            allow_pickle=False,
            about=np.array(json.dumps(about)),
            probabilities=np.stack([each.probabilities for each in seen]),
            cams=np.stack([each.cams for each in seen]),
            **arrays,
        )
    return len(samples)


def stored_occlusion(checkpoint: str, crop: np.ndarray, file: Path = OCCLUSIONS) -> np.ndarray | None:
    """What covering each place of a gallery's face changes, (K, 16, 16) float32; None where it is not stored."""
    stored = _read_occlusions(file).get((weights_key(checkpoint), _crop_key(crop)))
    return None if stored is None else stored.astype(np.float32)


def has_occlusions(checkpoint: str, file: Path = OCCLUSIONS) -> bool:
    """Whether the file holds the maps of every face of the gallery for the checkpoint's weights of today."""
    kept, key = _read_occlusions(file), weights_key(checkpoint)
    return all((key, _crop_key(sample_crop(sample))) in kept for group in read_gallery().values() for sample in group)


def store_occlusions(checkpoint: str, file: Path = OCCLUSIONS) -> int:
    """Cover every place of every face of the gallery, beside what the file has of other checkpoints; returns how many.

    Maps of weights that no checkpoint has any more are left out, as are those of faces that the gallery lost.
    """
    from fer_models.explanation.attribution import attribute_all

    crops = [sample_crop(sample) for group in read_gallery().values() for sample in group]
    faces = [_crop_key(crop) for crop in crops]
    classifier = fer.load_classifier(checkpoint)
    found = {weights_key(checkpoint): np.stack([attribute_all(classifier, crop, "occlusion") for crop in crops])}
    kept = _read_occlusions(file)
    for key in map(weights_key, fer.list_checkpoints()):
        if key not in found and all((key, face) in kept for face in faces):
            found[key] = np.stack([kept[key, face] for face in faces])
    with written_aside(file) as aside, aside.open("wb") as output:
        maps = {key: each.astype(np.float16) for key, each in found.items()}
        np.savez_compressed(output, allow_pickle=False, faces=np.array(faces), **maps)
    _read_occlusions.cache_clear()
    return len(crops)


@lru_cache
def _read_occlusions(file: Path) -> dict[tuple[str, str], np.ndarray]:
    """Maps (K, 16, 16) by the keys of weights and face."""
    if not file.is_file():
        return {}
    with np.load(file, allow_pickle=False) as stored:
        faces = stored["faces"].tolist()
        arrays = {key: stored[key] for key in stored.files if key != "faces"}
    return {(key, face): each for key, maps in arrays.items() for face, each in zip(faces, maps, strict=True)}


def _crop_key(crop: np.ndarray) -> str:
    return hashlib.sha256(crop.tobytes()).hexdigest()


@lru_cache
def _read(file: Path) -> dict[str, Any] | None:
    """The file's content with each gate's values in ``values``; None where there is no such file."""
    if not file.is_file():
        return None
    with np.load(file, allow_pickle=False) as stored:
        about = json.loads(str(stored["about"]))
        values = [stored[f"gate{index}"] for index in range(len(about["gates"]))]
        return about | {"probabilities": stored["probabilities"], "cams": stored["cams"], "values": values}


def _face_key(sample: Sample) -> str:
    return hashlib.sha256(sample.read()).hexdigest()


def _layer_entry(layer: Layer, gates: list[fer.GateMap]) -> dict[str, Any]:
    """A layer with its gates as places in the list of all."""
    places = [next(place for place, gate in enumerate(gates) if gate is mine) for mine in layer.gates]
    return {name: value for name, value in vars(layer).items() if name != "gates"} | {"gates": places}


def _groups(entries: list[dict[str, Any]], gates: list[fer.GateMap]) -> Iterator[GateGroup]:
    for entry in entries:
        layers = (layer | {"gates": tuple(gates[place] for place in layer["gates"])} for layer in entry["layers"])
        yield GateGroup(entry["family"], tuple(Layer(**layer) for layer in layers))
