"""Arrays to encoded pictures, and those to the data URIs that HTML carries.

Pictures travel inside the page's own messages, never by a media file that the server would keep under an address.
"""

import base64
import io

import cv2
import numpy as np
from PIL import Image

from webapp.figures.colours import Scale

#: Side in pixels of an enlarged map, and of the largest face. Wide screens draw them larger; a face was cut out no
#: larger, and a map of a few places has nothing to lose when the browser enlarges it once more.
MAP_SIDE = 224


def data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def map_png(values: np.ndarray, scale: Scale, side: int = MAP_SIDE) -> bytes:
    """A map (h, w) as a PNG of ``side`` x ``side`` pixels.

    The values are enlarged bilinearly, then coloured, so that each colour is one of the scale's own.
    """
    enlarged = cv2.resize(values.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    picture = Image.fromarray(scale.indices(enlarged)).convert("P")
    picture.putpalette(scale.colours[:, :3].tobytes())
    clear = {"transparency": scale.colours[:, 3].tobytes()} if scale.colours.shape[1] == 4 else {}
    return _encode(picture, "PNG", compress_level=3, **clear)


def rows_png(values: np.ndarray, scale: Scale) -> bytes:
    """Values (h, w) as a PNG of one pixel each: what the browser enlarges along one side only."""
    return _encode(Image.fromarray(scale.colours[scale.indices(values)]), "PNG")


def face_webp(crop: np.ndarray, side: int = MAP_SIDE) -> bytes:
    """A crop (H, W, 3) RGB or (H, W) grey, uint8, as WebP, at most ``side`` pixels wide."""
    height, width = crop.shape[:2]
    if max(height, width) > side:
        shrink = side / max(height, width)
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return _encode(Image.fromarray(crop), "WEBP", quality=88, method=1)


def grey_face_uri(crop: np.ndarray) -> str:
    """What lies beneath the maps of a crop, (H, W, 3) RGB or (H, W) grey, uint8: it in grey, as a data URI."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) if crop.ndim == 3 else crop
    return data_uri(face_webp(grey), "image/webp")


def input_png(grey: np.ndarray) -> bytes:
    """What a network is given, (S, S) uint8 grey, pixel for pixel."""
    return _encode(Image.fromarray(grey), "PNG")


def _encode(picture: Image.Image, file_format: str, **options: int | bytes) -> bytes:
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()
