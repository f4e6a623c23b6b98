"""FERScope's library: small facial-expression networks and what they look at.

``import fer_models as fer`` gives the public interface; everything else is reached through its module.
"""

from fer_models.checkpoints import CheckpointError, list_checkpoints
from fer_models.classifier import Classifier, load_classifier
from fer_models.explanation import Explanation, GateMap, explain, read_gates
from fer_models.faces import Face, detect_faces
from fer_models.images import ImageError, open_image
from fer_models.networks import UnknownNetworkError, create_network, list_networks
from fer_models.version import __version__

__all__ = [
    "__version__",
    "CheckpointError",
    "Classifier",
    "Explanation",
    "Face",
    "GateMap",
    "ImageError",
    "UnknownNetworkError",
    "create_network",
    "detect_faces",
    "explain",
    "list_checkpoints",
    "list_networks",
    "load_classifier",
    "open_image",
    "read_gates",
]
