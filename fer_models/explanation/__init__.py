"""Explanations: gates as they were computed, Grad-CAM beside them, and what holds when places are covered."""

from fer_models.explanation.agreement import agreement
from fer_models.explanation.attribution import Attribution, attribute, list_methods
from fer_models.explanation.cover import Covered, cover
from fer_models.explanation.explain import Explanation, explain
from fer_models.explanation.faithfulness import Faithfulness, faithfulness
from fer_models.explanation.gates import GateMap, coordinate_map, position_map, read_gates
from fer_models.explanation.operate import operate
from fer_models.explanation.passages import Passage, passages

__all__ = [
    "Attribution",
    "Covered",
    "Explanation",
    "Faithfulness",
    "GateMap",
    "Passage",
    "agreement",
    "attribute",
    "coordinate_map",
    "cover",
    "explain",
    "faithfulness",
    "list_methods",
    "operate",
    "passages",
    "position_map",
    "read_gates",
]
