"""An exported graph made plain, so that onnxruntime, empty batches and OpenCV's `cv2.dnn` can all run it.

PyTorch's exporter computes sizes while the graph runs, since the batch is open. All sizes but the batch's are known,
and `cv2.dnn` needs them as constants; of an empty batch those left to be found cannot be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

Sizes = list[int | str]  # of a tensor's axes; a name for one that is open, such as the batch's


def make_plain(graph: GraphProto) -> None:
    """Write sizes as constants, and what else `cv2.dnn` cannot read by simpler nodes; all answers stay the same.

    What nothing uses any more is taken out, and so is what the exporter noted of the Python code.
    """
    shapes = _shapes(graph)
    nodes = [new for node in graph.node for new in _plain(graph, node, shapes)]
    nodes = _used(nodes, {value.name for value in graph.output})
    for node in nodes:
        del node.metadata_props[:]
    _replace(graph.node, nodes)
    names = {name for node in nodes for name in node.input}
    _replace(graph.initializer, [value for value in graph.initializer if value.name in names])
    del graph.value_info[:]


def _plain(graph: GraphProto, node: NodeProto, shapes: dict[str, Sizes]) -> Iterator[NodeProto]:
    """What stands for one node."""
    from onnx.helper import make_node

    out = node.output[0]
    sizes, given = shapes.get(out, []), shapes.get(node.input[0] if node.input else "", [])
    same_batch = given[:1] == sizes[:1] == shapes[graph.input[0].name][:1]
    if node.op_type in ("Reshape", "Unsqueeze") and same_batch and all(isinstance(size, int) for size in sizes[1:]):
        # 0 keeps the batch's axis as it is.
        yield make_node("Reshape", [node.input[0], _constant(graph, f"{out}_sizes", [0, *sizes[1:]])], [out], node.name)
    elif node.op_type == "Expand" and same_batch and given[1:] == [1, *sizes[2:]]:
        yield make_node("Concat", [node.input[0]] * int(sizes[1]), [out], node.name, axis=1)
    elif node.op_type == "Resize":
        # The next larger number: a product that is rounded down must not lose the last pixel.
        ratios = np.float32(np.array(sizes[2:]) / np.array(given[2:]))
        scales = np.array([1, 1, *np.nextafter(ratios, np.float32(np.inf))], np.float32)
        _replace(node.input, [node.input[0], "", _constant(graph, f"{out}_scales", scales)])
        yield node
    elif node.op_type == "HardSigmoid":
        # OpenCV 4 takes x * HardSigmoid(y) for HardSwish(y), whatever x is.
        alpha, beta = (next(each.f for each in node.attribute if each.name == name) for name in ("alpha", "beta"))
        scaled, shifted = f"{out}_scaled", f"{out}_shifted"
        number = {
            name: _constant(graph, f"{out}_{name}", np.float32(value))
            for name, value in {"alpha": alpha, "beta": beta, "zero": 0, "one": 1}.items()
        }
        yield make_node("Mul", [node.input[0], number["alpha"]], [scaled], f"{node.name}_scaled")
        yield make_node("Add", [scaled, number["beta"]], [shifted], f"{node.name}_shifted")
        yield make_node("Clip", [shifted, number["zero"], number["one"]], [out], node.name)
    else:
        yield node


def _shapes(graph: GraphProto) -> dict[str, Sizes]:
    values = [*graph.input, *graph.output, *graph.value_info]
    shapes = {
        value.name: [size.dim_value or size.dim_param for size in value.type.tensor_type.shape.dim] for value in values
    }
    asked = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Shape"}
    for node in graph.node:
        if node.op_type == "Reshape" and node.input[1] in asked:  # back to the shape that another tensor has
            shapes[node.output[0]] = shapes[asked[node.input[1]]]
    return shapes


def _used(nodes: list[NodeProto], wanted: set[str]) -> list[NodeProto]:
    """The nodes, in order, without which the wanted values cannot be computed."""
    used = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            used.append(node)
            wanted = wanted.union(node.input)
    return used[::-1]


def _constant(graph: GraphProto, name: str, values: object) -> str:
    from onnx import numpy_helper

    graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return name


def _replace(field: object, values: Iterable[object]) -> None:
    """Give a repeated field of a message these values."""
    kept = list(values)
    del field[:]  # type: ignore[attr-defined]
    field.extend(kept)  # type: ignore[attr-defined]
