"""Intake: untrusted bytes -> (H, W, 3) uint8 RGB, or one clear `ImageError`.

Pillow decodes, but never sees the file as it came. The container is walked first: that gives the size before any pixel
is decoded, notices files cut short, and takes off trailing bytes, so that a file that is two things at once is read as
the picture it is. Of JPEG and PNG only the chunks that carry pixels are left: metadata, previews and further frames
reach no parser (some of Pillow's warn or allocate).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fer_models.images.containers import CutShort, Header, Malformed, OtherFormat, read_container
from fer_models.images.decoding import archive_header, decode, missing_decoder

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000

RGBImage: TypeAlias = NDArray[np.uint8]
ImageSource: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO

_NO_PICTURE = "This file is not a picture FERScope can read."
_AGAIN = "Save it as JPEG, PNG or WebP and try again."


class ImageError(ValueError):
    """A picture cannot be used. The message is one or two sentences for a person and says what to do."""


def open_image(data: ImageSource, *, archive: bool = False) -> RGBImage:
    """Read a JPEG, PNG, WebP or AVIF picture; HEIC where the extra ``ferscope[heif]`` is installed.

    Args:
        data: the file's bytes, its path, or a file open in binary mode (read from its start where it can be rewound).
            At most 20 MB and 50 megapixels; both are judged before anything is decoded.
        archive: read TIFF, BMP, GIF, PGM and PPM as well, in which data sets are kept: for one's own files, since more
            decoders see them. A stranger's upload does without.

    Returns:
        (H, W, 3) uint8 RGB, contiguous and writable. Turned as its EXIF orientation says; transparency lies over
        white; of an animation, the first frame. A JPEG of more than 24 megapixels is decoded at half its width and
        height. 16-bit values are scaled to 8 bits; where none needs more than 12 bits these are scaled, and a warning
        tells.

    Raises:
        ImageError: for anything else; nothing is written or logged.
    """
    content = _read_source(data)
    if not content:
        raise ImageError("This file is empty. Choose a JPEG, PNG or WebP picture.")
    try:
        header = _header(content, archive)
    except OtherFormat as found:
        what = f"This is {found}, which is not read here." if str(found) else _NO_PICTURE
        raise ImageError(f"{what} {_AGAIN}") from None
    except CutShort:
        raise ImageError("This picture is cut short: a part of its file is missing. Copy or save it again.") from None
    except Malformed:
        raise ImageError(f"This picture's file is damaged. {_AGAIN}") from None
    if header.width * header.height > MAX_PIXELS:
        raise ImageError(
            f"This picture is too large: {header.width} x {header.height} pixels. "
            f"Shrink it to at most {MAX_PIXELS // 1_000_000} megapixels and try again."
        )
    if decoder := missing_decoder(header.format):
        raise ImageError(f"{decoder} is not installed here, which this picture needs. {_AGAIN}")
    # A decoder may raise nearly anything on crafted bytes; whatever it is, to the caller the file is damaged.
    try:
        return decode(header)
    except Exception:
        raise ImageError(f"This picture's file is damaged. {_AGAIN}") from None


def check_image(image: Any) -> RGBImage:
    """Return `image` if it is what `open_image` returns: (H, W, 3) uint8 with H, W >= 1; else raise `ImageError`."""
    wanted = "Give it as an array of shape (height, width, 3) and dtype uint8, as open_image returns it."
    if not isinstance(image, np.ndarray):
        raise ImageError(f"This picture is not an array but {type(image).__name__}. {wanted}")
    if image.dtype != np.uint8:
        raise ImageError(f"This picture's values are {image.dtype}, not uint8. {wanted}")
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ImageError(f"This picture's shape is {image.shape}. {wanted}")
    return image


def _header(content: bytes, archive: bool) -> Header:
    try:
        return read_container(content)
    except OtherFormat:
        if archive and (header := archive_header(content)):
            return header
        raise


def _read_source(data: ImageSource) -> bytes:
    """The file's bytes; never more than MAX_BYTES + 1 of them are read."""
    try:
        if isinstance(data, bytes | bytearray | memoryview):
            if memoryview(data).nbytes > MAX_BYTES:
                raise _too_many_bytes()
            return bytes(data)
        if isinstance(data, str | os.PathLike):
            return _read_path(Path(data))
        if hasattr(data, "read"):
            return _read_file(data)
    except ImageError:
        raise
    except (OSError, ValueError):  # ValueError: a closed file, a path with a null byte
        raise ImageError("This file cannot be read. Check that it exists and may be opened, and try again.") from None
    raise ImageError(f"A picture is given as bytes, a path or an open binary file, not as {type(data).__name__}.")


def _read_path(path: Path) -> bytes:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a folder; a pipe or device would never end
        raise ImageError("This path is not a file. Choose a JPEG, PNG or WebP picture.")
    if found.st_size > MAX_BYTES:
        raise _too_many_bytes()
    with path.open("rb") as file:
        return _read_file(file)


def _read_file(file: BinaryIO) -> bytes:
    if hasattr(file, "seekable") and file.seekable():
        file.seek(0)  # an upload may have been read once already
    parts: list[bytes] = []
    missing = MAX_BYTES + 1
    while missing > 0:  # raw files and sockets return less than asked for
        part: Any = file.read(missing)
        if part is not None and not isinstance(part, bytes):
            raise ImageError("This file is open as text. Open it in binary mode ('rb') and try again.")
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    if missing == 0:
        raise _too_many_bytes()
    return b"".join(parts)


def _too_many_bytes() -> ImageError:
    return ImageError(f"This file is larger than {MAX_BYTES // 1024**2} MB. Shrink the picture and try again.")
