"""Weights of an ONNX graph that int8 holds without loss, kept as int8 and dequantised in the graph.

A checkpoint stored as int8 has one scale for each output channel (fer_models.quantization). Batch norms folded into a
convolution multiply that scale and no more, so the graph's float32 weights still lie on a grid of 255 steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from onnx import GraphProto

_LARGEST = 127
_FEW = 1024  # numbers: of fewer there is nothing to win
#: How far a weight may lie from the grid, in steps of it: float32 rounds a product of two.
_OFF = 1e-3


def keep_int8(graph: GraphProto) -> int:
    """Replace, in place, every initializer on such a grid by int8 and a DequantizeLinear; returns how many."""
    from onnx import helper, numpy_helper

    kept, nodes, count = [], [], 0
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        found = _on_grid(weights)
        if found is None:
            kept.append(tensor)
            continue
        steps, scale, axis = found
        names = [f"{tensor.name}_{part}" for part in ("int8", "scale", "zero")]
        arrays = (steps, scale, np.zeros(len(scale), np.int8))
        kept += [numpy_helper.from_array(array, name) for array, name in zip(arrays, names, strict=True)]
        nodes.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axis))
        count += 1
    del graph.initializer[:]
    graph.initializer.extend(kept)
    behind = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *behind])
    return count


def _on_grid(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, int] | None:
    """int8 steps, scales along one axis, and that axis; None for weights that lie on no such grid."""
    if weights.dtype != np.float32 or weights.ndim < 2 or weights.size < _FEW:
        return None
    for axis in (0, 1) if weights.ndim == 2 else (0,):  # a matrix may stand in the graph transposed
        others = tuple(place for place in range(weights.ndim) if place != axis)
        scale = np.abs(weights).max(others, keepdims=True) / _LARGEST
        exact = weights / np.where(scale > 0, scale, 1)
        steps = exact.round()
        if np.abs(exact - steps).max() <= _OFF:
            return steps.astype(np.int8), scale.ravel().astype(np.float32), axis
    return None
