"""A network with its evidence as one graph: logits, Grad-CAM of every label and every gate, without a backward pass.

The gradient behind Grad-CAM (Selvaraju et al. 2017, eq. 1) is wanted at the last feature map only, and what follows
that map begins with its mean over places. So the gradient is the same at every place: that of the logits with respect
to the mean, divided by the number of places. The head's own gradient is traced once and becomes a part of the graph.
"""

from __future__ import annotations

import json

import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from fer_models.attention import GateKind, reading
from fer_models.classifier import Classifier
from fer_models.networks import Network
from fer_models.preprocessing import to_input

_AXES = ("channel", "height", "width")


class Explained(nn.Module):
    """From grey faces (N, s, s) to logits (N, K), probabilities (N, K), CAMs (N, K, h, w) and every gate.

    CAMs are signed, in the logit's units a place, as ``fer_models.explanation.explain`` has them. A gate has the axes
    of its kind behind the batch's. One face or more.

    Attributes:
        names: of the outputs, in order; a gate's is 'layer:kind'.
        facts: what the names stand for, to be kept beside the graph: JSON by key.
    """

    def __init__(self, classifier: Classifier):
        super().__init__()
        self.network = classifier.network
        self.preprocessing = classifier.card.preprocessing
        self.head_gradient = _head_gradient(self.network, classifier.layers[-1].channels)
        side = self.preprocessing.source_side
        with torch.inference_mode():
            _, gates = self._features(torch.zeros(1, side, side, dtype=torch.uint8))
        self.names = ("logits", "probabilities", "cams", *gates)
        told = [
            {
                "output": name,
                "layer": name.rpartition(":")[0],
                "kind": kind.name,
                "axes": kind.axes,
                "value_range": kind.value_range,
                "shape": list(gate.shape[1:]),
            }
            for name, (kind, gate) in gates.items()
        ]
        self.facts = {"gates": json.dumps(told), "cam_layer": json.dumps(self.network.last_layer)}

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        maps, gates = self._features(faces)
        logits = self.network.head(maps)
        places = maps.shape[2] * maps.shape[3]
        weights = self.head_gradient(maps.mean((2, 3))) / places
        cams = torch.einsum("nkc,nchw->nkhw", weights, maps)
        return logits, logits.softmax(1), cams, *(gate for _, gate in gates.values())

    def _features(self, faces: Tensor) -> tuple[Tensor, dict[str, tuple[GateKind, Tensor]]]:
        """The last feature map, and every gate by its output's name."""
        gates: dict[str, tuple[GateKind, Tensor]] = {}

        def keep(layer: str, kind: GateKind, gate: Tensor, _: Tensor) -> None:
            broadcast = tuple(place for place, axis in enumerate(_AXES, 1) if axis not in kind.axes)
            gates[f"{layer}:{kind.name}"] = (kind, gate.squeeze(broadcast) if broadcast else gate)

        with reading(keep):
            maps = self.network.features(to_input(faces, self.preprocessing).contiguous())
        return maps, gates


def _head_gradient(network: Network, channels: int) -> nn.Module:
    """From the mean (N, C) of a last feature map over places to the gradients (N, K, C) of all logits there.

    K copies of a picture pass the head at once, and of copy k the gradient of logit k is taken.
    """
    labels = network.num_classes
    of_each = torch.eye(labels)

    def gradient(means: Tensor) -> Tensor:
        copies = means[:, None].expand(-1, labels, channels).reshape(-1, channels, 1, 1).detach().requires_grad_()
        logits = network.head(copies).reshape(-1, labels, labels)
        (found,) = torch.autograd.grad((logits * of_each).sum(), copies)
        return found.reshape(-1, labels, channels)

    trace = make_fx(
        gradient,
        decomposition_table=dict(torch._decomp.core_aten_decompositions()),
        tracing_mode="symbolic",
        _allow_non_fake_inputs=True,
    )
    return trace(torch.rand(3, channels))
