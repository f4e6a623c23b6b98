"""What a network gets of a face: worked out by hand, and the same in training and in serving."""

import numpy as np
import torch
from PIL import Image

from fer_models.preprocessing import Preprocessing, preprocess, to_input, to_source


def test_preprocessing_is_luminance_area_and_bilinear():
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (96, 96, 3), dtype=np.uint8)
    grey = crop @ np.array([0.299, 0.587, 0.114])
    source = to_source(crop, 48)
    np.testing.assert_allclose(source, grey.reshape(48, 2, 48, 2).mean((1, 3)), atol=1.01)
    settings = Preprocessing(input_side=48, mean=0.4, std=0.2)
    x = preprocess([crop], settings)
    assert x.shape == (1, 3, 48, 48) and x.dtype == torch.float32
    np.testing.assert_allclose(x[0, 1].numpy(), (source / 255 - 0.4) / 0.2, atol=1e-5)
    assert torch.equal(x[0, 0], x[0, 2])
    # Enlarging by two, half-pixel centres: the value between two neighbours is 3/4 of one and 1/4 of the other.
    ramp = torch.arange(48).expand(1, 48, 48) / 255
    large = to_input(ramp, Preprocessing(input_side=96, mean=0.0, std=1.0))[0, 0, 10] * 255
    np.testing.assert_allclose(large[1:3].numpy(), [0.25, 0.75], atol=1e-4)


def test_shrinking_is_antialiased_and_enlarging_is_plain_bilinear():
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (112, 56))
    settings = Preprocessing(source_side=112, mean=0.0, std=1.0)
    small = to_input(torch.from_numpy(stripes)[None], settings, side=64)[0, 0].numpy() * 255
    expected = np.asarray(Image.fromarray(stripes).resize((64, 64), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(small, expected, atol=0.6)  # Pillow rounds to whole values
    assert small[:, 1:-1].std() < 30  # grey, not a wave from black to white
    faces = torch.rand(2, 1, 48, 48)
    plain = torch.nn.functional.interpolate(faces, size=(64, 64), mode="bilinear", align_corners=False)
    assert torch.equal(to_input(faces[:, 0], settings, side=64)[:, :1], plain)


def test_training_and_serving_see_the_same(crop):
    settings = Preprocessing()
    source = torch.from_numpy(to_source(crop, 48)[None])
    served = preprocess([crop], settings)
    assert torch.equal(to_input(source, settings), served)
    torch.testing.assert_close(to_input(source.float() / 255, settings), served)
