"""Pictures as people have them: untrusted files in, arrays (H, W, 3) uint8 RGB out."""

from fer_models.images.intake import (
    MAX_BYTES,
    MAX_PIXELS,
    ImageError,
    ImageSource,
    RGBImage,
    check_image,
    open_image,
)

__all__ = ["MAX_BYTES", "MAX_PIXELS", "ImageError", "ImageSource", "RGBImage", "check_image", "open_image"]
