"""A classifier: network, labels and preprocessing as one object, so that they cannot drift apart."""

import operator
import os
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from fer_models.card import Card
from fer_models.checkpoints import load_checkpoint
from fer_models.networks import Network, channels_last
from fer_models.networks.folding import fold_batch_norms
from fer_models.preprocessing import preprocess


class Classifier:
    """Predicts the expression that a face crop shows. Safe to share between threads: nothing in it changes by use.

    Attributes:
        network: nn.Module in eval mode, images (N, 3, S, S) -> logits (N, K); batch norms folded, gradients off.
        card: the checkpoint's card.
        labels: K expression names, in output order.
    """

    def __init__(self, network: Network, card: Card):
        network = channels_last(fold_batch_norms(network.eval()))
        self.network = network.requires_grad_(False)
        self.card = card
        self.labels = card.labels
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
        return Classifier(*load_checkpoint(name))
