"""What was measured of a checkpoint over a data set, kept beside its weights as NAME.KIND.json."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from fer_models.atomic import written_aside
from fer_models.checkpoints import CheckpointError, find_checkpoint, weights_key
from fer_models.text import first_mistake


class Measured(BaseModel):
    """What every stored result says of itself.

    ``weights`` is the key of the weights it was made from (see ``weights_key``), ``command`` what makes it again.
    """

    model_config = ConfigDict(frozen=True)

    checkpoint: str
    weights: str
    command: str


Kind = TypeVar("Kind", bound=Measured)


def save_measured(result: Measured, weights: Path, kind: str) -> Path:
    """Write a result beside the weights, each entry of its lists on a line; returns the file. Raises OSError."""
    file = measured_file(weights, kind)
    lines = [f" {json.dumps(name)}: {_lines(value)}" for name, value in result.model_dump(mode="json").items()]
    with written_aside(file) as aside:
        aside.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return file


def load_measured(name: str | os.PathLike[str], kind: str, model: type[Kind]) -> Kind | None:
    """What is stored of a kind beside a checkpoint, given by name or by the path of its weights; None: nothing is.

    Raises CheckpointError: no such checkpoint, a damaged file, or one of other weights than the checkpoint now has.
    """
    weights = find_checkpoint(name)
    file = measured_file(weights, kind)
    if not file.is_file():
        return None
    anew = f"'ferscope {kind} {name}' makes it anew"
    try:
        found = model.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise CheckpointError(f"{file.name} is damaged ({first_mistake(error)}); {anew}.") from error
    if found.weights != weights_key(weights):
        raise CheckpointError(f"{file.name} is of other weights than {weights.name}; {anew}.")
    return found


def measured_file(weights: Path, kind: str) -> Path:
    """Where the results of a kind are stored, of the checkpoint with these weights."""
    return weights.with_suffix(f".{kind}.json")


def _lines(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
    return json.dumps(value)
