"""Intake: what `open_image` gives is compared with plain numpy and with pixels known beforehand."""

import io
import os
import struct
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fer_models.images import MAX_BYTES, ImageError, check_image, open_image
from tests.support.image_files import chunk, encode, exif, png


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 12),
        ("JPEG", {"quality": 95}, 12),
        ("JPEG", {"quality": 95, "progressive": True}, 12),
    ],
)
def test_three_formats(picture, kind, options, tolerance):
    pixels = open_image(encode(picture, kind, **options))
    assert pixels.shape == picture.shape and pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous and pixels.flags.writeable
    assert np.abs(pixels.astype(int) - picture).max() <= tolerance


def test_sources_agree(picture, tmp_path):
    data = encode(picture, "PNG")
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    read_before = io.BytesIO(data)
    read_before.read()
    with path.open("rb") as file:
        for source in (data, bytearray(data), memoryview(data), path, str(path), read_before, file):
            assert np.array_equal(open_image(source), picture)


def test_a_file_that_returns_little_at_a_time(picture):
    class Dripping(io.RawIOBase):
        def __init__(self, data):
            self.rest = data

        def read(self, size=-1):
            part, self.rest = self.rest[:7], self.rest[7:]
            return part

    assert np.array_equal(open_image(Dripping(encode(picture, "PNG"))), picture)


# The stored array of each orientation, by numpy's own words for the turns (EXIF 2.32, 4.6.4).
STORED = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),  # shown after a quarter turn clockwise
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 95})])
def test_orientation(picture, orientation, order, kind, options):
    stored = np.ascontiguousarray(STORED[orientation](picture))
    block = b"Exif\0\0" + exif(orientation, order)
    pixels = open_image(encode(stored, kind, exif=block, **options))
    assert pixels.shape == picture.shape
    assert np.abs(pixels.astype(int) - picture).max() <= (12 if kind == "JPEG" else 0)


@pytest.mark.parametrize("block", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", exif(9), exif(0), b"XX" + exif(6)[2:]])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_corrupt_exif_is_ignored(picture, block, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_image(encode(picture, kind, exif=b"Exif\0\0" + block)).shape == picture.shape


def test_16_bit_grey_is_scaled():
    row = struct.pack(">4H", 0, 32768, 65535, 511)
    assert open_image(png(4, 1, 16, 0, [row]))[0].tolist() == [[0] * 3, [128] * 3, [255] * 3, [1] * 3]


def test_16_bit_colour_and_alpha_are_scaled():
    assert open_image(png(1, 1, 16, 2, [struct.pack(">3H", 32768, 65535, 0)])).tolist() == [[[128, 255, 0]]]
    half = open_image(png(1, 1, 16, 6, [struct.pack(">4H", 0, 65535, 0, 32768)]))
    assert np.abs(half[0, 0].astype(int) - [127, 255, 127]).max() <= 1
    assert open_image(png(1, 1, 16, 4, [struct.pack(">2H", 0, 0)])).tolist() == [[[255, 255, 255]]]


def test_grey_bilevel_palette_cmyk():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    expected = np.repeat(grey[:, :, None], 3, axis=2)
    assert np.array_equal(open_image(encode(grey, "PNG")), expected)
    assert np.abs(open_image(encode(np.full((8, 8), 90, np.uint8), "JPEG")).astype(int) - 90).max() <= 2
    assert open_image(png(3, 1, 1, 0, [b"\xa0"]))[0, :, 0].tolist() == [255, 0, 255]
    palette = chunk(b"PLTE", bytes([10, 20, 30, 200, 100, 50]))
    assert open_image(png(2, 1, 8, 3, [b"\0\1"], palette)).tolist() == [[[10, 20, 30], [200, 100, 50]]]
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # no cyan, full magenta and yellow: red
    assert np.abs(open_image(encode(cmyk, "JPEG", quality=95)).astype(int) - [255, 0, 0]).max() <= 6


def test_alpha_lies_over_white(picture):
    alpha = np.zeros((24, 40, 1), np.uint8)
    alpha[:, 20:] = 255
    alpha[0, 0] = 51  # a fifth
    pixels = open_image(encode(np.concatenate([picture, alpha], axis=2), "PNG"))
    assert (pixels[1:, :20] == 255).all()
    assert np.array_equal(pixels[:, 20:], picture[:, 20:])
    assert np.abs(pixels[0, 0] - (0.2 * picture[0, 0] + 0.8 * 255)).max() <= 1


@pytest.mark.parametrize(
    ("depth", "colour", "row", "key"),
    [
        (8, 0, bytes([7, 8]), struct.pack(">H", 7)),
        (2, 0, bytes([0b01100000]), struct.pack(">H", 1)),
        (16, 0, struct.pack(">2H", 700, 40000), struct.pack(">H", 700)),
        (8, 2, bytes([7, 8, 9, 1, 2, 3]), struct.pack(">3H", 7, 8, 9)),
        (8, 3, b"\0\1", b"\0"),
    ],
)
def test_transparent_colour_is_white(depth, colour, row, key):
    palette = chunk(b"PLTE", bytes([10, 20, 30, 200, 100, 50])) if colour == 3 else b""
    pixels = open_image(png(2, 1, depth, colour, [row], palette + chunk(b"tRNS", key)))
    assert (pixels[0, 0] == 255).all() and (pixels[0, 1] < 255).all()


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_first_frame_of_an_animation(picture, kind, options):
    later = [Image.fromarray(255 - picture), Image.fromarray(picture // 2)]
    data = encode(picture, kind, save_all=True, append_images=later, duration=50, **options)
    assert np.array_equal(open_image(data), picture)


def test_mpo_counts_as_jpeg(picture):
    data = encode(picture, "MPO", save_all=True, append_images=[Image.fromarray(255 - picture)], quality=95)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "MPO"
    assert np.abs(open_image(data).astype(int) - picture).max() <= 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("tail", [b"\0" * 100, b"PK\x03\x04 a zip", b"\xff\xd8\xff\xe0 another picture", b"<html>"])
def test_trailing_bytes_are_ignored(picture, kind, tail):
    data = encode(picture, kind)
    assert np.array_equal(open_image(data + tail), open_image(data))


@pytest.mark.parametrize(
    ("kind", "options"), [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {})]
)
def test_every_truncation_is_an_error(picture, kind, options):
    data = encode(picture, kind, **options)
    for length in range(len(data)):
        with pytest.raises(ImageError):
            open_image(data[:length])


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "empty"),
        (b"just some text in a file called .png", "JPEG, PNG or WebP"),
        (b"GIF89a" + bytes(20), "GIF"),
        (b"II*\0" + bytes(20), "TIFF"),
        (b"MM\0*" + bytes(20), "TIFF"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "damaged"),
        (b"\0\0\0\x18ftypavif" + bytes(20), "damaged"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "cut short"),
        (None, "NoneType"),
        (12, "int"),
        (io.StringIO("text"), "binary mode"),
    ],
)
def test_everything_else_is_one_clear_error(data, named):
    with pytest.raises(ImageError, match=named):
        open_image(data)


@pytest.mark.parametrize("path", ["absent.png", "", "with\0null.png"])
def test_paths_that_cannot_be_read(tmp_path, path):
    with pytest.raises(ImageError):
        open_image(tmp_path / path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="not a file"):
        open_image(tmp_path / "pipe.png")


@pytest.mark.parametrize("side", [9798, 20000])  # 96 and 400 megapixels
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_size_is_judged_from_the_header(side, kind):
    data = png(side, side, 8, 2, [b""])
    if kind == "WEBP":  # an extended header that declares the canvas, and nothing more
        side = min(side, 16384)
        body = b"WEBPVP8X" + struct.pack("<II", 10, 0) + (side - 1).to_bytes(3, "little") * 2
        data = b"RIFF" + struct.pack("<I", len(body)) + body
    assert len(data) < 80
    tracemalloc.start()
    try:
        with warnings.catch_warnings(), pytest.raises(ImageError, match=f"{side} x {side}"):
            warnings.simplefilter("error")
            open_image(data)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_pixel_limit_is_exact():
    assert open_image(encode(Image.new("L", (10000, 5000)), "PNG")).shape == (5000, 10000, 3)
    with pytest.raises(ImageError, match="50 megapixels"):
        open_image(encode(Image.new("L", (10000, 5001)), "PNG"))


@pytest.mark.parametrize(("size", "shape"), [((6000, 4000), (4000, 6000)), ((5712, 4284), (2142, 2856))])
def test_a_phones_jpeg_is_decoded_at_half_its_size_where_it_is_large(size, shape):
    data = encode(Image.linear_gradient("L").resize(size), "JPEG")
    pixels = open_image(data)
    assert pixels.shape == (*shape, 3)
    column = pixels[:, 0, 0].astype(int)
    assert np.abs(column - np.linspace(0, 255, shape[0])).max() <= 4


def test_byte_limit(picture, tmp_path):
    data = encode(picture, "PNG")
    full = data + bytes(MAX_BYTES - len(data))
    assert np.array_equal(open_image(full), picture)
    path = tmp_path / "large.png"
    path.write_bytes(full + b"\0")
    for source in (full + b"\0", path, io.BytesIO(full + b"\0")):
        with pytest.raises(ImageError, match="20 MB"):
            open_image(source)


def test_a_large_file_is_not_read_whole():
    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size=-1):
            self.read_bytes += min(size, 1 << 20)
            return bytes(min(size, 1 << 20))

    file = Endless()
    with pytest.raises(ImageError, match="20 MB"):
        open_image(file)
    assert file.read_bytes == MAX_BYTES + 1


def test_a_jpeg_of_endless_scans_is_refused(picture):
    data = encode(picture, "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    with pytest.raises(ImageError):
        open_image(data[:-2] + data[scan:-2] * 200 + b"\xff\xd9")


def test_damaged_png_pixels_are_noticed(picture):
    data = bytearray(encode(picture, "PNG"))
    data[data.index(b"IDAT") + 20] ^= 1
    with pytest.raises(ImageError, match="damaged"):
        open_image(data)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    edits=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 2000),
)
def test_mutations_give_a_picture_or_an_image_error(kind, edits, cut):
    y, x = np.mgrid[:16, :24]
    data = bytearray(encode(np.stack([x * 9, y * 9, x * y % 256], axis=2).astype(np.uint8), kind))
    for position, value in edits:
        data[position % len(data)] = value
    if cut % 3 == 0:
        data = data[: cut % len(data)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            pixels = open_image(data)
        except ImageError:
            return
    check_image(pixels)


@settings(max_examples=200, deadline=None)
@given(start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8X"]), rest=st.binary())
def test_arbitrary_bytes_give_an_image_error(start, rest):
    with pytest.raises(ImageError):
        open_image(start + rest)


def test_a_long_run_of_fill_bytes_is_read_in_one_go():
    """Quadratic matching took 25 s for 80 kB of these; the test's time limit is the measure."""
    with pytest.raises(ImageError):
        open_image(b"\xff\xd8\xff" + b"\xff" * 5_000_000 + b"\0")
