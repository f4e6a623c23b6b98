"""What a page is given to look at: a face, or the reason why there is none yet."""

from dataclasses import dataclass

import numpy as np

from webapp.components.gallery import Sample


@dataclass(frozen=True, eq=False)
class ChosenFace:
    """A face to look at; ``key`` tells it from every other face of this session, ``title`` says how it was cut out.

    ``sample``: the gallery's picture that it is made of; None for a visitor's. ``altered``: a part of it is covered.
    ``doubt``: why the answer may mean nothing. ``group``: crops of all faces in the picture, this one's
    among them, where there are several.
    """

    key: tuple
    crop: np.ndarray
    title: str = "The face, aligned"
    sample: Sample | None = None
    altered: bool = False
    doubt: str = ""
    group: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class NoFace:
    """Why there is nothing to look at yet, and what to do; ``wrong``: something failed."""

    title: str
    text: str
    wrong: bool = False
