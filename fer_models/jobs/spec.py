"""What a job is, and whether it can be done: checked before anything starts."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer_models.card import check_file_name
from fer_models.checkpoints import list_checkpoints, read_card
from fer_models.data.class_folders import list_class_folders
from fer_models.data.faces import DataError
from fer_models.data.picture_files import picture_files
from fer_models.jobs.limits import LimitError, Limits
from fer_models.text import first_mistake
from fer_models.training.recipe import Recipe, Stage
from fer_models.training.start.published import PUBLISHED

FEWEST_PICTURES = 2  # a class: one to learn from, one to be scored on

#: Learning rate of AdamW by what is trained: the more of the network moves, the slower.
_RATES = {"head": 1e-2, "last": 1e-3, "all": 5e-4}


class Spec(BaseModel):
    """One fine-tuning job: a checkpoint, pictures in class folders (a folder or a zip), and how far to train."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: str = Field(min_length=1)
    data: Path
    train: Literal["head", "last", "all"] = "head"
    epochs: int = Field(default=20, ge=1)
    name: str = Field(default="", max_length=100, description="of the new checkpoint; NETWORK.own unless given")
    seed: int = Field(default=0, ge=0, lt=2**31)
    minutes: float | None = Field(default=None, gt=0, description="after which a run is stopped; None: the limit")
    labels: dict[str, str] = Field(default_factory=dict, description="what class folders mean: see ``read_parts``")

    @property
    def recipe(self) -> Recipe:
        """How the job is trained: at the side at which its checkpoint is served, the epoch chosen on a part held out.

        Raises CheckpointError when there is no such checkpoint.
        """
        card = read_card(self.checkpoint)
        return Recipe(
            network=card.network,
            options=card.options,
            start=self.checkpoint,
            label_rule="folder",
            labels=self.labels,
            trained=self.train,
            stages=(Stage(side=card.preprocessing.input_side, epochs=self.epochs),),
            batch_size=16,
            optimizer="adamw",
            learning_rate=_RATES[self.train],
            weight_decay=0.01,
            ema_decay=0.9,
            seed=self.seed,
        )


def read_spec(values: dict[str, Any]) -> Spec:
    """A spec from plain values; ValueError naming the first wrong or unknown one."""
    try:
        return Spec.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"The job is not right: {first_mistake(error)}.") from error


def check_spec(spec: Spec, limits: Limits) -> None:
    """ValueError (or a kind of it) unless the job can be done: its size, its name, its checkpoint, its pictures."""
    for field in ("epochs", "minutes"):
        if (asked := getattr(spec, field)) is not None and asked > (most := getattr(limits, field)):
            raise LimitError(f"A job may take {most:g} {field} here, not {asked:g}.")
    _check_name(spec.name)
    _check_checkpoint(spec.checkpoint)
    listing = list_class_folders(picture_files(spec.data), spec.labels)
    if (found := len(listing.names)) > limits.pictures:
        raise LimitError(f"{spec.data.name} holds {found:,} pictures; a job may have {limits.pictures:,} here.")
    for index, label in enumerate(listing.label_set.labels):
        if (listing.labels == index).sum() < FEWEST_PICTURES:
            raise DataError(f"{spec.data.name} has one picture of {label}; {FEWEST_PICTURES} are needed of each.")


def _check_name(name: str) -> None:
    check_file_name(name)
    if name.startswith(".") or not name.isprintable():
        raise ValueError(f"A checkpoint cannot be called {name!r}.")
    if name in list_checkpoints() or name in PUBLISHED:
        raise ValueError(f"There is a checkpoint '{name}' already; give the new one another name.")


def _check_checkpoint(checkpoint: str) -> None:
    if Path(checkpoint).suffix in (".pt", ".pth", ".pkl", ".bin", ".ckpt"):
        raise ValueError(f"{Path(checkpoint).name} may run code when it is opened; a checkpoint is .safetensors only.")
    read_card(checkpoint)
