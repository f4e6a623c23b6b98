"""What a run starts from when not from scratch: a checkpoint, or weights that others published."""

from pathlib import Path
from typing import NamedTuple

from fer_models.checkpoints import load_checkpoint
from fer_models.data.faces import Faces
from fer_models.networks import Network
from fer_models.training.imagenet import load_imagenet
from fer_models.training.progress import Say
from fer_models.training.recipe import Recipe
from fer_models.training.sources import LITE0, TIMM, imagenet_source
from fer_models.training.vggface2 import check_vggface2, load_vggface2

VGGFACE2 = "vggface2"


class Published(NamedTuple):
    """What a card says of a start: a phrase, and the licence under which the weights were published."""

    initialisation: str
    licence: str


#: ``recipe.start`` -> what a card says of it.
PUBLISHED = {
    TIMM: Published("from ImageNet weights published with timm", "Apache-2.0"),
    LITE0: Published("from EfficientNet-Lite0's ImageNet weights", "Apache-2.0"),
    VGGFACE2: Published("from VGGFace2 weights published by HSE", "MIT"),
}


def check_published(start: str, network: str, file: Path | None) -> None:
    """ValueError when ``network`` cannot start from these published weights, or their file is missing."""
    where = check_vggface2(network) if start == VGGFACE2 else imagenet_source(network, start).where
    if where and file is None:
        raise ValueError(f"A run that starts from '{start}' needs --start-weights FILE: {where}.")
    if file is not None:
        check_start_weights(file)


def check_start_weights(file: Path) -> None:
    """ValueError unless there is such a file."""
    if not file.is_file():
        raise ValueError(f"There is no file {file}; --start-weights names published weights to start from.")


def load_start(network: Network, recipe: Recipe, training: Faces, say: Say, file: Path | None = None) -> None:
    """Put the weights that ``recipe.start`` names into ``network``; ValueError when they are of another kind.

    ``file`` is a copy of the published weights; without it those of ImageNet are fetched from the Hub.
    """
    if recipe.start not in PUBLISHED:
        _load_checkpoint(network, recipe, training.label_set.labels)
        return
    check_published(recipe.start, recipe.network, file)
    if file is not None and recipe.start == VGGFACE2:
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
