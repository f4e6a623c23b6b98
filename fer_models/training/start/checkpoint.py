"""Starting from a checkpoint, whose labels may be others."""

import torch
from torch import Tensor

from fer_models.checkpoints import load_checkpoint
from fer_models.networks import Network
from fer_models.text import listed
from fer_models.training.events import Note, Watch
from fer_models.training.recipe import Recipe


def start_from_checkpoint(network: Network, recipe: Recipe, labels: tuple[str, ...], watch: Watch) -> None:
    """Take everything over from the checkpoint ``recipe.start``; of the last layer only the rows of known labels.

    Raises CheckpointError, or ValueError when its network is another or its weights do not fit.
    """
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
        watch(Note(f"{card.name} does not know {listed(fresh)}: these begin with fresh weights in the last layer."))


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
