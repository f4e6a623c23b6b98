"""Augmentation: what changes, how far, and that it is seeded."""

import pytest
import torch

from fer_models.data.augmentation import Augmentation
from fer_models.training.augmenter import augmenter


def test_augmentation_keeps_range_and_shape_and_is_seeded():
    settings = Augmentation(erase=1.0)
    images = torch.rand(8, 1, 48, 48)
    torch.manual_seed(5)
    first = augmenter(settings)(images)
    torch.manual_seed(5)
    assert torch.equal(augmenter(settings)(images), first)
    assert first.shape == images.shape and first.min() >= 0 and first.max() <= 1
    assert not torch.equal(first, images)
    nothing = Augmentation(flip=0, degrees=0, translate=0, scale=(1, 1), contrast=0)
    torch.testing.assert_close(augmenter(nothing)(images), images, atol=1e-4, rtol=0)


def test_augmentation_can_make_one_change_or_none():
    settings = Augmentation(one_of=0.5, degrees=0, translate=0, scale=(1, 1), contrast=0, flip=0.5, noise=0.2)
    images = torch.rand(400, 1, 48, 48) * 0.2 + 0.4
    torch.manual_seed(2)
    changed = augmenter(settings)(images)
    same = (changed == images).flatten(1).all(1)
    flipped = (changed == images.flip(3)).flatten(1).all(1)
    assert same.float().mean().item() == pytest.approx(0.5, abs=0.08)
    assert flipped.float().mean().item() == pytest.approx(0.25, abs=0.07)
    noise = (changed - images)[~same & ~flipped]
    assert noise.std().item() == pytest.approx(0.2, rel=0.05) and changed.min() >= 0 and changed.max() <= 1


def test_what_one_of_cannot_choose_is_refused():
    with pytest.raises(ValueError, match="shear is not among the changes of which one_of makes one"):
        Augmentation(one_of=1, shear=20)
    gain = Augmentation(one_of=1, degrees=0, translate=0, scale=(1, 1), contrast=0.4, flip=0)
    changed = augmenter(gain)(torch.full((50, 1, 48, 48), 0.5))
    assert changed.std() > 0.05
    assert augmenter(gain)(torch.zeros(50, 1, 48, 48)).max() == 0  # nothing is added to black
