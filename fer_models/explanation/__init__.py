"""Explanations: gates as they were computed, Grad-CAM beside them, and what holds when places are covered."""

from fer_models.explanation.agreement import agreement
from fer_models.explanation.cover import Covered, cover
from fer_models.explanation.explain import Explanation, explain, grad_cams
from fer_models.explanation.faithfulness import Faithfulness, faithfulness
from fer_models.explanation.gates import GateMap, coordinate_map, position_map, read_gates
from fer_models.explanation.operate import operate

__all__ = [
    "Covered",
    "Explanation",
    "Faithfulness",
    "GateMap",
    "agreement",
    "coordinate_map",
    "cover",
    "explain",
    "faithfulness",
    "grad_cams",
    "operate",
    "position_map",
    "read_gates",
]
