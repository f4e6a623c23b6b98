"""Pictures that nearly repeat another one: compressed, resized or lit anew, or the next frame of a video.

Two measures have to agree, for each alone takes some faces for others that are lit alike: a perceptual hash of 64 signs
of low frequencies of the discrete cosine transform, and the correlation of 16 x 16 greys. Of the 40 pairs nearest to
the thresholds, FER2013's first 1,500 pictures of PublicTest against all of Training, about 2 showed two people.
"""

import cv2
import numpy as np

_HASH_SIDE = 32
_LOW = 8  # frequencies in each direction that make the hash
_GREY_SIDE = 16
_MOST_CANDIDATES = 64  # whose greys are compared, those with the most similar hashes
MOST_SIGNS = 10  # that may differ of two pictures which are nearly one
LEAST_CORRELATION = 0.9


def near_duplicates(images: np.ndarray, others: np.ndarray | None = None) -> list[tuple[int, int]]:
    """Which of ``images`` nearly repeat another picture, each with the one that it is most like.

    Exact repeats are among them; a picture of one grey is like no other, and a mirrored one is another.

    Args:
        images: (N, s, s) uint8.
        others: (M, t, t) uint8 to compare them with; None: each with those before it among ``images``.

    Returns: pairs (place in ``images``, place in ``others`` or earlier in ``images``), at most one for each of
    ``images``, in their order. 30,000 pictures take some seconds.
    """
    hashes, greys = _describe(images)
    among, like = (hashes, greys) if others is None else _describe(others)
    found = []
    for place, (code, grey) in enumerate(zip(hashes, greys, strict=True)):
        end = place if others is None else len(among)
        differ = np.bitwise_count(among[:end] ^ code)
        candidates = np.flatnonzero(differ <= MOST_SIGNS)
        if len(candidates) > _MOST_CANDIDATES:  # thousands of copies of one picture
            nearest = np.argpartition(differ[candidates], _MOST_CANDIDATES)[:_MOST_CANDIDATES]
            candidates = np.sort(candidates[nearest])
        if len(candidates):
            correlations = like[candidates] @ grey
            best = int(correlations.argmax())
            if correlations[best] >= LEAST_CORRELATION:
                found.append((place, int(candidates[best])))
    return found


def _describe(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) uint64 hashes, and (N, 256) float32 greys of mean 0 and length 1, or 0 where there is one grey only."""
    signs = np.zeros((len(images), _LOW * _LOW), dtype=bool)
    greys = np.empty((len(images), _GREY_SIDE * _GREY_SIDE), np.float32)
    for place, image in enumerate(np.asarray(images)):
        small = cv2.resize(image, (_HASH_SIDE, _HASH_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        low = cv2.dct(small)[:_LOW, :_LOW].ravel()[1:]  # without the mean
        signs[place, 1:] = low > np.median(low)
        greys[place] = cv2.resize(image, (_GREY_SIDE, _GREY_SIDE), interpolation=cv2.INTER_AREA).ravel()
    greys -= greys.mean(1, keepdims=True)
    greys /= np.maximum(np.linalg.norm(greys, axis=1, keepdims=True), 1e-6)
    return np.packbits(signs, axis=1).view(np.uint64)[:, 0], greys
