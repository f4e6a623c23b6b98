"""What programs call of the Gradio app. Docstrings are what clients and language models are told."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr
import numpy as np

import fer_models as fer
from fer_models.checkpoints import DEFAULT_CHECKPOINT
from fer_models.export.figure import figure
from fer_models.export.sheet import Sheet
from webapp.api.answers import Answer, Unusable, explained, faces_of, known_classifier, predicted

if TYPE_CHECKING:
    from PIL.Image import Image

try:  # on ZeroGPU, before anything asks PyTorch for a GPU
    from spaces import GPU
except ImportError:
    Work = TypeVar("Work", bound=Callable)

    def GPU(work: Work) -> Work:
        return work


_at_work = threading.BoundedSemaphore(os.cpu_count() or 1)


def predict(picture: bytes, checkpoint: str = DEFAULT_CHECKPOINT, whole: bool = False) -> Answer:
    """Which facial expression a network reads in each face of a picture, with the probability of every expression.

    An expression is what people would name; it does not say what a person feels.

    Args:
        picture: JPEG, PNG, WebP or AVIF, at most 20 MB.
        checkpoint: which network answers.
        whole: take the whole picture as one face; else faces are sought.
    """
    return told(predicted, _given(picture), checkpoint, whole)


def explain(
    picture: bytes,
    checkpoint: str = DEFAULT_CHECKPOINT,
    target: str = "",
    method: str = "grad-cam",
    face: float = 1,
    whole: bool = False,
) -> tuple[Answer, Image]:
    """Which places of a face raise a network's score of an expression, and which lower it: numbers and a figure.

    Args:
        picture: JPEG, PNG, WebP or AVIF, at most 20 MB.
        checkpoint: which network answers.
        target: the expression to explain, such as fear; empty for the predicted one.
        method: how the map is made.
        face: which face, counted from the largest.
        whole: take the whole picture as one face; else faces are sought.
    """
    found = told(
        explained, _given(picture), checkpoint, target or None, method, face=max(int(face or 1), 1), whole=whole
    )
    return found.answer, _image(figure(found.sheet))


def compare(
    picture: bytes, checkpoints: Sequence[str], target: str = "", method: str = "grad-cam", whole: bool = False
) -> tuple[list[Answer], Image]:
    """The same face as several networks see it: what explain answers of each, and one figure."""
    if not checkpoints:
        raise gr.Error("Choose a network or more.", print_exception=False)
    asked = _given(picture)
    seen = [told(explained, asked, name, target or None, method, whole=whole) for name in checkpoints]
    rows = [row for one in seen for row in one.sheet.rows]
    answers = [answer for one in seen for answer in one.sheet.answers]
    return [one.answer for one in seen], _image(figure(Sheet("One face", rows, answers)))


@GPU
def faithfulness(
    picture: bytes,
    checkpoint: str = DEFAULT_CHECKPOINT,
    target: str = "",
    method: str = "grad-cam",
    whole: bool = False,
) -> list[Answer]:
    """Is a network's map of a face true? Its gain as places are covered in its order, beside maps that know nothing."""
    classifier, crop = told(_one_face, _given(picture), checkpoint, whole)
    if _gpu():
        classifier = fer.load_classifier(checkpoint).to("cuda")
    try:
        seen = fer.attribute(classifier, crop, method, target or None)
        rows = fer.faithfulness(classifier, crop, {method: seen}, seen.target)
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from None
    return [
        {
            "map": row.name,
            "control": row.control,
            "gain": row.gain,
            "interval": list(row.interval),
            "better_than_a_guess": row.verdict,
            "infidelity": row.infidelity,
            "correlation": row.correlation if np.isfinite(row.correlation) else None,
        }
        for row in rows
    ]


def told(work: Callable, *given: Any, **named: Any) -> Any:
    """What it returns, as many at a time as there are cores; what cannot be used is said to the visitor."""
    try:
        with _at_work:
            return work(*given, **named)
    except Unusable as error:
        raise gr.Error(str(error), print_exception=False) from None


def _given(picture: bytes | None) -> bytes:
    if picture is None:
        raise gr.Error("Give a picture.", print_exception=False)
    return picture


def _one_face(content: bytes, checkpoint: str, whole: bool) -> tuple[fer.Classifier, np.ndarray]:
    _, faces = faces_of(content, whole)
    if not faces:
        raise Unusable("No face was found in this picture; with whole=true all of it is taken as one face.")
    return known_classifier(checkpoint), faces[0].crop


def _gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _image(content: bytes) -> Image:
    """A PNG, what it says of where it comes from included."""
    from PIL import Image

    return Image.open(io.BytesIO(content))
