"""JPEG, PNG, WebP, AVIF and HEIC files walked without decoding: size, orientation, and what carries the pixels.

JPEG: ITU-T T.81 annex B. PNG: W3C PNG specification, chapter 5. WebP: RFC 9649. AVIF and HEIC: the boxes of ISO/IEC
14496-12, sizes ('ispe') as in ISO/IEC 23008-12. Orientation: EXIF 2.32, tag 0x0112.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass


class Malformed(Exception):
    """The bytes start like a known format but do not hold to it."""


class CutShort(Malformed):
    """The file ends before its picture does."""


class OtherFormat(Exception):
    """Another kind of file; the text names it ("a GIF picture") or is empty."""


@dataclass(frozen=True)
class Header:
    """What a picture says of itself, before decoding.

    Attributes:
        format: 'JPEG', 'PNG', 'WEBP', 'AVIF' or 'HEIF'; of archived pictures what Pillow calls it.
        width, height: pixels as stored, before orientation is applied; both >= 1.
        orientation: EXIF orientation 1..8; 1 where none or a broken one is given.
        bit_depth: bits per channel, 1 to 16.
        content: the same picture, reduced to what a decoder needs.
    """

    format: str
    width: int
    height: int
    orientation: int
    bit_depth: int
    content: bytes


_PNG_START = b"\x89PNG\r\n\x1a\n"

_BRANDS = dict.fromkeys((b"avif", b"avis"), "AVIF") | dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "HEIF"
)

# A progressive JPEG redraws the whole picture in every scan: 20 MB can hold two hundred thousand scans and keep a
# processor busy for hours. Encoders write about ten.
_MAX_SCANS = 100


def read_container(data: bytes) -> Header:
    """Return the header of a JPEG, PNG, WebP, AVIF or HEIC file; raise `OtherFormat`, `CutShort` or `Malformed`."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            header = _read_jpeg(data)
        elif data.startswith(_PNG_START):
            header = _read_png(data)
        elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            header = _read_webp(data)
        elif kind := _BRANDS.get(data[8:12] if data[4:8] == b"ftyp" else b""):
            header = Header(kind, *_largest_item(data), 1, 8, data)
        else:
            raise OtherFormat(_name_format(data))
    except (struct.error, IndexError):  # a field lies beyond the last byte
        raise CutShort from None
    if header.width < 1 or header.height < 1:
        raise Malformed
    return header


def _name_format(data: bytes) -> str:
    for start, name in (
        (b"GIF8", "a GIF picture"),
        (b"II*\0", "a TIFF picture"),
        (b"MM\0*", "a TIFF picture"),
        (b"BM", "a BMP picture"),
        (b"%PDF", "a PDF document"),
    ):
        if data.startswith(start):
            return name
    return "an SVG drawing" if b"<svg" in data[:1024].lower() else ""


# --- JPEG -------------------------------------------------------------------------------------------------------------

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# FF00 is a data byte, FFD0..FFD7 are restarts. No repeat of FF here: over a long run of them it would be quadratic.
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def _read_jpeg(data: bytes) -> Header:
    kept = [b"\xff\xd8"]
    size: tuple[int, int] | None = None
    orientation, bit_depth, scans = 1, 8, 0
    position = 2
    while True:
        # Before a marker any bytes are skipped, as decoders do; after a scan they are its entropy-coded data.
        found = _MARKER_IN_SCAN.search(data, position)
        if found is None:
            raise CutShort
        if scans:
            kept.append(data[position : found.start()])
        marker, start = data[found.end() - 1], found.end()
        if marker == 0xD9:
            break
        if marker == 0x01:  # a marker without a body
            position = start
            continue
        (length,) = struct.unpack_from(">H", data, start)
        position = start + length
        body = data[start + 2 : position]
        if length < 2 or position > len(data):
            raise CutShort
        if marker in _FRAME_MARKERS:
            if size is not None:
                raise Malformed
            bit_depth, height, width = struct.unpack_from(">BHH", body)
            size = width, height
        elif marker == 0xE1 and body.startswith(b"Exif\0\0") and orientation == 1:
            orientation = read_orientation(body[6:])
        elif marker == 0xDA:
            scans += 1
        if _decoder_needs(marker, body):
            kept.append(b"\xff" + bytes([marker]) + data[start:position])
    if size is None or not 1 <= scans <= _MAX_SCANS:
        raise Malformed
    return Header("JPEG", *size, orientation, bit_depth, b"".join(kept) + b"\xff\xd9")


def _decoder_needs(marker: int, body: bytes) -> bool:
    """Whether a JPEG segment bears on the pixels: of APPn and comments only JFIF's and Adobe's, which fix colours."""
    if marker == 0xE0:
        return body.startswith(b"JFIF\0") and len(body) >= 12
    if marker == 0xEE:
        return body.startswith(b"Adobe") and len(body) >= 12
    return not 0xE1 <= marker <= 0xEF and marker != 0xFE


# --- PNG --------------------------------------------------------------------------------------------------------------

_PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


def _read_png(data: bytes) -> Header:
    first, width, height, bit_depth = struct.unpack_from(">4sIIB", data, 12)
    if first != b"IHDR":
        raise Malformed
    kept = [_PNG_START]
    orientation = 1
    kind, position = b"", len(_PNG_START)
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise CutShort
        body = data[position + 8 : end - 4]
        if kind == b"IHDR" and len(kept) > 1:
            raise Malformed
        if kind in _PNG_CHUNKS:
            (checksum,) = struct.unpack_from(">I", data, end - 4)
            if zlib.crc32(kind + body) != checksum:
                raise Malformed
            kept.append(data[position:end])
        elif kind == b"eXIf":
            orientation = read_orientation(body)
        position = end
    return Header("PNG", width, height, orientation, bit_depth, b"".join(kept))


# --- WebP -------------------------------------------------------------------------------------------------------------


def _read_webp(data: bytes) -> Header:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise CutShort
    data = data[:end]
    orientation = 1
    position = 12
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind == b"EXIF":
            orientation = read_orientation(data[position + 8 : position + 8 + length].removeprefix(b"Exif\0\0"))
        position += 8 + length + length % 2
    return Header("WEBP", *_webp_size(data), orientation, 8, data)


def _webp_size(data: bytes) -> tuple[int, int]:
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise Malformed


# --- AVIF and HEIC ----------------------------------------------------------------------------------------------------


def _largest_item(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture that the file says it holds: tiles and thumbnails are smaller."""
    sizes = []
    for meta in _boxes(data, b"meta"):
        for properties in _boxes(meta[4:], b"iprp"):
            for container in _boxes(properties, b"ipco"):
                sizes += [struct.unpack_from(">II", body, 4) for body in _boxes(container, b"ispe")]
    if not sizes:
        raise Malformed
    return max(sizes, key=lambda size: size[0] * size[1])


def _boxes(data: bytes, wanted: bytes) -> list[bytes]:
    """The boxes of one kind among those that lie side by side in ``data``, without their heads."""
    found, position = [], 0
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        start = position + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        end = len(data) if length == 0 else position + length
        if end > len(data):
            raise CutShort
        if end < start:
            raise Malformed
        if kind == wanted:
            found.append(data[start:end])
        position = end
    return found


# --- EXIF -------------------------------------------------------------------------------------------------------------


def read_orientation(exif: bytes) -> int:
    """Orientation 1..8 from a TIFF block; 1 where it is absent or broken, since the picture is there all the same."""
    try:
        order = {b"II*\0": "<", b"MM\0*": ">"}[exif[:4]]
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, directory)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", exif, directory + 2 + 12 * entry)
            if tag == 0x0112:
                return value if (kind, count) == (3, 1) and 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass
    return 1
