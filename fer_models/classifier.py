"""A classifier: network, labels and preprocessing as one object, so that they cannot drift apart."""

import operator
import os
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from fer_models.card import Card
from fer_models.checkpoints import find_checkpoint, load_checkpoint
from fer_models.networks import Network, channels_last
from fer_models.networks.folding import fold_batch_norms
from fer_models.networks.layers import Layer, layers_of
from fer_models.preprocessing import to_input, to_sources
from fer_models.text import nearest

# PyTorch's threads do not live on in a forked process, which would wait for them for ever: it does with its own one.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=partial(torch.set_num_threads, 1))

BATCH = 32  # faces a forward pass: more are not faster on a CPU, and take more memory


class Classifier:
    """Predicts the expression that a face crop shows. Safe to share between threads: nothing in it changes by use.

    Attributes:
        network: nn.Module in eval mode, images (N, 3, S, S) -> logits (N, K); batch norms folded, gradients off.
        card: the checkpoint's card.
        labels: K expression names, in output order.
        file: of its weights, beside which its card and all that was measured of it lie; None for one made in memory.
    """

    def __init__(self, network: Network, card: Card, file: Path | None = None):
        network = channels_last(fold_batch_norms(network.eval()))
        self.network = network.requires_grad_(False)
        self.card = card
        self.labels = card.labels
        self.file = file

    def to(self, device: torch.device | str | int | None = None, dtype: torch.dtype | None = None) -> Self:
        """Move the weights, e.g. ``to("cuda")``, in place as PyTorch's modules do; returns the classifier itself.

        All that uses it follows: pictures go where the weights are, and results are numpy arrays, float32, as before.
        With ``dtype=torch.float64`` everything is computed in it, as a check of rounding. PyTorch's errors are raised
        for a device that is not there.
        """
        self.network.to(device=device, dtype=dtype)
        return self

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights."""
        return next(self.network.parameters()).dtype

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    def preprocess(self, crops: Sequence[np.ndarray]) -> Tensor:
        """Crops, each (H, W, 3) uint8 RGB, to the network's input (N, 3, S, S), where its weights are."""
        return self.to_input(torch.from_numpy(to_sources(crops, self.card.preprocessing.source_side)))

    def to_input(self, faces: Tensor) -> Tensor:
        """Grey faces (N, s, s) at the source side, uint8 or float in 0..1, to the network's input (N, 3, S, S)."""
        return to_input(faces.to(self.device), self.card.preprocessing, dtype=self.dtype)

    def predict(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities of each expression.

        Args:
            crops: N arrays (H, W, 3), uint8 RGB, any size; one expression each, face filling the crop.

        Returns: (N, K) float32, rows sum to 1. Raises ValueError for no crops or arrays of another kind.
        """
        with torch.inference_mode():
            return as_array(self.network(self.preprocess(crops)).softmax(1))

    def logits(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Scores before the softmax, (N, K) float32, of as many crops as there are: a batch at a time."""
        with torch.inference_mode():
            batches = [crops[start : start + BATCH] for start in range(0, max(len(crops), 1), BATCH)]
            return np.concatenate([as_array(self.network(self.preprocess(batch))) for batch in batches])

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Blocks whose output a CAM can be taken at, from the stem to the last map."""
        return layers_of(self.network, self.card.preprocessing.input_side)

    def layer(self, name: str | None = None) -> Layer:
        """The layer of that name, or the last one. ValueError when there is none such."""
        if name is None:
            return self.layers[-1]
        names = [layer.name for layer in self.layers]
        if name not in names:
            raise ValueError(f"'{name}' is not a layer of this network.{nearest(name, names)}")
        return self.layers[names.index(name)]

    def target_index(self, target: str | int) -> int:
        """Index of a label given by name or index. ValueError when there is none such."""
        if isinstance(target, str):
            if target not in self.labels:
                raise ValueError(f"'{target}' is not one of this network's labels: {', '.join(self.labels)}.")
            return self.labels.index(target)
        index = operator.index(target)
        if not 0 <= index < len(self.labels):
            raise ValueError(f"Target {index} is not between 0 and {len(self.labels) - 1}.")
        return index

    def __repr__(self) -> str:
        return f"Classifier({self.card.name!r}, {self.card.preprocessing.input_side} px, {len(self.labels)} labels)"


def as_array(values: Tensor) -> np.ndarray:
    """What a network computed, wherever and in whatever type, as float32 numpy."""
    return values.detach().to("cpu", torch.float32).numpy()


def load_classifier(name: str | os.PathLike[str]) -> Classifier:
    """Load a checkpoint by name ('a_mobilenet.ferplus') or by the path of its .safetensors, card beside it.

    Raises CheckpointError or UnknownNetworkError (see load_checkpoint).
    """
    with torch.inference_mode(False):  # weights made in a caller's inference mode could not take part in gradients
        return Classifier(*load_checkpoint(name), find_checkpoint(name))
