"""What a run starts from when not from scratch: a checkpoint, or weights trained on ImageNet."""

from pathlib import Path

from fer_models.checkpoints import load_checkpoint
from fer_models.networks import Network
from fer_models.training.imagenet import load_imagenet
from fer_models.training.progress import Say
from fer_models.training.recipe import Recipe

IMAGENET = "imagenet"


def load_start(
    network: Network, recipe: Recipe, labels: tuple[str, ...], say: Say, imagenet: Path | None = None
) -> None:
    """Put the weights that ``recipe.start`` names into ``network``; ValueError when they are of another kind.

    ``imagenet`` is a copy of the published ImageNet weights; they are fetched from the Hub without it.
    """
    if recipe.start == IMAGENET:
        say(load_imagenet(network, recipe.network, imagenet, recipe.preprocessing).text())
        return
    weights, card = load_checkpoint(str(recipe.start))
    if (card.network, card.labels) != (recipe.network, labels):
        raise ValueError(f"{card.name} is {card.network} for {len(card.labels)} labels; it cannot start this run.")
    try:
        network.load_state_dict(weights.state_dict())
    except RuntimeError as error:
        # Options may differ (dropout does no harm), so only PyTorch can say that these make other shapes.
        options = f"options {card.options}" if card.options else "no options"
        raise ValueError(
            f"{card.name} has {options}, and its weights do not fit this recipe's; it cannot start this run."
        ) from error
