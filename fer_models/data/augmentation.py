"""Augmentation on batches, on whatever device they are."""

from typing import Protocol

import kornia.augmentation as K
from torch import nn


class Settings(Protocol):
    """The fields of a recipe's augmentation that are read here."""

    flip: float
    degrees: float
    translate: float
    scale: tuple[float, float]
    shear: float
    contrast: float
    erase: float


def augmenter(settings: Settings) -> nn.Module:
    """A module from faces (N, 1, s, s), float in 0..1, to changed ones of the same shape.

    Draws from PyTorch's global generator. Edge pixels are repeated outside the picture, as in serving.
    """
    affine = K.RandomAffine(
        settings.degrees,
        translate=(settings.translate, settings.translate),
        scale=settings.scale,
        shear=settings.shear or None,
        padding_mode="border",
        p=1.0,
    )
    steps: list[nn.Module] = [K.RandomHorizontalFlip(p=settings.flip), affine]
    if settings.contrast:
        spread = (1 - settings.contrast, 1 + settings.contrast)
        steps += [K.RandomBrightness(spread, p=0.5), K.RandomContrast(spread, p=0.5)]
    if settings.erase:
        steps.append(K.RandomErasing(scale=(0.02, 0.2), value=0.5, p=settings.erase))
    return nn.Sequential(*steps)
