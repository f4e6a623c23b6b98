"""What a run starts from when not from scratch: a checkpoint, or weights that others published."""

from pathlib import Path

from fer_models.data.faces import Faces
from fer_models.networks import Network
from fer_models.training.events import Note, Watch
from fer_models.training.recipe import Recipe
from fer_models.training.start.checkpoint import start_from_checkpoint
from fer_models.training.start.dlib import load_dlib
from fer_models.training.start.imagenet import load_imagenet
from fer_models.training.start.lite import load_lite
from fer_models.training.start.published import DLIB, IMAGENET, PUBLISHED, VGGFACE2, check_start
from fer_models.training.start.vggface2 import load_vggface2


def load_start(network: Network, recipe: Recipe, training: Faces, watch: Watch, file: Path | None = None) -> None:
    """Put the weights that ``recipe.start`` names into ``network``; ValueError when they are of another kind.

    ``training`` are the faces of the run. ``watch`` is told what was loaded and what was not. ``file`` is a copy of the
    published weights; without it timm's are fetched from the Hub.
    """
    if recipe.start not in PUBLISHED:
        start_from_checkpoint(network, recipe, training.label_set.labels, watch)
        return
    name, preprocessing = recipe.network, recipe.preprocessing
    check_start(recipe.start, name, file)
    if recipe.start == IMAGENET:
        transfer = load_imagenet(network, name, file, preprocessing)
    else:
        assert file is not None  # as checked
        if recipe.start == VGGFACE2:
            transfer = load_vggface2(network, name, file, training.images, recipe.side_of(0), preprocessing)
        elif recipe.start == DLIB:
            transfer = load_dlib(network, name, file, preprocessing)
        else:
            transfer = load_lite(network, name, file, preprocessing)
    watch(Note(transfer.text()))
