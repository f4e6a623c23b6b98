"""Starting from ImageNet: weights that timm publishes on the Hugging Face Hub, each as ``model.safetensors``.

Their layout and what becomes of it are in ``timm_layout``. timm's published files themselves have not been at hand.
"""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from fer_models.networks import Network
from fer_models.preprocessing import Preprocessing
from fer_models.training.start.published import EFFICIENTNETS, MOBILENETV1S, MOBILENETV3S
from fer_models.training.start.timm_layout import EFFICIENTNET, MOBILENETV1, MOBILENETV3, TimmLayout, check_tensors, fit
from fer_models.training.start.transfer import Transfer

FILE_NAME = "model.safetensors"
#: Network -> what it starts from.
LAYOUTS: dict[str, TimmLayout] = {
    **dict.fromkeys(MOBILENETV1S, MOBILENETV1),
    **dict.fromkeys(MOBILENETV3S, MOBILENETV3),
    **dict.fromkeys(EFFICIENTNETS, EFFICIENTNET),
}


def load_imagenet(
    network: Network, name: str, file: Path | None = None, preprocessing: Preprocessing | None = None
) -> Transfer:
    """Put timm's ImageNet weights into a network, in place, and say what was loaded and what was not.

    Args:
        network: as ``create_network(name, ...)`` made it.
        name: its registered name, one of ``LAYOUTS``, which decides on the weights.
        file: a copy of them; fetched from the Hub (or its cache) unless given. Weights of the same layout from
            elsewhere cannot be told apart; they may need another mean and deviation.
        preprocessing: what the network will get, if not the default mean and standard deviation.

    Raises ValueError: the weights cannot be fetched or read, or are those of another model; the network is then
    unchanged.
    """
    layout = LAYOUTS[name]
    path = file or _download(layout.weights)
    tensors = _read(path)
    check_tensors(tensors, layout, path)
    return fit(network, name, layout, tensors, preprocessing or Preprocessing())


def _download(repository: str) -> Path:
    from huggingface_hub import hf_hub_download, hf_hub_url  # needed by few, 0.3 s to import
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repository, FILE_NAME))
    except Exception as error:  # its errors (no connection, 404, a file cut short) have no base class in common
        reason = next(iter(str(error).splitlines()), "").rstrip(".") or type(error).__name__
        if isinstance(error, LocalEntryNotFoundError):
            reason = "the Hub does not answer, and its cache holds no copy"
        url = hf_hub_url(repository, FILE_NAME)
        raise ValueError(
            f"The ImageNet weights {repository} could not be fetched ({reason}); "
            f"give a downloaded copy of {url} as a file instead."
        ) from error


def _read(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"The weights {file} cannot be read as safetensors: {error}.") from error
