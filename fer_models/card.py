"""The card: the JSON beside a checkpoint's weights, which says what they are and how good."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fer_models.preprocessing import Preprocessing

#: What a card trained on FER2013's pictures with FERPlus's votes says of rights.
FERPLUS_LICENCE = (
    "Weights: Apache-2.0. Labels: FERPlus, MIT. Pictures: FER2013, collected from the web for research; the rights to "
    "them are unresolved, and none of them is distributed here."
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainingData(_Part):
    """What the weights have seen."""

    dataset: str
    label_rule: str
    rows: int = Field(gt=0)
    leaked_rows_left_out: int | None = Field(
        default=None, description="training rows that repeat a test picture and were left out; None if not looked for"
    )


class Score(_Part):
    """One score: always with split, label rule, count, seeds and a 95 % interval."""

    split: str
    label_rule: str
    count: int = Field(gt=0)
    seeds: int = Field(default=1, ge=1)
    accuracy: float = Field(ge=0, le=1)
    interval: tuple[float, float] = Field(description="95 %, Wilson, of accuracy")
    macro_f1: float = Field(ge=0, le=1)
    recall: dict[str, float]
    note: str = ""


class Card(_Part):
    """Everything needed to rebuild, serve and judge a checkpoint."""

    name: str = Field(min_length=1)
    network: str
    options: dict[str, Any] = {}
    labels: tuple[str, ...] = Field(min_length=2)
    preprocessing: Preprocessing
    data: TrainingData | None = None
    recipe: dict[str, Any] = {}
    epoch: int | None = Field(default=None, description="the epoch that was kept, counted from 1")
    seed: int | None = None
    initialisation: str = "from scratch"
    scores: tuple[Score, ...] = ()
    licence: str
    versions: dict[str, str] = {}

    @model_validator(mode="after")
    def _labels_differ(self) -> "Card":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("the labels repeat")
        return self
