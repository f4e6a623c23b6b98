"""What a run ends with: one small JSON, enough to fill every table and to judge the numbers in it."""

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, model_validator

from fer_models.atomic import written_aside
from fer_models.data import SAMPLE
from fer_models.evaluation.confusion import Confusion
from fer_models.text import first_mistake
from fer_models.training.events import EpochRecord
from fer_models.training.recipe import Recipe

#: Name of the file in the folder of a run.
RESULT = "result.json"
#: Results that come with FERScope.
STORED = Path(__file__).with_name("results")
#: Test parts that only FER2013's official files tell apart.
OFFICIAL_SPLITS = ("PublicTest", "PrivateTest")


class ResultError(ValueError):
    """A stored result that cannot be read or contradicts itself; the message names the file."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitScore(_Part):
    """Scores on one split of a data set: all follow from ``confusion``, and only that is stored.

    ``confusion[true][predicted]`` counts faces in the result's label order.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # scores that a file states beside it are computed anew

    confusion: tuple[tuple[NonNegativeInt, ...], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_a_matrix_of_faces(self) -> "SplitScore":
        if any(len(row) != len(self.confusion) for row in self.confusion):
            raise ValueError("the confusion matrix is not square")
        if not self.count:
            raise ValueError("the confusion matrix holds no face")
        return self

    @property
    def count(self) -> int:
        """Number of faces."""
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float(self.matrix.accuracy)

    @property
    def macro_f1(self) -> float:
        """Mean of all labels' F1, which is 0 for a label that is neither shown nor answered."""
        return float(self.matrix.macro_f1)

    @property
    def matrix(self) -> Confusion:
        """The matrix itself, (K, K)."""
        return Confusion(np.array(self.confusion))


class Result(_Part):
    """One finished run.

    ``epoch`` (from 1) is the one whose weights were scored; ``chosen_on`` names the faces on which it was the best, of
    which there were ``chosen_count``; ``history`` is scored on those too. ``scores`` are by split of the data set.
    """

    key: str
    recipe: Recipe
    dataset: str
    labels: tuple[str, ...]
    training_rows: int = Field(gt=0)
    leaked_rows_left_out: int | None
    epoch: int = Field(ge=1)
    chosen_on: str
    chosen_count: int = Field(gt=0)
    history: tuple[EpochRecord, ...] = Field(min_length=1)
    scores: dict[str, SplitScore] = Field(min_length=1)
    seconds: float = Field(ge=0, description="of training")
    device: str
    versions: dict[str, str]

    @model_validator(mode="after")
    def _has_a_row_a_label(self) -> "Result":
        for split, score in self.scores.items():
            if len(score.confusion) != len(self.labels):
                raise ValueError(f"the confusion matrix of {split} has not one row a label")
        return self

    @property
    def of_a_sample(self) -> bool:
        """Whether the data were a sample for trying out: no official training part is that small."""
        return self.training_rows < SAMPLE

    def on(self, split: str) -> SplitScore | None:
        """Scores on ``split``; a data set with one test split of another name (RAF-DB) gives those on its own."""
        name = self.split_name(split)
        return None if name is None else self.scores[name]

    def split_name(self, split: str) -> str | None:
        """What the split that ``on`` gives is called."""
        own = [name for name in self.scores if name not in OFFICIAL_SPLITS]
        return split if split in self.scores else next(iter(own), None)


def score_split(labels: np.ndarray, predicted: np.ndarray, names: tuple[str, ...]) -> SplitScore:
    """Scores of answers ``predicted`` (N,) to faces with ``labels`` (N,), both indices into ``names``."""
    return SplitScore(confusion=Confusion.of(labels, predicted, len(names)).counts.tolist())


def read_result(file: Path) -> Result:
    """Raises ResultError, naming the file, when it cannot be read or contradicts itself."""
    try:
        return Result.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ResultError(f"The result {file} cannot be read: {error}.") from error
    except ValidationError as error:
        raise ResultError(f"The result {file} is not right: {first_mistake(error)}; remove it to run again.") from error


def write_result(result: Result, file: Path) -> None:
    """Write ``file`` whole or not at all."""
    with written_aside(file) as aside:
        aside.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")
