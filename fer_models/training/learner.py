"""What learns, and how one batch moves it."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from fer_models.networks import Network
from fer_models.networks.layers import layers_of
from fer_models.training.losses import JointLoss
from fer_models.training.optimisation import ema_decay_at, make_optimizer, sharpest_neighbour
from fer_models.training.recipe import Recipe
from fer_models.training.scoring import autocast
from fer_models.training.workers import ALONE, Workers


class Learner:
    """A network with its optimizer, its loss, and the averaged weights that are kept in the end.

    Args:
        network: on the device where it learns.
        recipe: how it learns.
        labels: (N,) of all training rows, on the same device.
        compiled: compile the network with ``torch.compile`` first.
        bf16: learn in bfloat16 on the CPU too.
        workers: that learn together. Cross entropy alone is the same by parts; ValueError for other losses.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        labels: Tensor,
        *,
        compiled: bool = False,
        bf16: bool = False,
        workers: Workers = ALONE,
    ):
        if workers.count > 1 and (recipe.loss.centre or recipe.loss.triplet):
            raise ValueError("Centre and triplet loss compare the rows of a whole batch: they need one worker.")
        self.workers = workers
        self.network, self.recipe, self.device, self.bf16 = network, recipe, labels.device, bf16
        self.frozen = _frozen_parts(network, recipe.trained)
        for part in self.frozen:
            part.requires_grad_(False)
        self.ema = AveragedModel(network, use_buffers=True)
        self.moving = _moving_pairs(self.averaged, network, self.frozen)
        self.optimizer = make_optimizer(network, recipe)
        head = cast(nn.Linear, network.classifier[-1])
        # Rows of the head whose labels nothing is learnt of; a start knows them.
        present = set(labels.unique().tolist()) if recipe.keep_labels else set(range(head.out_features))
        self.kept = sorted(set(range(head.out_features)) - present)
        self.loss = JointLoss(recipe.loss, labels, head.out_features, head.in_features).to(labels.device)
        # Every batch of a stage has one shape; with symbolic ones PyTorch 2.13 cannot compile CPSCA's network.
        self.forward = torch.compile(self._forward, dynamic=False) if compiled else self._forward

    @property
    def modules(self) -> dict[str, nn.Module]:
        """All that learns, by the name it is saved under."""
        return {"network": self.network, "average": self.ema, "loss": self.loss}

    @property
    def averaged(self) -> Network:
        """The network with averaged weights: what is scored and kept."""
        return cast(Network, self.ema.module)

    def train(self) -> None:
        """Training mode for what learns; the rest stays as it is served, its running statistics with it."""
        self.network.train()
        for part in self.frozen:
            part.eval()

    def learn(self, images: Tensor, targets: Tensor, labels: Tensor, *, step: int, rate: float) -> Tensor:
        """Move the weights by one batch at a learning rate, and the averaged ones after them.

        Args:
            images, targets, labels: (N, 3, S, S), (N, K) and (N,), see ``Batches.make``; features (N, D) in place of
                images where the head alone learns.
            step: counted from 0 over the whole run.

        Returns (2,) its loss, and the share of its images that were answered with their label. In place of the loss it
        is the gradient's norm where that is no number: the weights are spoilt then, and no save may follow before that
        is seen.
        """
        recipe = self.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        loss, features, right = self._backward(images, targets, labels, step)
        if recipe.sam:
            with sharpest_neighbour(self.network, recipe.sam):
                self._backward(images, targets, labels, step)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip_norm or math.inf)
        with self._rows_kept():
            self.optimizer.step()
        self.workers.average_norms(self.network)
        self.loss.update(features, labels)
        self._average(0.0 if step == 0 else ema_decay_at(step, recipe))
        return torch.stack([torch.where(norm.isfinite(), loss, norm), right])

    @contextmanager
    def _rows_kept(self) -> Iterator[None]:
        """What changes inside the block leaves the rows ``kept`` of the head as they are."""
        head = cast(nn.Linear, self.network.classifier[-1])
        rows = [(parameter, parameter[self.kept].detach().clone()) for parameter in (head.weight, head.bias)]
        yield
        if self.kept:
            with torch.no_grad():
                for parameter, before in rows:
                    parameter[self.kept] = before

    def _average(self, decay: float) -> None:
        """Let the averaged weights follow. What is frozen is left out: of hundreds of tensors a head has two."""
        follow = get_ema_multi_avg_fn(decay)
        for averages, values in self.moving:
            follow(averages, values, None)
        self.ema.n_averaged += 1

    def _backward(self, images: Tensor, targets: Tensor, labels: Tensor, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Fresh gradients of one batch; returns its loss, the features (N, D) behind it, and the share answered right.

        All are detached. Of several workers each learns from its part: gradients, loss and share are of the batch.
        """
        # A seed of its own, so that both passes of sharpness-aware minimisation drop the same units.
        torch.manual_seed(self.recipe.seed * 1_000_003 + step + 2**40 * (1 + self.workers.rank))
        batch = labels
        images, targets, labels = map(self.workers.part, (images, targets, labels))
        with autocast(self.device, self.bf16):
            features, logits = self.forward(images)
        features = features.float()
        loss = self.loss(features, logits.float(), targets, labels)
        self.optimizer.zero_grad()
        loss.backward()
        found = [loss.detach(), (logits.detach().argmax(1) == labels).float().mean()]
        self._add_up(found, len(labels) / len(batch))
        return found[0], features.detach(), found[1]

    def _add_up(self, found: list[Tensor], share: float) -> None:
        """Gradients and what was ``found``: from means over a ``share`` of the batch to those over all of it."""
        if self.workers.count > 1:
            gradients = [parameter.grad for parameter in self.network.parameters() if parameter.grad is not None]
            tensors = [*found, *gradients]
            torch._foreach_mul_(tensors, share)
            self.workers.add_up(tensors)

    def _forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        head_only = self.recipe.trained == "head"  # then the images are their features
        features = images if head_only else self.network.embedding(self.network.features(images))
        return features, self.network.classifier(features)


def _moving_pairs(
    averaged: nn.Module, network: nn.Module, frozen: list[nn.Module]
) -> list[tuple[list[Tensor], list[Tensor]]]:
    """The averaged tensors and those they follow, all but frozen ones, for each dtype a pair of lists."""
    still = {tensor for part in frozen for tensor in (*part.parameters(), *part.buffers())}
    pairs: dict[torch.dtype, tuple[list[Tensor], list[Tensor]]] = {}
    both = zip(*((*net.parameters(), *net.buffers()) for net in (averaged, network)), strict=True)
    for average, value in both:
        if value not in still:
            averages, values = pairs.setdefault(value.dtype, ([], []))
            averages.append(average.detach())
            values.append(value.detach())
    return list(pairs.values())


def _frozen_parts(network: Network, trained: str) -> list[nn.Module]:
    """What does not learn: nothing, all features but those of the last resolution, or all before the classifier."""
    if trained == "head":
        return [network.features, network.embedding]
    return list(network.features.children())[: _last_stage(network)] if trained == "last" else []


def _last_stage(network: Network) -> int:
    """The number of the first feature layer whose output has the side of the last feature map."""
    was_training = network.training
    network.eval()  # looking at the layers shall move no running statistics
    layers = layers_of(network, 64)
    network.train(was_training)
    return next(layer.number for layer in layers if layer.side == layers[-1].side)
