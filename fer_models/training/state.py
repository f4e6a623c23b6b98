"""A run on disk: written aside, then renamed, so that a kill at any moment leaves the last whole save.

Everything is one safetensors file: weights, averaged weights and the optimizer's tensors under prefixed names, numbers
and history as JSON in its metadata. Randomness needs no saving: every step draws from a seed of its own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from fer_models.atomic import written_aside
from fer_models.data.faces import Faces
from fer_models.training.events import EpochRecord
from fer_models.training.recipe import Recipe


@dataclass
class RunState:
    """Where a run stands: steps done, one record an epoch, and the best epoch so far with its score."""

    step: int = 0
    loss_sum: float = 0.0  # of the epoch under way
    loss_count: int = 0
    right_sum: float = 0.0  # of shares answered right, a share a step
    seconds: float = 0.0
    history: list[EpochRecord] = field(default_factory=list)
    best_epoch: int | None = None
    best_score: float = -1.0

    @property
    def mean_loss(self) -> float | None:
        """Of the epoch under way, as far as its losses have been looked at."""
        return self.loss_sum / self.loss_count if self.loss_count else None

    @property
    def mean_right(self) -> float | None:
        """The share of the epoch's images that were answered right as they were learnt from."""
        return self.right_sum / self.loss_count if self.loss_count else None

    @property
    def validation_losses(self) -> list[float]:
        """Of every epoch that is over."""
        return [record.validation_loss for record in self.history if record.validation_loss is not None]

    def close_epoch(self, record: EpochRecord) -> None:
        """The epoch under way is over."""
        self.history.append(record)
        self.loss_sum, self.loss_count, self.right_sum = 0.0, 0, 0.0


def run_identity(recipe: Recipe, training: Faces, targets: Tensor, validation: Faces) -> str:
    """What names a run: its recipe, and a hash of its faces and of the ``targets`` (N, K) it learns."""
    data = hashlib.sha256(training.images.tobytes() + targets.cpu().numpy().tobytes() + validation.images.tobytes())
    return f"{recipe.identity} on {data.hexdigest()}"


def write_tensors(tensors: Mapping[str, Tensor], file: Path, metadata: dict[str, str]) -> None:
    """Save tensors to ``file``: it is the old one or the new one, never half of either."""
    with written_aside(file) as aside:
        aside.write_bytes(save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata=metadata))


def save_state(
    file: Path,
    modules: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    state: RunState,
    run: str,
) -> None:
    """Write everything to ``file``: the state of ``modules`` under their names, the optimizer's, and the run's.

    ``run`` is its identity, so that another recipe or other data cannot resume it by mistake.
    """
    tensors = {f"{part}.{name}": value for part in modules for name, value in modules[part].state_dict().items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items() if value is not None}
    write_tensors(tensors, file, {"progress": json.dumps(asdict(state)), "run": run})


def load_state(file: Path, modules: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer, run: str) -> RunState:
    """Put a saved run back. ValueError when it is damaged or was made with another recipe or other data."""
    tensors, metadata = _read(file, "remove it to begin again")
    if not {"run", "progress"} <= metadata.keys():
        raise ValueError(f"{file} is not the state of a run; remove it to begin again.")
    if metadata["run"] != run:
        raise ValueError(f"{file.parent} holds a run of another recipe or other data; choose another folder.")
    for part, module in modules.items():
        module.load_state_dict(_under(tensors, f"{part}."))
    of_optimizer: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under(tensors, "optimizer.").items():
        index, key = name.split(".", 1)
        of_optimizer.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": of_optimizer, "param_groups": optimizer.state_dict()["param_groups"]})
    stored = json.loads(metadata["progress"])
    return RunState(**stored | {"history": [EpochRecord(**record) for record in stored["history"]]})


def read_best(file: Path) -> tuple[dict[str, Tensor], int]:
    """The weights that a run kept, by name, and their epoch, counted from 1. ValueError when the file is damaged."""
    again = f"remove the folder {file.parent} to run again"
    tensors, metadata = _read(file, again)
    if not metadata.get("epoch", "").isdecimal():
        raise ValueError(f"{file} does not say of which epoch it is; {again}.")
    return tensors, int(metadata["epoch"])


def _read(file: Path, advice: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file; ``advice`` ends the message where it is damaged."""
    try:
        with safe_open(file, framework="pt") as saved:
            tensors = {name: saved.get_tensor(name) for name in saved.keys()}  # noqa: SIM118  (not a mapping)
            return tensors, saved.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{file} is damaged ({error}); {advice}.") from error


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
