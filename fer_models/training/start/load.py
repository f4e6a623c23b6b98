"""What a run starts from when not from scratch: a checkpoint, or weights that others published."""

from pathlib import Path

import torch
from torch import Tensor

from fer_models.checkpoints import load_checkpoint
from fer_models.data.faces import Faces
from fer_models.networks import Network
from fer_models.text import listed
from fer_models.training.progress import Say
from fer_models.training.recipe import Recipe
from fer_models.training.start.imagenet import load_imagenet
from fer_models.training.start.published import PUBLISHED, VGGFACE2, check_published
from fer_models.training.start.vggface2 import load_vggface2


def load_start(network: Network, recipe: Recipe, training: Faces, say: Say, file: Path | None = None) -> None:
    """Put the weights that ``recipe.start`` names into ``network``; ValueError when they are of another kind.

    ``training`` are the faces of the run. ``file`` is a copy of the published weights; without it timm's are fetched
    from the Hub.
    """
    if recipe.start not in PUBLISHED:
        _load_checkpoint(network, recipe, training.label_set.labels, say)
        return
    check_published(recipe.start, recipe.network, file)
    if recipe.start == VGGFACE2:
        assert file is not None  # as checked
        faces, side = training.images, recipe.side_of(0)
        transfer = load_vggface2(network, recipe.network, file, faces, side, recipe.preprocessing)
    else:
        transfer = load_imagenet(network, recipe.network, file, recipe.preprocessing, recipe.start)
    say(transfer.text())


def _load_checkpoint(network: Network, recipe: Recipe, labels: tuple[str, ...], say: Say) -> None:
    """Everything is taken over; where the labels differ, the last layer only for those of the same name."""
    weights, card = load_checkpoint(str(recipe.start))
    if card.network != recipe.network:
        raise ValueError(f"{card.name} is {card.network}, not {recipe.network}; it cannot start this run.")
    try:
        network.load_state_dict(_with_rows(weights.state_dict(), network, card.labels, labels))
    except RuntimeError as error:
        # Options may differ (dropout does no harm), so only PyTorch can say that these make other shapes.
        options = f"options {card.options}" if card.options else "no options"
        raise ValueError(
            f"{card.name} has {options}, and its weights do not fit this recipe's; it cannot start this run."
        ) from error
    if fresh := [label for label in labels if label not in card.labels]:
        say(f"{card.name} does not know {listed(fresh)}: these begin with fresh weights in the last layer.")


def _with_rows(
    state: dict[str, Tensor], network: Network, known: tuple[str, ...], labels: tuple[str, ...]
) -> dict[str, Tensor]:
    """``state`` with a last layer for ``labels``: rows by label, those of labels not ``known`` as ``network`` has them.

    RuntimeError when the last layers have other inputs.
    """
    own, last = network.state_dict(), len(network.classifier) - 1
    for name in (f"classifier.{last}.weight", f"classifier.{last}.bias"):
        rows = [(state[name][known.index(label)] if label in known else own[name][i]) for i, label in enumerate(labels)]
        state[name] = torch.stack(rows)
    return state
