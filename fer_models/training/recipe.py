"""A recipe: everything that decides what a training run ends with, saved with the checkpoint."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fer_models.data.augmentation import Augmentation
from fer_models.preprocessing import Preprocessing


class Stage(BaseModel):
    """Some epochs at one input side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    side: int = Field(ge=48, le=512)
    epochs: int = Field(ge=1)


class Recipe(BaseModel):
    """How a network is trained. Sides may grow from stage to stage; the last one is the side that is served."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: str
    options: dict[str, Any] = Field(default_factory=dict, description="of the network, e.g. dropout")
    start: str | None = Field(default=None, description="checkpoint whose weights the run starts from, else scratch")
    label_rule: Literal["ferplus-majority", "fer2013"] = "ferplus-majority"
    soft_targets: bool = Field(default=True, description="learn the share of votes, not only the top label")
    stages: tuple[Stage, ...] = Field(default=(Stage(side=64, epochs=16), Stage(side=112, epochs=3)), min_length=1)
    batch_size: int = Field(default=64, ge=2)
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: float = Field(default=0.08, gt=0, description="at the end of the warm-up; a cosine leads to zero")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="of SGD, with Nesterov's form")
    weight_decay: float = Field(default=5e-4, ge=0, description="on convolution and linear weights only")
    warmup_epochs: float = Field(default=1.0, ge=0)
    ema_decay: float = Field(default=0.999, ge=0, lt=1, description="a step, of the averaged weights that are kept")
    clip_norm: float = Field(default=5.0, gt=0, description="largest gradient norm")
    augmentation: Augmentation = Augmentation()
    seed: int = Field(default=0, ge=0)

    @property
    def epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)

    def side_of(self, epoch: int) -> int:
        """Input side of an epoch, counted from 0."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage.side
            epoch -= stage.epochs
        return self.stages[-1].side

    @property
    def preprocessing(self) -> Preprocessing:
        """What the finished checkpoint serves with."""
        return Preprocessing(input_side=self.stages[-1].side)


def default_recipe(network: str) -> Recipe:
    """A recipe to start from; that of each bundled checkpoint is on its card.

    SGD for MobileNetV1's family and AdamW for the others, at a lower rate where group norm replaces batch norm.
    """
    if network in ("a_mobilenet", "mobilenetv1"):
        return Recipe(network=network)
    rate = 8e-4 if network == "mobilenetv3_simam" else 2e-3
    return Recipe(network=network, optimizer="adamw", learning_rate=rate, weight_decay=0.05)
