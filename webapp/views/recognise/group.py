"""Everybody in a picture at once: what the network reads each face as."""

from dataclasses import replace

import numpy as np

import fer_models as fer
from fer_models.checkpoints import read_card
from webapp.components.face import ChosenFace
from webapp.figures.answer import group_table, reading
from webapp.figures.thumbnails import thumbnail
from webapp.maps import remembered


def group_html(checkpoint: str, face: ChosenFace) -> str:
    """A table of all faces of the picture that ``face`` is one of; empty where it is the only one."""
    if not face.group:
        return ""
    picture, number = face.key
    everybody = replace(face, key=(picture, "group"))

    def read(classifier: fer.Classifier) -> tuple[list[str], np.ndarray]:
        return [thumbnail(crop) for crop in face.group], classifier.predict(list(face.group))

    pictures, probabilities = remembered(everybody, checkpoint, ("group",), read)
    labels = read_card(checkpoint).labels
    return group_table(pictures, [reading(labels, each) for each in probabilities], int(number))
