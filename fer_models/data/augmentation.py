"""Augmentation on batches, on whatever device they are."""

import kornia.augmentation as K
from pydantic import BaseModel, ConfigDict, Field
from torch import nn


class Augmentation(BaseModel):
    """Random changes of a batch at the source side, each drawn for every picture on its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flip: float = Field(default=0.5, ge=0, le=1, description="probability of a mirror image")
    degrees: float = Field(default=15, ge=0, le=90, description="largest rotation either way")
    translate: float = Field(default=0.1, ge=0, lt=1, description="largest shift, as a part of the side")
    scale: tuple[float, float] = Field(default=(0.85, 1.15), description="smallest and largest enlargement")
    shear: float = Field(default=0, ge=0, le=45, description="largest shear, in degrees")
    contrast: float = Field(default=0.3, ge=0, lt=1, description="largest change of brightness and of contrast")
    erase: float = Field(default=0.0, ge=0, le=1, description="probability of a grey rectangle")


def augmenter(settings: Augmentation) -> nn.Module:
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
