"""Augmentation on batches, on whatever device they are."""

import kornia.augmentation as K
import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn


class Augmentation(BaseModel):
    """Random changes of a batch at the source side, each drawn for every picture on its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flip: float = Field(default=0.5, ge=0, le=1, description="probability of a mirror image")
    degrees: float = Field(default=15, ge=0, le=90, description="largest rotation either way")
    translate: float = Field(default=0.1, ge=0, lt=1, description="largest shift, as a part of the side")
    scale: tuple[float, float] = Field(default=(0.85, 1.15), description="smallest and largest enlargement")
    shear: float = Field(default=0, ge=0, le=45, description="largest shear, in degrees")
    contrast: float = Field(
        default=0.3,
        ge=0,
        lt=1,
        description="largest change of brightness (added, white being 1) and of gain (a factor); with one_of, of gain "
        "only",
    )
    noise: float = Field(default=0.0, ge=0, le=0.5, description="standard deviation of Gaussian noise, white being 1")
    erase: float = Field(default=0.0, ge=0, le=1, description="probability of a grey rectangle")
    one_of: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="probability that exactly one of the changes above is made, as paper 002's code does; erasing is "
        "drawn apart, and shear is not among them. None: all are made",
    )

    @model_validator(mode="after")
    def _one_of_has_no_shear(self) -> "Augmentation":
        if self.one_of is not None and self.shear:
            raise ValueError("shear is not among the changes of which one_of makes one")
        return self


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
