"""What a job is, and whether it can be done: checked before anything starts."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer_models.card import check_file_name
from fer_models.checkpoints import list_checkpoints, read_card
from fer_models.data.catalogue import data_set_of, refuse_told
from fer_models.data.class_folders import list_class_folders
from fer_models.data.faces import DataError, data_folder
from fer_models.data.picture_files import picture_files
from fer_models.jobs.limits import LimitError, Limits
from fer_models.labels import LabelSet
from fer_models.text import first_mistake, listed
from fer_models.training.recipe import LabelRule, Recipe, Stage
from fer_models.training.start.published import PUBLISHED

FEWEST_PICTURES = 2  # a class: one to learn from, one to be scored on

#: Learning rate of AdamW by what is trained: the more of the network moves, the slower.
_RATES = {"head": 1e-2, "last": 1e-3, "all": 5e-4}


#: What a job may be told by one word; whatever else is said goes before it.
PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"train": "head", "epochs": 20, "early_stop": 0},
    "thorough": {"train": "all", "epochs": 60, "early_stop": 10},
}


class Spec(BaseModel):
    """One fine-tuning job: a checkpoint, pictures in class folders (a folder or a zip), and how far to train.

    With another ``label_rule`` than 'folder', ``data`` is a data set in its official layout.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: str = Field(min_length=1)
    data: Path
    label_rule: LabelRule = "folder"
    train: Literal["head", "last", "all"] = "head"
    epochs: int = Field(default=20, ge=0, description="0: the checkpoint as it is, with the score on these pictures")
    early_stop: int = Field(default=0, ge=0, description="epochs without a better one that end the job; 0: none")
    learning_rate: float | None = Field(default=None, gt=0, le=1, description="of AdamW; None: by what is trained")
    keep_labels: bool = Field(
        default=False, description="the labels stay the checkpoint's, in which case the folders' have to be among them"
    )
    name: str = Field(default="", max_length=100, description="of the new checkpoint; NETWORK.own unless given")
    seed: int = Field(default=0, ge=0, lt=2**31)
    gpus: int = Field(default=0, ge=0, description="that a cluster gives each worker; this machine gives what it has")
    workers: int = Field(default=1, ge=1, description="processes on a Ray cluster that train together")
    minutes: float | None = Field(default=None, gt=0, description="after which a run is stopped; None: the limit")
    labels: dict[str, str] = Field(default_factory=dict, description="what class folders mean")

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
            label_rule=self.label_rule,
            labels=self.labels,
            keep_labels=self.keep_labels,
            trained=self.train,
            early_stop=self.early_stop,
            stages=(Stage(side=card.preprocessing.input_side, epochs=self.epochs),),
            batch_size=16,
            optimizer="adamw",
            learning_rate=self.learning_rate or _RATES[self.train],
            weight_decay=0.01,
            ema_decay=0.9,
            seed=self.seed,
        )


def read_spec(values: dict[str, Any]) -> Spec:
    """A spec from plain values; ValueError naming the first wrong or unknown one.

    Where a label rule but no ``data`` is told, these are in FERSCOPE_DATA.
    """
    if values.get("label_rule", "folder") != "folder" and values.get("data") is None:
        values = {**values, "data": data_folder()}
    try:
        return Spec.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"The job is not right: {first_mistake(error)}.") from error


def read_spec_file(file: Path) -> dict[str, Any]:
    """The values of a spec in a JSON file, as ``ferscope jobs show ID --spec`` prints it; ValueError if it is none."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} is no spec of a job: {error}.") from error
    if not isinstance(values, dict):
        raise ValueError(f"{file} is no spec of a job: an object is expected.")
    return values


def check_spec(spec: Spec, limits: Limits) -> None:
    """ValueError (or a kind of it) unless the job can be done: its size, its name, its checkpoint, its pictures."""
    for field in ("epochs", "minutes", "workers", "gpus"):
        if (asked := getattr(spec, field)) is not None and asked > (most := getattr(limits, field)):
            raise LimitError(f"A job may take {most:g} {field} here, not {asked:g}.")
    _check_name(spec.name)
    _check_checkpoint(spec.checkpoint)
    if spec.label_rule == "folder":
        _check_class_folders(spec, limits)
    else:
        _check_data_set(spec)


def _check_class_folders(spec: Spec, limits: Limits) -> None:
    listing = list_class_folders(picture_files(spec.data), spec.labels)
    if (found := len(listing.names)) > limits.pictures:
        raise LimitError(f"{spec.data.name} holds {found:,} pictures; a job may have {limits.pictures:,} here.")
    _check_known(spec, listing.label_set)
    for index, label in enumerate(listing.label_set.labels):
        if (listing.labels == index).sum() < FEWEST_PICTURES:
            raise DataError(f"{spec.data.name} has one picture of {label}; {FEWEST_PICTURES} are needed of each.")


def _check_data_set(spec: Spec) -> None:
    """Whether it looks like it; whether it is whole shows when it is read. Its pictures count against no limit."""
    data_set = data_set_of(spec.label_rule)
    refuse_told(spec.labels, "", data_set.title)
    data_set.check(spec.data)
    assert data_set.label_set is not None  # only people's own folders name the labels
    _check_known(spec, data_set.label_set)


def _check_known(spec: Spec, label_set: LabelSet) -> None:
    """DataError where the labels shall stay the checkpoint's, but there are others."""
    if spec.keep_labels and (others := set(label_set.labels).difference(read_card(spec.checkpoint).labels)):
        raise DataError(f"{spec.checkpoint} does not know {listed(sorted(others))}; say by `labels` which label it is.")


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
