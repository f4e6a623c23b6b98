"""What the API answers: the library's numbers as plain JSON values, a map as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import fer_models as fer
from fer_models.text import nearest
from fer_models.version import __version__
from webapp import wording
from webapp.networks import load_classifier

if TYPE_CHECKING:
    from fer_models.export.sheet import Sheet

Answer = dict[str, Any]


class Unusable(ValueError):
    """A call that is understood and cannot be answered: the picture, or a name; says why in a sentence."""


@dataclass(frozen=True, eq=False)
class Explained:
    """One face explained: the answer, and the sheet that a figure is drawn of."""

    answer: Answer
    sheet: Sheet


def predicted(content: bytes, checkpoint: str, whole: bool = False) -> Answer:
    """Which expression each face of a picture shows, largest face first.

    Args:
        content: of a JPEG, PNG, WebP or AVIF file.
        checkpoint: a name of fer.list_checkpoints.
        whole: the whole picture is one face; else faces are sought.

    Raises Unusable for a picture that cannot be read and an unknown checkpoint.
    """
    classifier = known_classifier(checkpoint)
    image, faces = faces_of(content, whole)
    shares = list(classifier.predict([face.crop for face in faces])) if faces else []
    told = [_face(number, *each, classifier.labels) for number, each in enumerate(zip(faces, shares, strict=True), 1)]
    return _head(checkpoint, image) | {"faces": told}


def explained(
    content: bytes,
    checkpoint: str,
    target: str | None = None,
    method: str = "grad-cam",
    layer: str | None = None,
    face: int = 1,
    whole: bool = False,
    gates: bool = False,
) -> Explained:
    """Which places of one face raise the target's logit, and which lower it: the map of fer.attribute, unrounded.

    ``face`` counts from 1, the largest; ``gates`` adds what the network's attention multiplied by. Other arguments and
    errors: :func:`predicted` and fer.attribute, whose errors become Unusable as well, as does a face that is not there.
    """
    from fer_models.explanation.attribution import uses_layer
    from fer_models.export import sheet

    classifier = known_classifier(checkpoint)
    image, faces = faces_of(content, whole)
    if not faces:
        raise Unusable("No face was found in this picture; with whole=true all of it is taken as one face.")
    if face > len(faces):
        raise Unusable(f"There is no face {face}: {len(faces)} found in this picture.")
    chosen = faces[face - 1]
    try:
        if layer is not None and not uses_layer(method):
            raise ValueError(f"A layer is for maps that are taken at one; {method} works on pixels.")
        made = sheet.explained([classifier], chosen.crop, f"picture, face {face}", [method], target, layer)
    except ValueError as error:
        raise Unusable(str(error)) from None
    (panel,), (shares,) = made.panels, made.answers
    answer = _head(checkpoint, image) | {
        "face": _face(face, chosen, shares.probabilities, classifier.labels),
        "target": panel.target,
        "method": panel.what,
        "layer": panel.layer,
        "unit": panel.unit,
        "map": panel.values.tolist(),
    }
    if gates:
        answer["gates"] = [_gate(gate) for gate in fer.explain(classifier, chosen.crop).gates]
    return Explained(answer, made)


def known_classifier(checkpoint: str) -> fer.Classifier:
    """By name alone: a path would open any file of this machine. Raises Unusable."""
    names = fer.list_checkpoints()
    if checkpoint not in names:
        raise Unusable(f"There is no checkpoint '{checkpoint}'.{nearest(checkpoint, names)}")
    try:
        return load_classifier(checkpoint)
    except ValueError as error:
        raise Unusable(str(error)) from None


def faces_of(content: bytes, whole: bool) -> tuple[np.ndarray, list[fer.Face]]:
    """The picture (H, W, 3) and its faces, or all of it as one. Raises Unusable."""
    from fer_models.faces import whole_picture

    try:
        image = fer.open_image(content)
    except fer.ImageError as error:
        raise Unusable(str(error)) from None
    return image, [whole_picture(image)] if whole else fer.detect_faces(image)


def _head(checkpoint: str, image: np.ndarray) -> Answer:
    height, width = image.shape[:2]
    return {
        "version": __version__,
        "checkpoint": checkpoint,
        "network": wording.network_name(checkpoint),
        "picture": {"width": width, "height": height},
    }


def _face(number: int, face: fer.Face, shares: np.ndarray, labels: tuple[str, ...]) -> Answer:
    return {
        "face": number,
        "box": [int(edge) for edge in face.box],
        "eyes": [[float(x), float(y)] for x, y in face.eyes] if face.eyes else None,
        "expression": labels[int(shares.argmax())],
        "probabilities": dict(zip(labels, shares.tolist(), strict=True)),
    }


def _gate(gate: fer.GateMap) -> Answer:
    """Its values where it has one a channel, else their mean over channels: by rows and columns of the map."""
    reduced = gate.places and "channel" in gate.axes
    return {
        "layer": gate.layer,
        "kind": gate.kind,
        "axes": list(gate.places or gate.axes),
        "range": list(gate.value_range),
        "values": (gate.values.mean(0) if reduced else gate.values).tolist(),
    }
