"""What a checkpoint answered on other data sets than its card's, kept apart from what is measured of it.

These files are a person's own, so they lie in no folder of checkpoints but in FERSCOPE_EVALUATIONS, else in the user's
folder for data: CHECKPOINT/NAME=PART.npz. They hold no picture, and no path.
"""

from __future__ import annotations

import os
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import numpy as np
from pydantic import ValidationError

from fer_models.atomic import written_aside
from fer_models.checkpoints import CheckpointError, find_checkpoint, read_card, reason, weights_key
from fer_models.evaluation.other_data import OtherData, OtherFaces, other_title
from fer_models.evaluation.predictions import Predictions, mean_faces, packed, unpacked
from fer_models.evaluation.report import check_predictions
from fer_models.evaluation.scores import Advance, check_labels, face_logits

if TYPE_CHECKING:
    from fer_models.classifier import Classifier

EVALUATIONS_VARIABLE = "FERSCOPE_EVALUATIONS"


@dataclass(frozen=True)
class Stored:
    """One stored file: a data set's ``name`` and ``part``, and the ``count`` of its faces, None where it is damaged."""

    name: str
    part: str
    count: int | None

    @property
    def title(self) -> str:
        """As ``OtherData.title``, and with how many faces."""
        faces = "damaged" if self.count is None else f"{self.count:,} pictures"
        return f"{other_title(self.name, self.part)}, {faces}"


def evaluations_folder() -> Path:
    """FERSCOPE_EVALUATIONS, else ``ferscope/evaluations`` in the user's folder for data; it need not exist.

    Raises ValueError where the user has no home folder.
    """
    if named := os.environ.get(EVALUATIONS_VARIABLE):
        return Path(named).absolute()
    try:
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Application Support" / "ferscope" / "evaluations"
        data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    except RuntimeError:
        raise ValueError(f"There is no home folder; name one for evaluations in {EVALUATIONS_VARIABLE}.") from None
    return Path(data) / "ferscope" / "evaluations"


def predict_other(classifier: Classifier, other: OtherFaces, *, advance: Advance | None = None) -> Predictions:
    """Run a classifier over the faces of another data set; it answers with the labels in common only."""
    from fer_models.classifier import as_array

    check_labels(classifier, other.faces, other.outputs)
    logits = face_logits(classifier, other.faces.images, advance=advance)
    probabilities = as_array(logits[:, list(other.outputs)].softmax(1))
    so = int(np.isin(as_array(logits).argmax(1), other.outputs, invert=True).sum())
    about = other.about.model_copy(update={"answered_so": so})
    return Predictions(
        checkpoint=classifier.card.name,
        names=other.faces.label_set.labels,
        split=about.title,
        label_rule=about.rule,
        rows=other.faces.rows,
        labels=other.faces.labels,
        probabilities=probabilities,
        cells=mean_faces(other.faces.images, other.faces.labels, probabilities.argmax(1)),
        other=about,
    )


def save_other(predictions: Predictions, weights: Path) -> Path:
    """Write predictions on another data set; returns the file. Raises ValueError (no home folder), OSError."""
    assert predictions.other is not None
    file = other_file(weights, predictions.other.name, predictions.other.part)
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(file) as aside, open(aside, "wb") as stream:
        np.savez_compressed(
            stream,
            about=np.array(predictions.other.model_dump_json()),
            weights=np.array(weights_key(weights)),
            **packed(predictions),  # type: ignore[arg-type]
        )
    return file


def replaces_others(predictions: Predictions, weights: Path) -> bool:
    """Whether ``save_other`` would replace answers to other pictures of the same name."""
    assert predictions.other is not None
    try:
        stored = load_other(weights, predictions.other.name, predictions.other.part)
    except CheckpointError:
        return False
    if stored.other is None or stored.other.aligned != predictions.other.aligned:
        return False  # the same pictures may be framed otherwise now
    before, now = stored.probabilities, predictions.probabilities
    return before.shape != now.shape or not np.allclose(before, now, atol=1e-3)  # the weights are the same


def load_other(name: str | os.PathLike[str], data_set: str, part: str) -> Predictions:
    """A checkpoint's stored predictions on another data set, by the data set's name and part.

    Raises CheckpointError: no such checkpoint; nothing stored; a file that is damaged or of other weights.
    """
    weights, card = find_checkpoint(name), read_card(name)
    what = f"on {data_set} ({part})"
    anew = "'ferscope evaluate ... --data FOLDER --store' makes them"
    try:
        file = other_file(weights, data_set, part)
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
            about = OtherData.model_validate_json(str(stored["about"]))
            if str(stored["weights"]) != weights_key(weights):
                raise CheckpointError(f"The answers {what} are of other weights than {weights.name}; {anew} anew.")
            found = Predictions(
                checkpoint=card.name,
                names=about.in_common,
                split=about.title,
                label_rule=about.rule,
                other=about,
                **unpacked(stored),
            )
        if found.rows.shape != found.labels.shape or not set(found.names) <= set(card.labels):
            raise ValueError("its parts do not fit one another")
        check_predictions(found.labels, found.probabilities, len(found.names))
    except CheckpointError:
        raise
    except FileNotFoundError:
        raise CheckpointError(f"No answers of {card.name} {what} are stored; {anew}.") from None
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        why = "what it says of itself" if isinstance(error, ValidationError) else reason(error).rstrip(".")
        raise CheckpointError(f"The stored answers {what} are damaged ({why}); {anew} anew.") from error
    return found


def list_other(name: str | os.PathLike[str]) -> list[Stored]:
    """What is stored of a checkpoint on other data sets, sorted. Raises CheckpointError: no such checkpoint."""
    try:
        folder = _folder(find_checkpoint(name))
    except CheckpointError:
        raise
    except ValueError:  # without a home folder nothing is stored in it
        return []
    found = []
    for file in sorted(folder.glob("*.npz")) if folder.is_dir() else []:
        data_set, sign, part = file.stem.partition("=")
        if sign:
            found.append(Stored(unquote(data_set), unquote(part), _count(file)))
    return found


def other_file(weights: Path, data_set: str, part: str) -> Path:
    """Where predictions are stored. Whatever the names are, it is in the checkpoint's folder of evaluations."""
    return _folder(weights) / f"{_quoted(data_set)}={_quoted(part)}.npz"


def _folder(weights: Path) -> Path:
    return evaluations_folder() / _quoted(weights.stem)


def _quoted(name: str) -> str:
    """A name as a file's, whatever it is: without '/' and '=', and with no dot at its beginning."""
    quoted = quote(name, safe="", errors="replace")
    return quoted.replace(".", "%2E", 1) if quoted.startswith(".") else quoted


def _count(file: Path) -> int | None:
    try:
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return OtherData.model_validate_json(str(stored["about"])).count
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error):
        return None
