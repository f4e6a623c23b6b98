"""A recipe: everything that decides what a training run ends with, saved with the checkpoint."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from fer_models.data.augmentation import Augmentation
from fer_models.data.catalogue import data_set_of
from fer_models.data.ferplus import STANDARD_RULE
from fer_models.data.partition import Partition
from fer_models.data.people import check_pattern
from fer_models.lineage import in_todays_words
from fer_models.preprocessing import Preprocessing
from fer_models.training.start.published import PUBLISHED


def _known_rule(label_rule: str) -> str:
    data_set_of(label_rule)
    return label_rule


def _pattern(group: str) -> str:
    check_pattern(group)
    return group


#: A label rule of the catalogue (fer_models/data/catalogue.py).
LabelRule = Annotated[str, AfterValidator(_known_rule)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(_Settings):
    """Some epochs at one input side."""

    side: int = Field(ge=48, le=512)
    epochs: int = Field(ge=0, description="0: the start is published as it is, if there are no other epochs")


class Loss(_Settings):
    """What is minimised: a weighted sum of cross entropy, centre loss and triplet loss (see training/losses.py)."""

    softmax: float = Field(default=1, ge=0, description="weight of the cross entropy; 0: the head is not trained")
    label_smoothing: float = Field(default=0, ge=0, lt=1)
    class_weights: Literal["none", "balanced"] = Field(
        default="none", description="balanced: n / (K n_c), at most 3 (paper 004; docs/papers.md, 4.2)"
    )
    centre: float = Field(default=0, ge=0, description="lambda of the centre loss")
    centre_kind: Literal["wen", "released_code"] = Field(
        default="wen", description="released_code: what paper 002's code does in its place, kept as an oddity"
    )
    centre_rate: float = Field(default=0.5, gt=0, le=1, description="alpha, by which centres follow (Wen et al.)")
    triplet: float = Field(default=0, ge=0, description="lambda of the triplet loss")
    triplet_margin: float = Field(default=0.2, gt=0, description="between squared distances on the unit sphere")

    @model_validator(mode="after")
    def _something_is_minimised(self) -> "Loss":
        if not (self.softmax or self.centre or self.triplet):
            raise ValueError("softmax, centre and triplet are all 0: there is nothing to minimise")
        return self


class Recipe(_Settings):
    """How a network is trained. Sides may grow from stage to stage; the last one is the side that is served."""

    network: str
    options: dict[str, Any] = Field(default_factory=dict, description="of the network, e.g. dropout")
    start: str | None = Field(
        default=None,
        description="imagenet, imagenet-lite0, imagenet-lite2, vggface2, dlib, or a checkpoint; else scratch",
    )
    label_rule: LabelRule = STANDARD_RULE
    training_rule: LabelRule | None = Field(
        default=None, description="the rule of the training rows where it is another; label_rule stays the yardstick"
    )
    partition: Partition = Field(
        default="official",
        serialization_alias="split",  # its first name, by which ``identity`` goes
        description="how the data are divided; random-...: paper 001's way, over all rows",
    )
    keep_leaks: bool = Field(default=False, description="train on rows that repeat a test picture, as the papers did")
    align: bool | None = Field(
        default=None, description="find the face in each picture file and take its crop; None: for RaFD only"
    )
    labels: dict[str, str] = Field(
        default_factory=dict, description="what class folders mean where their names do not say it: suprise = surprise"
    )
    group: Annotated[str, AfterValidator(_pattern)] = Field(
        default="", description="regular expression that finds the person or sequence in a picture's path"
    )
    choose_on: Literal["validation", "held-out tenth"] = Field(
        default="validation", description="where the epoch is chosen; a held-out tenth is taken from the training rows"
    )
    keep_labels: bool = Field(
        default=False,
        description="the labels stay those of the start, a checkpoint; one without pictures as it is",
    )
    soft_targets: bool = Field(default=True, description="learn the share of votes, not only the top label")
    oversample: float = Field(
        default=0, ge=0, le=1, description="draw rows by (1 / size of their class) to this power; 1: classes balanced"
    )
    trained: Literal["all", "last", "head"] = Field(
        default="all",
        description="what learns: all, the last stage of features and the head, or the head on features computed once",
    )
    stages: tuple[Stage, ...] = Field(default=(Stage(side=64, epochs=16), Stage(side=112, epochs=3)), min_length=1)
    early_stop: int = Field(default=0, ge=0, description="epochs without a better score that end a run; 0: none")
    batch_size: int = Field(default=64, ge=2)
    loss: Loss = Loss()
    teachers: tuple[str, ...] = Field(
        default=(), description="checkpoints whose mean answer on the augmented picture joins the targets"
    )
    views: int = Field(
        default=0,
        ge=0,
        description="seeded views of all rows, one an epoch, on which teachers were asked once ('ferscope teach'); 0: "
        "they are asked at every step",
    )
    teaching: float = Field(default=0.5, ge=0, le=1, description="the teachers' share of the targets")
    mixup: float = Field(default=0, ge=0, description="alpha of Mixup's Beta distribution; 0: none")
    optimizer: Literal["sgd", "adam", "adamw"] = "sgd"
    learning_rate: float = Field(default=0.08, gt=0, description="at the end of the warm-up")
    layer_decay: float = Field(
        default=1, gt=0, le=1, description="what the rate is multiplied by from one feature layer to the one before it"
    )
    schedule: Literal["cosine", "constant", "plateau", "inverse time"] = Field(
        default="cosine", description="after the warm-up: to zero; as it is; x 0.1 after 10 epochs; 1 / (1 + 1e-5 step)"
    )
    momentum: float = Field(default=0.9, ge=0, lt=1, description="of SGD")
    nesterov: bool = Field(default=True, description="Nesterov's form of momentum")
    weight_decay: float = Field(default=5e-4, ge=0, description="on convolution and linear weights only")
    sam: float = Field(default=0, ge=0, description="rho of sharpness-aware minimisation; 0: none")
    warmup_epochs: float = Field(default=1.0, ge=0)
    ema_decay: float = Field(
        default=0.999, ge=0, lt=1, description="of the averaged weights that are kept, a step; smaller in the first"
    )
    clip_norm: float = Field(default=5.0, ge=0, description="largest gradient norm; 0: not limited")
    augmentation: Augmentation = Augmentation()
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _read_older_words(cls, recipe: Any) -> Any:
        return in_todays_words(recipe) if isinstance(recipe, Mapping) else recipe

    @model_validator(mode="after")
    def _parts_fit(self) -> "Recipe":
        if reserved := sorted({"name", "num_classes"} & self.options.keys()):
            raise ValueError(f"options: the recipe's network and its data decide on {' and '.join(reserved)}")
        if self.mixup and (self.loss.centre or self.loss.triplet):
            raise ValueError("mixup leaves a picture without one label, which centre and triplet loss need")
        if self.trained == "head" and (self.mixup or self.teachers or len({stage.side for stage in self.stages}) > 1):
            raise ValueError("a head alone learns from features of one side, without mixup and teachers")
        if self.trained != "all" and not self.loss.softmax:
            raise ValueError("without cross entropy nothing trains the head")
        if self.views and not self.teachers:
            raise ValueError("views are what teachers are asked about, and there are none")
        if self.keep_labels and (self.start is None or self.start in PUBLISHED):
            raise ValueError("keep_labels: only a checkpoint to start from has labels to keep")
        if self.training_rule and (self.choose_on != "validation" or self.partition != "official"):
            raise ValueError("with a training_rule the epoch is chosen on the official partition's validation part")
        return self

    @property
    def identity(self) -> str:
        """What tells it from other recipes, as JSON: keys of runs and saved states go by it.

        Only what differs from the defaults is in it, so that a field added later changes none of them.
        """
        return self.model_dump_json(exclude_defaults=True, by_alias=True)

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
    """A short recipe to start from; that of each bundled checkpoint is on its card.

    SGD for MobileNetV1's family and AdamW for the others, at a lower rate where group norm replaces batch norm.
    """
    if network in ("a_mobilenet", "mobilenetv1"):
        return Recipe(network=network)
    rate = 8e-4 if network == "mobilenetv3_simam" else 2e-3
    return Recipe(network=network, optimizer="adamw", learning_rate=rate, weight_decay=0.05)
