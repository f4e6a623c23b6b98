"""Formats of phones and archives, and 16-bit files of shallower values."""

import struct

import numpy as np
import pytest
from PIL import Image

from fer_models.images import ImageError, decoding, open_image
from tests.support.image_files import encode, exif, png


def test_avif_is_read_upright(picture):
    pixels = open_image(encode(picture, "AVIF", quality=95))
    assert pixels.shape == picture.shape and np.abs(pixels.astype(int) - picture).max() <= 16
    turned = open_image(encode(picture, "AVIF", quality=95, exif=b"Exif\0\0" + exif(6)))
    assert np.abs(turned.astype(int) - np.rot90(picture, -1)).max() <= 16


def test_heic_is_read_upright_and_without_its_decoder_it_is_told(picture, monkeypatch):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    large = np.kron(picture, np.ones((4, 4, 1), np.uint8))
    data = encode(large, "HEIF", quality=95)
    pixels = open_image(data)
    assert pixels.shape == large.shape and np.abs(pixels.astype(int) - large).mean() <= 4
    turned = open_image(encode(large, "HEIF", quality=95, exif=b"Exif\0\0" + exif(6)))
    assert turned.shape == np.rot90(large).shape and np.abs(turned.astype(int) - np.rot90(large, -1)).mean() <= 4
    monkeypatch.setattr(decoding, "_heif", lambda: False)
    with pytest.raises(ImageError, match=r"ferscope\[heif\] for HEIC pictures is not installed.*JPEG"):
        open_image(data)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_phone_formats_cut_short_or_too_large_are_told_before_anything_is_decoded(picture, kind):
    pytest.importorskip("pillow_heif").register_heif_opener()
    data = encode(np.kron(picture, np.ones((4, 4, 1), np.uint8)), kind)
    for length in range(32, len(data) - 1, 97):
        with pytest.raises(ImageError):
            open_image(data[:length])
    at = data.index(b"ispe") + 8
    with pytest.raises(ImageError, match="60000 x 60000"):
        open_image(data[:at] + struct.pack(">II", 60000, 60000) + data[at + 8 :])


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "GIF", "PPM"])
def test_archived_formats_are_read_where_that_is_asked_for(picture, kind):
    data = encode(picture, kind)
    with pytest.raises(ImageError, match="JPEG, PNG or WebP"):
        open_image(data)
    pixels = open_image(data, archive=True)
    assert pixels.shape == picture.shape
    assert np.abs(pixels.astype(int) - picture).max() <= (40 if kind == "GIF" else 0)
    with pytest.raises(ImageError):
        open_image(data[: len(data) // 3], archive=True)


def test_a_turned_tiff_and_one_of_16_bits(picture):
    turned = open_image(encode(picture, "TIFF", tiffinfo={0x0112: 6}), archive=True)
    assert np.array_equal(turned, np.rot90(picture, -1))
    values = (np.arange(24 * 40, dtype=np.uint16) * 68).reshape(24, 40)
    grey = open_image(encode(values, "TIFF"), archive=True)
    assert np.array_equal(grey[:, :, 0], values >> 8)


def test_an_archived_picture_of_absurd_size_is_refused():
    data = encode(Image.new("1", (10000, 5001)), "BMP")
    with pytest.raises(ImageError, match="50 megapixels"):
        open_image(data, archive=True)
    absurd = data[:18] + struct.pack("<ii", 60000, 60000) + data[26:]
    with pytest.raises(ImageError, match=r"too many pixels|damaged|too large"):
        open_image(absurd, archive=True)


@pytest.mark.parametrize(("bits", "largest"), [(8, 255), (10, 900), (12, 4095)])
def test_16_bit_files_of_shallower_values_are_not_black(bits, largest):
    values = np.linspace(0, largest, 16).astype(np.uint16)
    row = struct.pack(">16H", *values)
    with pytest.warns(UserWarning, match=f"{bits}-bit"):
        grey = open_image(png(16, 1, 16, 0, [row]))
    assert np.array_equal(grey[0, :, 0], values >> (bits - 8))
    colours = np.stack([values, values[::-1], values // 2], 1)
    with pytest.warns(UserWarning, match=f"{bits}-bit"):
        pixels = open_image(png(16, 1, 16, 2, [struct.pack(">48H", *colours.ravel())]))
    assert np.array_equal(pixels[0], colours >> (bits - 8))
