"""Checkpoints: NAME.safetensors (weights) and NAME.json (card), found by name or path.

Finding them and reading their cards needs no PyTorch; it is loaded with the first weights.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from safetensors import SafetensorError

from fer_models.atomic import written_aside
from fer_models.card import Card
from fer_models.networks import UnknownNetworkError, create_network
from fer_models.text import first_mistake, nearest

#: What a prediction uses unless told otherwise.
DEFAULT_CHECKPOINT = "a_mobilenet.ferplus"
_PACKAGE = Path(__file__).resolve().parent
#: Asked for more folders each time a checkpoint is looked for: a site has those of whoever it answers.
more_folders: Callable[[], Sequence[Path]] = tuple

if TYPE_CHECKING:
    from torch import Tensor

    from fer_models.networks import Network


def reason(error: Exception) -> str:
    """Why a file cannot be read, without where it lies: a visitor of a site may read it."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)


class CheckpointError(ValueError):
    """A checkpoint that cannot be found or is not whole; the message names the file and what is wrong with it."""


def checkpoint_folders() -> list[Path]:
    """Where checkpoints are looked for: FERSCOPE_CHECKPOINTS (several folders, separated as in PATH), then our own, and
    those of ``more_folders``.

    Installed from a wheel our own are in ``fer_models/bundled``; in a source tree they are in ``checkpoints``.
    """
    added = [Path(folder) for folder in os.environ.get("FERSCOPE_CHECKPOINTS", "").split(os.pathsep) if folder]
    return [*added, _PACKAGE / "bundled", _PACKAGE.parent / "checkpoints", *more_folders()]


def is_bundled(weights: Path) -> bool:
    """Whether a checkpoint is one of our own, which every installation has."""
    return weights.resolve().parent in (_PACKAGE / "bundled", _PACKAGE.parent / "checkpoints")


def list_checkpoints() -> list[str]:
    """Names of all checkpoints that have both weights and card, sorted; in a tie of names the first folder counts."""
    return sorted(
        {
            file.stem
            for folder in checkpoint_folders()
            if folder.is_dir()
            for file in folder.glob("*.safetensors")
            if file.with_suffix(".json").is_file()
        }
    )


def find_checkpoint(name: str | os.PathLike[str]) -> Path:
    """The weights file of a checkpoint, by name or by path. Raises CheckpointError, suggesting the nearest name."""
    path = Path(name)
    if path.suffix == ".safetensors":
        if not path.is_file():
            raise CheckpointError(f"There is no file {path}.")
        return path
    if path.name == str(name):
        found = [file for folder in checkpoint_folders() if (file := folder / f"{name}.safetensors").is_file()]
        # As in list_checkpoints, weights without a card do not count, unless to say that the card is missing.
        if found:
            return next((file for file in found if file.with_suffix(".json").is_file()), found[0])
    hint = nearest(str(name), list_checkpoints())
    raise CheckpointError(f"There is no checkpoint '{name}'.{hint} 'ferscope checkpoints' lists them.")


def read_card(name: str | os.PathLike[str]) -> Card:
    """The card of a checkpoint, by name or by the path of its weights. Raises CheckpointError."""
    file = find_checkpoint(name).with_suffix(".json")
    try:
        return Card.model_validate_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"The card {file.name} is missing beside the weights.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"The card {file.name} cannot be read: {reason(error)}.") from error
    except ValidationError as error:
        raise CheckpointError(f"The card {file.name} is not right: {first_mistake(error)}.") from error


def weights_key(name: str | os.PathLike[str]) -> str:
    """By what a stored result is known to be of today's checkpoint, given by name or by the path of its weights.

    It is the SHA-256 of the weights and of what the card says of how they are used; the card's scores may change.
    Raises CheckpointError.
    """
    weights, card = find_checkpoint(name), read_card(name)
    used = card.model_dump(mode="json", include={"network", "options", "labels", "preprocessing"})
    state = weights.stat()
    digest = _sha256(weights, state.st_mtime_ns, state.st_size).copy()
    digest.update(json.dumps(used).encode())
    return digest.hexdigest()


@lru_cache
def _sha256(weights: Path, changed: int, size: int) -> hashlib._Hash:
    """Of the whole file, as it was when it was last changed."""
    with open(weights, "rb") as stream:
        return hashlib.file_digest(stream, "sha256")


def load_checkpoint(name: str | os.PathLike[str]) -> tuple[Network, Card]:
    """Network in eval mode with its weights as float32, and card.

    Raises:
        CheckpointError: no such checkpoint, card missing or wrong, weights cut short, or card and weights that do not
            belong together (another network, another number of labels).
        UnknownNetworkError: the card names a network that is not registered.
    """
    from safetensors.torch import load_file

    from fer_models.quantization import unpack

    card, file = read_card(name), find_checkpoint(name)
    try:
        tensors = unpack(load_file(file))
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"The weights {file.name} are cut short or damaged: {reason(error)}.") from error
    try:
        # Whatever the caller's default is: weights put into half precision would lose some of theirs.
        network = create_network(card.network, len(card.labels), **card.options).float()
    except UnknownNetworkError:
        raise
    except (ValueError, TypeError) as error:  # TypeError: an option named like a parameter of create_network
        raise CheckpointError(f"The card {card.name} is not right: {error}") from error
    _check_shapes(file, card, network.state_dict(), tensors)
    network.load_state_dict(tensors)
    return network.eval(), card


def save_checkpoint(network: Network, card: Card, folder: str | os.PathLike[str]) -> Path:
    """Write ``card.name``.safetensors, in the form ``card.weights``, and its card; returns the weights' path.

    Both are written aside and renamed, card last, so that no half-written checkpoint is ever listed.
    """
    from safetensors.torch import save

    from fer_models.quantization import pack

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = pack(network.state_dict(), card.weights)
    weights = folder / f"{card.name}.safetensors"
    with written_aside(weights) as aside:
        aside.write_bytes(save(tensors))  # safetensors' own save_file makes a file that only its owner may read
    with written_aside(weights.with_suffix(".json")) as aside:
        aside.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return weights


def _check_shapes(file: Path, card: Card, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    for key, tensor in expected.items():
        if key not in found:
            raise CheckpointError(f"The weights {file.name} lack '{key}', which {card.network} needs.")
        if found[key].shape != tensor.shape:
            if key.startswith("classifier."):
                raise CheckpointError(
                    f"The card {card.name} names {len(card.labels)} labels, the weights {file.name} have a head for "
                    f"{found[key].shape[0]}."
                )
            shapes = f"{tuple(found[key].shape)} instead of {tuple(tensor.shape)}"
            raise CheckpointError(f"In the weights {file.name}, '{key}' has the shape {shapes}.")
    surplus = sorted(set(found) - set(expected))
    if surplus:
        raise CheckpointError(f"The weights {file.name} hold '{surplus[0]}', which {card.network} does not have.")
