"""A checkpoint as ONNX, for programs without PyTorch (onnxruntime, OpenCV), checked before it is handed over.

Needs the extra ``onnx``. The graph holds the preprocessing behind the source side, batch norms folded:

- ``faces``: (N, s, s) uint8, grey; s is the card's source side (48 for FER2013). A crop gets there by luminance and
  area resizing, as ``fer_models.preprocessing.to_source`` does it.
- ``logits``, ``probabilities``: (N, K) float32; labels in the model's metadata, beside card, licence and version.
- with evidence also ``cams`` and every gate, see :mod:`fer_models.export.evidence`; the metadata say what each is.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fer_models.atomic import written_aside
from fer_models.checkpoints import CheckpointError
from fer_models.classifier import Classifier, load_classifier
from fer_models.evaluation import list_predictions, load_predictions
from fer_models.export.evidence import Explained
from fer_models.export.int8 import keep_int8
from fer_models.export.onnx_graph import make_plain
from fer_models.preprocessing import to_input, to_source
from fer_models.version import __version__

#: The largest difference of a logit or a probability that is taken for rounding.
TOLERANCE = 1e-4
FACES_IN_CHECK = 64
_PACKAGES = ("onnx", "onnxruntime", "onnxscript")


class ExportError(ValueError):
    """A checkpoint that cannot be exported, or whose exported form answers otherwise."""


class Served(nn.Module):
    """From grey faces at the source side to logits and probabilities."""

    names = ("logits", "probabilities")
    facts: Mapping[str, str] = {}

    def __init__(self, classifier: Classifier):
        super().__init__()
        self.network = classifier.network
        self.preprocessing = classifier.card.preprocessing

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(to_input(faces, self.preprocessing).contiguous())
        return logits, logits.softmax(1)


def export_onnx(
    checkpoint: str | os.PathLike[str],
    file: Path,
    faces: np.ndarray | None = None,
    *,
    evidence: bool = False,
    int8: bool = False,
) -> float:
    """Write a checkpoint as one ONNX file.

    Args:
        checkpoint: name, or path of its weights.
        file: where to; written only if the check passes.
        faces: (N, s, s) uint8 to check on; mean faces of FER2013 unless given (``mean_faces_at_hand``).
        evidence: also write Grad-CAM of every label and every gate, see ``evidence.Explained``.
        int8: keep what int8 holds without loss as int8, see ``keep_int8``: of a checkpoint stored so a quarter.

    Returns: the largest difference between onnxruntime's outputs and PyTorch's on these faces.

    Raises:
        ExportError: the extra ``onnx`` is not installed; answers differ by more than 1e-4.
        CheckpointError: as ``load_classifier``.
    """
    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise ExportError(f"Export needs {' and '.join(missing)}: pip install 'ferscope[onnx]'.")
    classifier = _exportable(load_classifier(checkpoint))
    side = classifier.card.preprocessing.source_side
    faces = mean_faces_at_hand(side) if faces is None else faces
    file.parent.mkdir(parents=True, exist_ok=True)
    served = Explained(classifier) if evidence else Served(classifier)
    with written_aside(file) as aside:
        _write(classifier, served, aside, int8=int8)
        difference = largest_difference(served, aside, faces)
        if not difference <= TOLERANCE:
            raise ExportError(
                f"The exported form of {classifier.card.name} answers otherwise, by up to {difference:.2g} where "
                f"{TOLERANCE:g} is allowed; nothing was written."
            )
    return difference


def largest_difference(served: Served | Explained, file: Path, faces: np.ndarray) -> float:
    """Largest difference of any output between an ONNX file and what it was made of, on faces (N, s, s)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    answers = session.run(None, {"faces": faces})
    with torch.inference_mode():
        expected = served(torch.from_numpy(faces))
    return max(float(np.abs(a - b.numpy()).max()) for a, b in zip(answers, expected, strict=True))


def mean_faces_at_hand(side: int) -> np.ndarray:
    """64 faces (64, side, side) uint8 that need no data set: the mean faces stored with predictions, and mirrored.

    Where there are fewer they are repeated, a little darker each time.
    """
    cells = []
    for name, split in list_predictions():
        try:
            # Checkpoints may have other source sides than this one.
            cells += [to_source(face, side) for face in load_predictions(name, split).cells.values()]
        except CheckpointError:
            continue  # of other weights, or damaged: there are others
    if not cells:
        raise ExportError("No stored predictions are found whose mean faces the export could be checked on.")
    means = np.stack(cells)
    means = np.concatenate([means, means[..., ::-1]])
    index = np.arange(FACES_IN_CHECK)
    darker = 1 - 0.1 * (index // len(means)).clip(max=5)
    return (means[index % len(means)] * darker[:, None, None]).round().astype(np.uint8)


def _exportable(classifier: Classifier) -> Classifier:
    """The classifier, its weights in the usual order of memory, and no layer that overwrites its input; in place.

    Of channels-last tensors the exporter writes how they lie in memory, in nodes that OpenCV does not know. Layers that
    overwrite are taken to pieces, which takes a quarter of the whole export.
    """
    for weights in classifier.network.parameters():
        weights.data = weights.data.clone(memory_format=torch.contiguous_format)
    for layer in classifier.network.modules():
        if getattr(layer, "inplace", False):
            layer.inplace = False  # type: ignore[assignment]
    return classifier


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """PyTorch's exporter talks of libraries that are not needed here; inside the block it does not."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _write(classifier: Classifier, served: Served | Explained, file: Path, *, int8: bool) -> None:
    import onnx

    side = classifier.card.preprocessing.source_side
    # Two examples: a batch of one would be taken for the only size.
    example = torch.zeros(2, side, side, dtype=torch.uint8)
    with _quiet_exporter():
        program = torch.onnx.export(
            served,
            (example,),
            input_names=["faces"],
            output_names=list(served.names),
            dynamic_shapes=({0: torch.export.Dim("faces_at_once", min=1)},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # it is None for the older exporter only
    model = program.model_proto
    make_plain(model.graph)
    if int8:
        keep_int8(model.graph)
    card = classifier.card
    onnx.helper.set_model_props(
        model,
        {
            "labels": ",".join(card.labels),
            "licence": card.licence,
            "card": card.model_dump_json(),
            "ferscope": __version__,
            **served.facts,
        },
    )
    onnx.checker.check_model(model)
    file.write_bytes(model.SerializeToString())
