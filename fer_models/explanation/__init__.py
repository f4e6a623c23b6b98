"""Explanations: gates as they were computed, and Grad-CAM beside them."""

from fer_models.explanation.explain import Explanation, explain, grad_cams
from fer_models.explanation.gates import GateMap, coordinate_map, position_map, read_gates

__all__ = ["Explanation", "GateMap", "coordinate_map", "explain", "grad_cams", "position_map", "read_gates"]
