"""Augmentation on batches, on whatever device they are."""

import kornia.augmentation as K
import torch
from torch import Tensor, nn

from fer_models.data.augmentation import Augmentation


def augmenter(settings: Augmentation) -> nn.Module:
    """A module from faces (N, 1, s, s), float in 0..1, to changed ones of the same shape.

    Draws from PyTorch's global generator. Edge pixels are repeated outside the picture, as in serving.
    """
    changes = _one_by_one(settings) if settings.one_of is not None else _all(settings)
    if settings.erase:
        changes.append(K.RandomErasing(scale=(0.02, 0.25), value=0.5, p=settings.erase))
    return nn.Sequential(*changes)


def _all(settings: Augmentation) -> list[nn.Module]:
    affine = K.RandomAffine(
        settings.degrees,
        translate=(settings.translate, settings.translate),
        scale=settings.scale,
        shear=settings.shear or None,
        padding_mode="border",
        p=1.0,
    )
    changes: list[nn.Module] = [K.RandomHorizontalFlip(p=settings.flip), affine]
    if settings.contrast:
        spread = (1 - settings.contrast, 1 + settings.contrast)
        changes += [K.RandomBrightness(spread, p=0.5), K.RandomContrast(spread, p=0.5)]
    if settings.noise:
        changes += [K.RandomGaussianNoise(std=settings.noise, p=0.5), _Clamp()]
    return changes


def _one_by_one(settings: Augmentation) -> list[nn.Module]:
    choices: list[nn.Module] = []
    if settings.flip:
        choices.append(K.RandomHorizontalFlip(p=1.0))
    if settings.degrees:
        choices.append(K.RandomAffine(settings.degrees, padding_mode="border", p=1.0))
    if settings.translate:
        shift = (settings.translate, settings.translate)
        choices.append(K.RandomAffine(0.0, translate=shift, padding_mode="border", p=1.0))
    if settings.scale != (1, 1):
        choices.append(K.RandomAffine(0.0, scale=settings.scale, padding_mode="border", p=1.0))
    if settings.contrast:
        choices.append(K.RandomContrast((1 - settings.contrast, 1 + settings.contrast), p=1.0))
    if settings.noise:
        choices.append(nn.Sequential(K.RandomGaussianNoise(std=settings.noise, p=1.0), _Clamp()))
    return [_OneOf(choices, settings.one_of or 0.0)] if choices else []


class _OneOf(nn.Module):
    """For each picture, with a probability, one of the choices, all equally likely."""

    def __init__(self, choices: list[nn.Module], probability: float):
        super().__init__()
        self.choices, self.probability = nn.ModuleList(choices), probability

    def forward(self, faces: Tensor) -> Tensor:
        drawn = torch.randint(len(self.choices), (len(faces),))
        drawn[torch.rand(len(faces)) >= self.probability] = -1
        changed = faces.clone()
        for index, choice in enumerate(self.choices):
            chosen = (drawn == index).nonzero().flatten().to(faces.device)
            if len(chosen):
                changed[chosen] = choice(faces[chosen])
        return changed


class _Clamp(nn.Module):
    def forward(self, faces: Tensor) -> Tensor:
        return faces.clamp(0, 1)
