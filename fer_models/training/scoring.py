"""Scoring while training: probabilities at any side, and what is written of them after each epoch."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from fer_models.data.faces import Faces
from fer_models.evaluation.confusion import Confusion
from fer_models.networks import Network
from fer_models.preprocessing import to_input
from fer_models.training.losses import set_nearest_mean
from fer_models.training.recipe import Recipe


def autocast(device: torch.device, bf16: bool = False) -> AbstractContextManager:
    """Mixed precision in bfloat16: on CUDA, and on the CPU where ``bf16`` asks for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bf16 or device.type == "cuda")


def scores(shares: np.ndarray, faces: Faces) -> dict[str, float]:
    """Accuracy, macro-F1 and cross entropy of probabilities (N, K) on ``faces``."""
    confusion = Confusion.of(faces.labels, shares.argmax(1), len(faces.label_set))
    likely = shares[np.arange(len(faces)), faces.labels]
    return {
        "accuracy": float(confusion.accuracy),
        "macro_f1": float(confusion.macro_f1),
        "validation_loss": float(-np.log(np.maximum(likely, 1e-12)).mean()),
    }


def probabilities(network: nn.Module, images: np.ndarray, recipe: Recipe, side: int) -> np.ndarray:
    """Probabilities (N, K) of grey faces (N, s, s) uint8, in eval mode; the network's own mode is put back."""
    return in_batches(network, images, recipe, side, lambda x: network(x).float().softmax(1)).numpy()


@torch.inference_mode()
def head_probabilities(network: Network, features: Tensor) -> np.ndarray:
    """Probabilities (N, K) of embeddings (N, D), with the head in eval mode; its own mode is put back."""
    was_training = network.classifier.training
    network.classifier.eval()
    try:
        return network.classifier(features).float().softmax(1).cpu().numpy()
    finally:
        network.classifier.train(was_training)


def embedded(network: Network, images: Tensor, recipe: Recipe, side: int) -> Tensor:
    """Embeddings (N, D) of grey faces (N, s, s) uint8, on their device, in eval mode."""
    found = in_batches(network, images.cpu().numpy(), recipe, side, lambda x: network.embedding(network.features(x)))
    return found.clone().to(images.device)  # no inference tensor: a head learns from it


def fit_nearest_mean(network: Network, images: Tensor, labels: Tensor, recipe: Recipe, side: int) -> None:
    """Make the head answer with the nearest mean feature, for losses that train none (see ``set_nearest_mean``).

    ``images`` (N, s, s) uint8 and ``labels`` (N,) are the training rows.
    """
    head = cast(nn.Linear, network.classifier[-1])
    set_nearest_mean(head, embedded(network, images, recipe, side), labels, on_sphere=recipe.loss.triplet > 0)


@torch.inference_mode()
def in_batches(
    network: nn.Module, images: np.ndarray, recipe: Recipe, side: int, answer: Callable[[Tensor], Tensor]
) -> Tensor:
    """``answer`` of all faces with ``network`` in eval mode, some at a time: (N, ...) float32 on the CPU."""
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    try:
        parts = []
        # A CPU's caches hold no more than 64.
        for faces in torch.from_numpy(np.asarray(images)).split(64 if device.type == "cpu" else 256):
            with autocast(device):
                parts.append(answer(to_input(faces.to(device), recipe.preprocessing, side)).float().cpu())
        return torch.cat(parts)
    finally:
        network.train(was_training)
