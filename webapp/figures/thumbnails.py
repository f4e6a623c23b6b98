"""Pictures on the options of a choice."""

from collections.abc import Sequence

import numpy as np

from webapp.figures.pictures import data_uri, face_webp

SIDE = 96  # pixels


def thumbnail(crop: np.ndarray) -> str:
    """A crop (H, W, 3) uint8 RGB as a small picture's data URI."""
    return data_uri(face_webp(crop, SIDE), "image/webp")


def thumbnail_style(key: str, uris: Sequence[str]) -> str:
    """A <style> that puts a picture above the words of the first options of a radio widget.

    The words stay, for screen readers and for everybody if Streamlit's page is built differently one day: streamlit.css
    draws the picture that is named here.
    """
    rules = [
        f'.st-key-{key} div:nth-of-type({number}) > label{{--fs-content:"";--fs-picture:url({uri})}}'
        for number, uri in enumerate(uris, start=1)
    ]
    return f"<style>{''.join(rules)}</style>"
