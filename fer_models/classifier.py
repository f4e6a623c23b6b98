"""A classifier: network, labels and preprocessing as one object, so that they cannot drift apart."""

import operator
import os
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch

from fer_models.card import Card
from fer_models.checkpoints import find_checkpoint, load_checkpoint
from fer_models.networks import Network, channels_last
from fer_models.networks.folding import fold_batch_norms
from fer_models.networks.layers import Layer, layers_of
from fer_models.preprocessing import preprocess
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
        self.preprocess = partial(preprocess, preprocessing=card.preprocessing)
        self.preprocess.__doc__ = preprocess.__doc__

    def predict(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities of each expression.

        Args:
            crops: N arrays (H, W, 3), uint8 RGB, any size; one expression each, face filling the crop.

        Returns: (N, K) float32, rows sum to 1. Raises ValueError for no crops or arrays of another kind.
        """
        with torch.inference_mode():
            return self.network(self.preprocess(crops)).softmax(1).numpy()

    def logits(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Scores before the softmax, (N, K) float32, of as many crops as there are: a batch at a time."""
        with torch.inference_mode():
            batches = [crops[start : start + BATCH] for start in range(0, max(len(crops), 1), BATCH)]
            return np.concatenate([self.network(self.preprocess(batch)).numpy() for batch in batches])

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


def load_classifier(name: str | os.PathLike[str]) -> Classifier:
    """Load a checkpoint by name ('a_mobilenet.ferplus') or by the path of its .safetensors, card beside it.

    Raises CheckpointError or UnknownNetworkError (see load_checkpoint).
    """
    with torch.inference_mode(False):  # weights made in a caller's inference mode could not take part in gradients
        return Classifier(*load_checkpoint(name), find_checkpoint(name))
