"""What a run starts from when not from scratch: a checkpoint, or weights that others published."""

from pathlib import Path

from fer_models.card import Card
from fer_models.checkpoints import CheckpointError, load_checkpoint, read_card
from fer_models.data.faces import Faces
from fer_models.mistakes import nearest
from fer_models.networks import Network
from fer_models.training.imagenet import load_imagenet
from fer_models.training.progress import Say
from fer_models.training.published import PUBLISHED, VGGFACE2, check_published
from fer_models.training.recipe import Recipe
from fer_models.training.vggface2 import load_vggface2


def read_start(recipe: Recipe) -> Card | None:
    """The card of the checkpoint that a recipe starts from, if it starts from one; CheckpointError if there is none."""
    if recipe.start is None or recipe.start in PUBLISHED:
        return None
    try:
        return read_card(recipe.start)
    except CheckpointError as error:
        raise CheckpointError(f"{error}{nearest(recipe.start.lower(), PUBLISHED)}") from error


def load_start(network: Network, recipe: Recipe, training: Faces, say: Say, file: Path | None = None) -> None:
    """Put the weights that ``recipe.start`` names into ``network``; ValueError when they are of another kind.

    ``training`` are the faces of the run. ``file`` is a copy of the published weights; without it timm's are fetched
    from the Hub.
    """
    if recipe.start not in PUBLISHED:
        _load_checkpoint(network, recipe, training.label_set.labels)
        return
    check_published(recipe.start, recipe.network, file)
    if recipe.start == VGGFACE2:
        assert file is not None  # as checked
        faces, side = training.images, recipe.side_of(0)
        transfer = load_vggface2(network, recipe.network, file, faces, side, recipe.preprocessing)
    else:
        transfer = load_imagenet(network, recipe.network, file, recipe.preprocessing, recipe.start)
    say(transfer.text())


def _load_checkpoint(network: Network, recipe: Recipe, labels: tuple[str, ...]) -> None:
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
