"""Teachers asked once: their answers on seeded views of every training row, stored for any number of pupils.

Several teachers asked at every step cost as much as the pupil, and the next pupil would ask them the same. So a recipe
can fix some ``views``, augmentations of all rows that depend on nothing but their number; what the teachers say of each
is stored, and a pupil's epoch takes one view with its answers, mirrored or not.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor

from fer_models.card import Card
from fer_models.data.augmentation import Augmentation
from fer_models.data.faces import Faces, spread
from fer_models.training.events import Note, Watch, ignore
from fer_models.training.recipe import Recipe
from fer_models.training.state import write_tensors

_BLOCK = 512  # rows that are drawn from one seed
_SAMPLES = 16  # pictures of each view that are stored, to tell whether it could be made again
_CARDS = TypeAdapter(tuple[Card, ...])


def make_view(images: Tensor, augmentation: Augmentation, number: int) -> Tensor:
    """The view ``number`` of faces (N, s, s) uint8, of the same shape and type on the CPU: all changes but the flip."""
    from fer_models.training.augmenter import augmenter  # see Batches.augment

    augment = augmenter(augmentation.model_copy(update={"flip": 0.0}))
    parts = []
    with torch.random.fork_rng():
        for index, part in enumerate(images.cpu().split(_BLOCK)):
            torch.manual_seed(number * 1_000_003 + index)
            parts.append(augment(part.unsqueeze(1).float() / 255).squeeze(1))
    return (torch.cat(parts) * 255).round().clamp(0, 255).to(torch.uint8)


class Answers:
    """What the teachers of a recipe said of its views, from the file that ``ask`` wrote.

    Raises ValueError when the file cannot be read, is of other teachers, rows or augmentation, or lacks views.
    """

    def __init__(self, file: Path, recipe: Recipe, training: Faces):
        self.images, self.recipe = torch.from_numpy(np.asarray(training.images)), recipe
        self.shares, self.samples = _read_for(recipe, training, file)
        if len(self.shares) < recipe.views:
            raise ValueError(
                f"{file} holds {len(self.shares)} of {recipe.views} views; 'ferscope teach' goes on with it."
            )
        self._latest: tuple[int, Tensor] = (-1, self.images)

    def of_epoch(self, epoch: int) -> tuple[Tensor, Tensor]:
        """The view of an epoch, (N, s, s) uint8, and the teachers' mean probabilities on it, (N, K) float32.

        ValueError when this machine draws other views than those that were answered.
        """
        number = epoch % self.recipe.views
        if self._latest[0] != number:
            view = make_view(self.images, self.recipe.augmentation, number)
            # One grey level for what processors round differently.
            if (_samples(view).int() - self.samples[number].int()).abs().max() > 1:
                raise ValueError(f"View {number + 1} is not the one that teachers have answered: ask them again here.")
            self._latest = number, view
        return self._latest[1], self.shares[number].float()


def read_cards(file: Path) -> tuple[Card, ...]:
    """The cards of the teachers whose answers ``file`` holds. ValueError when it cannot be read."""
    return _read(file)[3]


def ask(
    recipe: Recipe,
    training: Faces,
    cards: tuple[Card, ...],
    teachers: Callable[[Tensor], Tensor],
    file: Path,
    watch: Watch = ignore,
) -> None:
    """Store what the teachers say of each view; a file that holds some views already is gone on with.

    Args:
        cards: of the recipe's teachers.
        teachers: faces (N, s, s) in 0..1 -> mean probabilities (N, K).
        file: ``answers`` (V, N, K) in fp16 and ``samples`` (V, 16, s, s) uint8 of the views; written after each view.

    Raises ValueError when ``file`` holds something else.
    """
    of, images = _identity(recipe, training), torch.from_numpy(np.asarray(training.images))
    shares, samples = map(list, _read_for(recipe, training, file)) if file.exists() else ([], [])
    for number in range(len(shares), recipe.views):
        view = make_view(images, recipe.augmentation, number)
        shares.append(torch.cat([teachers(part.float() / 255).cpu().half() for part in view.split(256)]))
        samples.append(_samples(view))
        tensors = {"answers": torch.stack(shares), "samples": torch.stack(samples)}
        write_tensors(tensors, file, {"of": of, "cards": _CARDS.dump_json(cards).decode()})
        agreed = float((shares[-1].argmax(1).numpy() == training.labels).mean())
        watch(
            Note(f"View {number + 1} of {recipe.views}: the teachers' answer is the label of {agreed:.1%} of the rows")
        )


def _samples(view: Tensor) -> Tensor:
    return torch.from_numpy(spread(view.numpy(), _SAMPLES))


def _identity(recipe: Recipe, training: Faces) -> str:
    """Who was asked about what, as JSON."""
    return json.dumps(
        {
            "teachers": recipe.teachers,
            "augmentation": recipe.augmentation.model_dump(mode="json", exclude={"flip"}),
            "rows": hashlib.sha256(training.images.tobytes()).hexdigest(),
        }
    )


def _read_for(recipe: Recipe, training: Faces, file: Path) -> tuple[Tensor, Tensor]:
    """Answers and samples. ValueError when they belong to another recipe or other rows, or ``file`` to none."""
    shares, samples, of, _ = _read(file)
    if of != _identity(recipe, training):
        raise ValueError(f"{file} holds answers of other teachers, to other rows, or by another augmentation.")
    return shares, samples


def _read(file: Path) -> tuple[Tensor, Tensor, str, tuple[Card, ...]]:
    """Answers, samples, whose and of what, and the teachers' cards. ValueError when ``file`` is not such a file."""
    try:
        with safe_open(file, framework="pt") as stored:
            said = stored.metadata() or {}
            shares, samples = stored.get_tensor("answers"), stored.get_tensor("samples")
        return shares, samples, said["of"], _CARDS.validate_json(said["cards"])
    except (OSError, SafetensorError, KeyError, ValidationError) as error:
        raise ValueError(f"{file} cannot be read as teachers' answers; 'ferscope teach' makes such a file.") from error
