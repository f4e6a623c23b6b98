"""The card: the JSON beside a checkpoint's weights, which says what they are and how good.

Cards are read where nothing is computed (lists, the page's first paint), so nothing here needs PyTorch.
"""

from typing import Annotated, Any, Literal
from unicodedata import category

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from fer_models.labels import LONGEST_LABEL
from fer_models.lineage import Lineage, in_todays_words
from fer_models.text import first_mistake, interval_text, listed, share_text


def check_file_name(text: str) -> str:
    """``text`` itself where it can stand in a file's name without leading elsewhere, and in a line; else ValueError."""
    if text in (".", "..") or any(sign in "/\\" or category(sign) == "Cc" for sign in text):
        raise ValueError(f"{text!r} cannot stand in a file's name")
    return text


def _check_recipe(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe in today's words; ValueError where its lineage cannot be read."""
    today = in_todays_words(recipe)
    try:
        Lineage.model_validate(today)
    except ValidationError as error:
        raise ValueError(first_mistake(error)) from error
    return today


#: How a file holds weights: fer_models.quantization says what the forms are.
WeightForm = Literal["fp32", "fp16", "int8"]

#: A card may come from anyone, and files are named after it: its maps, its ONNX form.
_FileName = Annotated[str, AfterValidator(check_file_name)]
_Label = Annotated[str, Field(max_length=LONGEST_LABEL), AfterValidator(check_file_name)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Preprocessing(_Part):
    """What a network gets: sides in pixels, mean and standard deviation of values in 0..1."""

    source_side: int = Field(default=48, ge=16, le=512)
    input_side: int = Field(default=112, ge=48, le=512)
    mean: float = 0.5
    std: float = Field(default=0.25, gt=0)


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

    @property
    def missed(self) -> str:
        """A sentence on the expressions of which it recognised no face; empty where there are none."""
        never = [label for label, share in self.recall.items() if share == 0]
        return f"It recognised no face of {listed(never, 'or')}." if never else ""

    def sentence(self) -> str:
        """All of the score in words, e.g. for the command line and the page."""
        seeds = "1 seed" if self.seeds == 1 else f"mean of {self.seeds} seeds"
        return (
            f"Accuracy {share_text(self.accuracy)} on {self.split}, {self.count:,} faces labelled by the rule "
            f"{self.label_rule} (95 % interval {interval_text(self.interval)}; macro-F1 "
            f"{share_text(self.macro_f1)}; {seeds}{'; ' + self.note if self.note else ''}). {self.missed}"
        ).rstrip()


class Card(_Part):
    """Everything needed to rebuild, serve and judge a checkpoint."""

    name: _FileName = Field(min_length=1)
    network: str
    options: dict[str, Any] = {}
    labels: tuple[_Label, ...] = Field(min_length=2)
    preprocessing: Preprocessing
    weights: WeightForm = Field(default="fp16", description="how the file holds them; scores are of this form")
    data: TrainingData | None = None
    recipe: Annotated[dict[str, Any], AfterValidator(_check_recipe)] = {}
    epoch: int | None = Field(default=None, description="the epoch that was kept, counted from 1")
    seed: int | None = None
    initialisation: str = "from scratch"
    scores: tuple[Score, ...] = ()
    licence: str
    versions: dict[str, str] = {}

    @property
    def label_rule(self) -> str | None:
        """The rule by which it is scored; ``data.label_rule``, by which it was trained, may be a wider one."""
        return self.lineage.label_rule or (self.data.label_rule if self.data else None)

    @property
    def lineage(self) -> Lineage:
        """Its training and those before it, as far as they decide what the weights have seen."""
        return Lineage.model_validate(self.recipe)

    @model_validator(mode="after")
    def _labels_differ(self) -> "Card":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("the labels repeat")
        return self
