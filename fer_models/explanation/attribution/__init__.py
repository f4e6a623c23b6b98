"""Attribution: which places raise a label's score, and which lower it. One file a family of methods."""

from fer_models.explanation.attribution.attribute import (
    Attribution,
    attribute,
    attribute_all,
    list_methods,
    unit_of,
    uses_layer,
)

__all__ = ["Attribution", "attribute", "attribute_all", "list_methods", "unit_of", "uses_layer"]
