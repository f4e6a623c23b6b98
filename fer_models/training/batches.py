"""From training rows to what a step learns from: order, augmentation, Mixup, and a teacher's word."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from fer_models.checkpoints import load_checkpoint
from fer_models.data.faces import Faces
from fer_models.networks import channels_last
from fer_models.networks.folding import fold_batch_norms
from fer_models.preprocessing import to_input
from fer_models.training.answers import Answers
from fer_models.training.recipe import Recipe
from fer_models.training.scoring import autocast


class Batches:
    """Training rows, kept on the device, and the batches that are made of them there.

    Attributes:
        images: (N, s, s) uint8. They are small (56 MB for FER2013), so all of them sit on the device.
        labels: (N,) int64.
        targets: (N, K) float32, the shares of votes or one label.
    """

    def __init__(
        self,
        recipe: Recipe,
        training: Faces,
        device: torch.device,
        *,
        bf16: bool = False,
        answers: Answers | None = None,
    ):
        self.recipe, self.answers = recipe, answers
        self.images = torch.from_numpy(np.asarray(training.images)).to(device)
        self.labels = torch.from_numpy(np.asarray(training.labels)).to(device)
        targets = training.targets if recipe.soft_targets else np.eye(len(training.label_set))[training.labels]
        self.targets = torch.from_numpy(np.asarray(targets)).float().to(device)
        asked_now = recipe.teachers and answers is None
        self.teachers = Teachers(recipe.teachers, training, device, bf16=bf16) if asked_now else None

    @cached_property
    def augment(self) -> nn.Module:
        from fer_models.training.augmenter import augmenter  # it takes half a second, and a head alone needs none

        return augmenter(self.recipe.augmentation)

    def order(self, epoch: int) -> Tensor:
        """Indices of an epoch's training rows: each once, or drawn by class."""
        generator = torch.Generator().manual_seed(self.recipe.seed * 100_003 + epoch)
        rows = len(self.images)
        if not self.recipe.oversample:
            return torch.randperm(rows, generator=generator).to(self.images.device)
        labels = self.labels.cpu()
        share = labels.bincount()[labels].double() ** -self.recipe.oversample
        return torch.multinomial(share, rows, replacement=True, generator=generator).to(self.images.device)

    def make(self, chosen: Tensor, side: int, epoch: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """What the network gets of the rows ``chosen``: images (N, 3, S, S), targets (N, K), labels (N,).

        The ``epoch`` decides on the view where teachers have answered before.
        """
        recipe, targets = self.recipe, self.targets[chosen]
        if self.answers:
            view, answers = self.answers.of_epoch(epoch)
            rows = chosen.cpu()
            faces = mirrored(view[rows].to(targets.device).float() / 255, recipe.augmentation.flip)
            targets = torch.lerp(targets, answers[rows].to(targets.device), recipe.teaching)
        else:
            faces = self.augment(self.images[chosen].unsqueeze(1).float() / 255).squeeze(1)
        if recipe.mixup:
            faces, targets = mixed_up(faces, targets, recipe.mixup)
        if self.teachers:
            targets = torch.lerp(targets, self.teachers(faces), recipe.teaching)
        return to_input(faces, recipe.preprocessing, side), targets, self.labels[chosen]

    def labelled(self, features: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The rows ``chosen`` of ``features`` (N, D) in place of images, with their targets and labels."""
        return features[chosen], self.targets[chosen], self.labels[chosen]


class Teachers:
    """An ensemble of checkpoints whose mean probabilities are targets (distillation, Hinton et al., 2015).

    They see the picture that the pupil sees, augmented and mixed, each at its own served side (Beyer et al., CVPR 2022,
    "a good teacher is patient and consistent"). Their temperature is 1: votes have made them soft already.

    Raises CheckpointError, or ValueError when one has other labels than the faces ``training``, or has learnt from
    faces of another side: sharper or coarser ones it has never seen.
    """

    def __init__(self, names: Sequence[str], training: Faces, device: torch.device, *, bf16: bool = False):
        self.device, self.bf16 = device, bf16
        side = training.images.shape[1]
        self.members = []
        for name in names:
            network, card = load_checkpoint(name)
            if card.labels != training.label_set.labels:
                raise ValueError(f"{card.name} cannot teach here: its labels are {', '.join(card.labels)}.")
            if (learnt := card.preprocessing.source_side) != side:
                raise ValueError(f"{card.name} cannot teach here: its faces were {learnt} pixels wide, not {side}.")
            network = channels_last(fold_batch_norms(network)).to(device).requires_grad_(False)
            self.members.append((network, card.preprocessing))

    @torch.no_grad()
    def __call__(self, faces: Tensor) -> Tensor:
        """Mean probabilities (N, K) float32 of grey faces (N, s, s) in 0..1."""
        with autocast(self.device, self.bf16):
            answers = [
                network(to_input(faces.to(self.device), preprocessing)) for network, preprocessing in self.members
            ]
        return torch.stack([answer.float().softmax(1) for answer in answers]).mean(0)


def mirrored(faces: Tensor, probability: float) -> Tensor:
    """Faces (N, s, s), each mirrored with a probability."""
    chosen = (torch.rand(len(faces)) < probability).to(faces.device)
    return torch.where(chosen.view(-1, 1, 1), faces.flip(-1), faces)


def mixed_up(faces: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., ICLR 2018): the batch mixed with itself in another order, by one share from Beta(a, a)."""
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    other = torch.randperm(len(faces)).to(faces.device)
    return share * faces + (1 - share) * faces[other], share * targets + (1 - share) * targets[other]
