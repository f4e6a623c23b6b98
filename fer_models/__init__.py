"""FERScope's library: small facial-expression networks and what they look at.

``import fer_models as fer`` gives the public interface; everything else is reached through its module. Each name is
loaded when it is first used, so PyTorch comes with the first network and not with the import.
"""

from typing import TYPE_CHECKING

from fer_models.lazy import lazy_names
from fer_models.version import __version__

if TYPE_CHECKING:
    from fer_models.checkpoints import CheckpointError, list_checkpoints
    from fer_models.classifier import Classifier, load_classifier
    from fer_models.explanation import (
        Attribution,
        Covered,
        Explanation,
        Faithfulness,
        GateMap,
        Passage,
        agreement,
        attribute,
        cover,
        explain,
        faithfulness,
        list_methods,
        operate,
        passages,
        read_gates,
    )
    from fer_models.face_parts import face_regions
    from fer_models.faces import Face, detect_faces
    from fer_models.images import ImageError, open_image
    from fer_models.networks import UnknownNetworkError, create_network, list_networks
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "Attribution": "fer_models.explanation",
            "CheckpointError": "fer_models.checkpoints",
            "Classifier": "fer_models.classifier",
            "Covered": "fer_models.explanation",
            "Explanation": "fer_models.explanation",
            "Face": "fer_models.faces",
            "Faithfulness": "fer_models.explanation",
            "GateMap": "fer_models.explanation",
            "ImageError": "fer_models.images",
            "Passage": "fer_models.explanation",
            "UnknownNetworkError": "fer_models.networks.registry",
            "agreement": "fer_models.explanation",
            "attribute": "fer_models.explanation",
            "cover": "fer_models.explanation",
            "create_network": "fer_models.networks.registry",
            "detect_faces": "fer_models.faces",
            "explain": "fer_models.explanation",
            "face_regions": "fer_models.face_parts",
            "faithfulness": "fer_models.explanation",
            "list_checkpoints": "fer_models.checkpoints",
            "list_methods": "fer_models.explanation",
            "list_networks": "fer_models.networks.registry",
            "load_classifier": "fer_models.classifier",
            "open_image": "fer_models.images",
            "operate": "fer_models.explanation",
            "passages": "fer_models.explanation",
            "read_gates": "fer_models.explanation",
        },
    )

__all__ = [
    "__version__",
    "Attribution",
    "CheckpointError",
    "Classifier",
    "Covered",
    "Explanation",
    "Face",
    "Faithfulness",
    "GateMap",
    "ImageError",
    "Passage",
    "UnknownNetworkError",
    "agreement",
    "attribute",
    "cover",
    "create_network",
    "detect_faces",
    "explain",
    "face_regions",
    "faithfulness",
    "list_checkpoints",
    "list_methods",
    "list_networks",
    "load_classifier",
    "open_image",
    "operate",
    "passages",
    "read_gates",
]
