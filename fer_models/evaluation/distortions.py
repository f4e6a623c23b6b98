"""Changes of a face that test a network's robustness, each named, deterministic and with its strength stated.

Faces are grey and framed as in FER2013: hairline to chin, the eyes' centres at 0.38 of the height and at 0.30 and 0.69
of the width, the corners of the mouth near 0.76 of the height. Lengths are in pixels of a face of 48 a side and scale
with it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

FER2013_SIDE = 48
#: What is covered: top, bottom, left, right as shares of the side.
REGIONS = {
    "eyes": (0.26, 0.50, 0.0, 1.0),
    "mouth": (0.64, 0.92, 0.2, 0.8),
    "left half": (0.0, 1.0, 0.0, 0.5),
    "right half": (0.0, 1.0, 0.5, 1.0),
    "upper half": (0.0, 0.5, 0.0, 1.0),
    "lower half": (0.5, 1.0, 0.0, 1.0),
}


@dataclass(frozen=True)
class Distortion:
    """A named change; ``parameter`` says in words what or how much.

    ``change`` takes one face (s, s) uint8 and a random generator, which only noise uses.
    """

    name: str
    parameter: str
    change: Callable[[np.ndarray, np.random.Generator], np.ndarray]

    def __call__(self, faces: np.ndarray, seed: int = 0) -> np.ndarray:
        """Changed copies of faces (N, s, s) uint8; the same seed gives the same noise, another one for every face."""
        generator = np.random.default_rng(seed)
        return np.stack([self.change(face, generator) for face in faces])


def cover(region: str) -> Distortion:
    """Occlusion: ``region`` (see REGIONS; left and right are the picture's) becomes the face's own mean grey."""
    top, bottom, left, right = REGIONS[region]

    def change(face: np.ndarray, _: np.random.Generator) -> np.ndarray:
        side = len(face)
        rows, columns = slice(round(top * side), round(bottom * side)), slice(round(left * side), round(right * side))
        covered = face.copy()
        covered[rows, columns] = round(face.mean())
        return covered

    return Distortion("occlusion", region, change)


def blur(sigma: float) -> Distortion:
    """Gaussian blur; edge pixels are repeated outside the picture."""

    def change(face: np.ndarray, _: np.random.Generator) -> np.ndarray:
        return cv2.GaussianBlur(face, (0, 0), sigma * len(face) / FER2013_SIDE, borderType=cv2.BORDER_REPLICATE)

    return Distortion("Gaussian blur", f"sigma {sigma:g} px", change)


def noise(sigma: float) -> Distortion:
    """Gaussian noise, independent in every pixel; ``sigma`` in grey levels of 255."""

    def change(face: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return np.clip(np.rint(face + generator.normal(0, sigma, face.shape)), 0, 255).astype(np.uint8)

    return Distortion("Gaussian noise", f"sigma {sigma:g} grey levels", change)


def low_resolution(pixels: int) -> Distortion:
    """Area-shrunk to ``pixels`` of 48 a side, then enlarged bilinearly to the old side."""

    def change(face: np.ndarray, _: np.random.Generator) -> np.ndarray:
        side = len(face)
        small = max(round(pixels * side / FER2013_SIDE), 1)
        shrunk = cv2.resize(face, (small, small), interpolation=cv2.INTER_AREA)
        return cv2.resize(shrunk, (side, side), interpolation=cv2.INTER_LINEAR)

    return Distortion("low resolution", f"{pixels} px a side", change)


def rotation(degrees: float) -> Distortion:
    """Turned about the picture's centre, anticlockwise for positive ``degrees``; edge pixels are repeated outside."""

    def change(face: np.ndarray, _: np.random.Generator) -> np.ndarray:
        side = len(face)
        centre = ((side - 1) / 2, (side - 1) / 2)
        turn = cv2.getRotationMatrix2D(centre, degrees, 1.0)
        return cv2.warpAffine(face, turn, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    return Distortion("rotation", f"{degrees:+g} degrees", change)


DISTORTIONS = (
    *(cover(region) for region in REGIONS),
    *(blur(sigma) for sigma in (1, 2, 3)),
    *(noise(sigma) for sigma in (10, 20, 40)),
    *(low_resolution(pixels) for pixels in (24, 16, 12)),
    *(rotation(degrees) for degrees in (-30, -20, -10, 10, 20, 30)),
)
