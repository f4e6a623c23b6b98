"""How a data set is divided where its authors do not say, and which training pictures repeat a test picture."""

from typing import Literal

import numpy as np

from fer_models.data.faces import DataError, Faces

#: Ways of dividing a data set: as its authors did, or paper 001's over all rows.
Partition = Literal["official", "random-8:2", "random-9:1"]
_GOLDEN = np.uint64(2654435769)  # 2^32 divided by the golden ratio


def random_partition(faces: Faces, train_share: float, seed: int) -> tuple[Faces, Faces]:
    """Paper 001's random partition (section 3.1: 8:2 or 9:1 of all rows, from whatever part): (training, test).

    It is not the data sets' official division: scores on it cannot be compared with those on PrivateTest.

    Args:
        train_share: above 0, below 1; training gets this share of the rows, rounded.
        seed: of NumPy's default generator; the same seed divides the same rows alike.

    Raises:
        ValueError: another share. DataError: so few rows that one side would be empty.
    """
    if not 0 < train_share < 1:
        raise ValueError(f"The training share lies between 0 and 1; {train_share} does not.")
    count = round(train_share * len(faces))
    if not 0 < count < len(faces):
        raise DataError(f"{len(faces)} faces are too few to divide; both sides need one.")
    order = np.random.default_rng(seed).permutation(len(faces))
    return faces.take(np.sort(order[:count])), faces.take(np.sort(order[count:]))


def hold_out_tenth(faces: Faces) -> tuple[Faces, Faces]:
    """Divide training rows into (rest, tenth), the same way for every seed, network and label rule.

    A row's number alone decides, so a row stays on its side when others come or go: row r is held out where the
    fractional part of r times 0.618..., the golden ratio, is below 0.1. Such numbers are spread more evenly than drawn
    ones, and no regular order of classes in the file can meet them in step. Where the people shown are known, their
    number decides instead, so that nobody is on both sides. Of few rows at least one is held out.

    Rows whose pixels occur in the tenth as well are in neither (180 of FERPlus's 24,446 ``majority`` rows).

    Raises DataError for fewer than two rows, or people.
    """
    numbers = faces.rows if faces.people is None else faces.people
    if len(np.unique(numbers)) < 2:
        raise DataError(f"A tenth cannot be held out of {len(faces)} training faces.")
    place = (numbers.astype(np.uint64) * _GOLDEN) % np.uint64(2**32)
    held = place < 2**32 / 10
    if not held.any():
        held = place == place.min()
    if held.all():
        held = place != place.max()
    tenth = faces.take(held)
    return faces.take(~held & ~repeats(faces.images, tenth.images)), tenth


def every_fifth(subjects: np.ndarray) -> np.ndarray:
    """(N,) bool: whether a picture shows one of every fifth of the people in ``subjects`` (N,), in order of number."""
    return np.isin(subjects, np.unique(subjects)[4::5])


def repeats(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N,) bool: which of ``images`` (N, s, s) occur among ``others`` (M, s, s) with exactly the same pixels."""
    known = {image.tobytes() for image in others}
    return np.fromiter((image.tobytes() in known for image in images), dtype=bool, count=len(images))
