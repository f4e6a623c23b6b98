"""Pictures decoded: a header and its content -> (H, W, 3) uint8 RGB, upright, transparency over white."""

from __future__ import annotations

import io
import warnings
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError, features

from fer_models.images.containers import Header, OtherFormat, read_orientation

#: A JPEG of more pixels is decoded at half its width and height.
DRAFT_PIXELS = 24_000_000
SHALLOW = (8, 10, 12)  # bits that 16-bit values may really have
_ARCHIVE_FORMATS = ("TIFF", "BMP", "GIF", "PPM")


def missing_decoder(kind: str) -> str:
    """What would decode a ``Header.format`` and is not installed, to begin a sentence; empty for nothing."""
    if kind == "AVIF" and not features.check("avif"):
        return "A Pillow that reads AVIF"
    return "The extra ferscope[heif] for HEIC pictures" if kind == "HEIF" and not _heif() else ""


def archive_header(content: bytes) -> Header | None:
    """The header of a TIFF, BMP, GIF, PGM or PPM file; None for anything else. OtherFormat: one of absurd size."""
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=_ARCHIVE_FORMATS) as image:
            warnings.simplefilter("ignore")  # of metadata, which nobody reads
            depth = 16 if image.mode.startswith("I") else 8
            return Header(image.format or "", *image.size, 1, depth, content)  # Pillow turns a TIFF by itself
    except Image.DecompressionBombError:
        raise OtherFormat("a picture of far too many pixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def decode(header: Header) -> NDArray[np.uint8]:
    """The picture, contiguous and writable. May raise anything on a damaged file."""
    with Image.open(io.BytesIO(header.content), formats=[header.format]) as image:
        size = (header.width, header.height)
        if image.size not in (size, size[::-1] if header.format in ("AVIF", "HEIF") else size):
            raise ValueError("container and picture disagree on the size")
        orientation = header.orientation
        if header.format in ("AVIF", "HEIF"):  # the container's own turns are told as EXIF, or undone already
            orientation = read_orientation((image.info.get("exif") or b"").removeprefix(b"Exif\0\0"))
        if header.format == "JPEG" and header.width * header.height > DRAFT_PIXELS:
            image.draft(None, (header.width // 2, header.height // 2))
        image.load()
        pixels = _to_rgb(image, header)
    return np.ascontiguousarray(_orient(pixels, orientation))


@cache
def _heif() -> bool:
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _to_rgb(image: Image.Image, header: Header) -> NDArray[np.uint8]:
    key = image.info.get("transparency")
    if image.mode in ("RGBA", "LA") or (image.mode == "P" and key is not None):
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return np.array(white)
    if image.mode.startswith("I"):
        values = np.array(image)
        if image.mode == "I" and (values.min() < 0 or values.max() > 65535):
            raise ValueError("32-bit values")
        grey = _to_eight_bits(values.astype(np.uint16))
        grey[values == key] = 255
        return np.repeat(grey[:, :, None], 3, axis=2)
    pixels = np.array(image.convert("RGB"))
    if header.format == "PNG" and header.bit_depth == 16 and key is None and pixels.max() < 2 ** (max(SHALLOW) - 8):
        # Pillow has kept the upper eight bits alone.
        colours = cv2.imdecode(np.frombuffer(header.content, np.uint8), cv2.IMREAD_UNCHANGED)
        if colours is None:
            raise ValueError("no pixels")
        return _to_eight_bits(colours[:, :, ::-1].astype(np.uint16))
    if key is not None:  # PNG: one grey or colour stands for "transparent", given in the file's own depth
        pixels[(pixels == _key_colour(key, image.mode, header.bit_depth)).all(axis=2)] = 255
    return pixels


def _to_eight_bits(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """16-bit values on a scale of 0..255; those that reach no further than 12 bits, by the bits they have."""
    largest = int(values.max())
    bits = next((bits for bits in SHALLOW if largest < 2**bits), 16)
    if bits == 16 or largest == 0:
        return (values >> 8).astype(np.uint8)  # convert("L") would clip everything above 255 to white
    warnings.warn(f"This picture's 16-bit values reach no further than {largest}: read as {bits}-bit.", stacklevel=5)
    return (values >> (bits - 8)).astype(np.uint8)


def _key_colour(key: int | tuple[int, int, int], mode: str, bit_depth: int) -> NDArray[np.int64]:
    """The transparent colour of a grey or RGB PNG on the 0..255 scale of its decoded pixels; shape (3,)."""
    colour = np.broadcast_to(np.asarray(key, np.int64), 3)
    if mode == "1":  # Pillow has scaled it already
        return colour
    return colour >> 8 if bit_depth == 16 else colour * 255 // (2**bit_depth - 1)


def _orient(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo EXIF orientation 1..8: row 0 and column 0 of the file are which sides of the picture."""
    if orientation >= 5:  # rows and columns exchanged
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
