"""What is measured of a checkpoint and stored beside it, and whether that is still of its weights."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fer_models.checkpoints import CheckpointError, find_checkpoint, read_card, weights_key
from fer_models.evaluation.predictions import load_predictions
from fer_models.evaluation.stored import measured_file
from fer_models.explanation.averages import averages_file

#: What makes each kind, in the order in which they are made: surgery and faithfulness use the averages.
COMMANDS = {
    "predictions": "ferscope evaluate {name} --split {split} --store",
    "averages": "ferscope averages {name}",
    "surgery": "ferscope surgery {name} --split {split}",
    "regions": "ferscope regions {name} --split {split}",
    "faithfulness": "ferscope faithfulness {name} --split {split}",
}
#: What checkpoints are measured on; nothing is ever chosen on PrivateTest.
SPLIT = "PublicTest"


@dataclass(frozen=True)
class Derived:
    """One stored result: its ``kind``, its ``state``, and the ``command`` that makes it anew.

    'current': of today's weights; 'stale': of others, or damaged; 'missing': not there.
    """

    kind: str
    state: Literal["current", "stale", "missing"]
    command: str


def derived(name: str | os.PathLike[str]) -> list[Derived]:
    """Every kind of a checkpoint, in the order in which they are made. Raises CheckpointError: no such checkpoint."""
    weights, card = find_checkpoint(name), read_card(name)
    found = []
    for kind, command in COMMANDS.items():
        about = _predictions(weights) if kind == "predictions" else _about(weights, kind)
        # A result that says how it was made is made anew in that way: over as many faces.
        told = (about or {}).get("command") or command.format(name=card.name, split=SPLIT)
        current = about is not None and about.get("weights") == weights_key(weights)
        found.append(Derived(kind, "missing" if about is None else "current" if current else "stale", told))
    return found


def _predictions(weights: Path) -> dict[str, Any] | None:
    """Predictions say of which weights they are in a way of their own."""
    if not weights.with_suffix(f".{SPLIT}.npz").is_file():
        return None
    try:
        load_predictions(weights, SPLIT)
    except CheckpointError:
        return {}
    return {"weights": weights_key(weights)}


def _about(weights: Path, kind: str) -> dict[str, Any] | None:
    """What a stored result says of itself; None where there is none, nothing where it is damaged."""
    file = averages_file(weights) if kind == "averages" else measured_file(weights, kind)
    try:
        if file.suffix == ".json":
            return dict(json.loads(file.read_bytes()))
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return dict(json.loads(str(stored["about"])))
    except FileNotFoundError:
        return None
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
        return {}
