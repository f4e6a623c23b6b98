"""Radboud Faces Database (Langner et al. 2010): 67 people, 8 expressions, 3 gaze directions, 5 camera angles."""

import re
from pathlib import Path, PurePosixPath

import numpy as np

from fer_models.data.faces import DataError
from fer_models.data.partition import every_fifth
from fer_models.data.picture_files import FolderFiles
from fer_models.data.pictures import Listing
from fer_models.labels import RAFD, expression

SIDE = 112
#: In the official set: 67 people, each with every expression, gaze and angle.
PEOPLE = 67
GAZES = ("frontal", "left", "right")
ANGLES = ("000", "045", "090", "135", "180")

# Rafd090_01_Caucasian_female_angry_frontal.jpg: camera angle, person, group, sex, expression, gaze.
_NAME = re.compile(r"Rafd(\d{3})_(\d+)_([A-Za-z]+)_(female|male)_([a-z]+)_(frontal|left|right)\.jpe?g", re.IGNORECASE)


def list_rafd(folder: Path) -> Listing:
    """All pictures below ``folder`` whose names are RaFD's; 'test' are every fifth of the people, in order of number.

    Raises DataError for a name that is nearly right, a picture that is there twice, or none at all.
    """
    files = FolderFiles(folder)
    found: dict[tuple[str, ...], str] = {}
    labels, people = [], []
    for path in files.files:
        name = PurePosixPath(path).name
        if not name.lower().startswith("rafd") or not name.lower().endswith((".jpg", ".jpeg")):
            continue
        match = _NAME.fullmatch(name)
        angle, person, _, _, shown, gaze = match.groups() if match else ("",) * 6
        label = expression(shown)
        if angle not in ANGLES or label not in RAFD.labels:
            raise DataError(f"{path} is not named like Rafd090_01_Caucasian_female_angry_frontal.jpg.")
        key = (angle, str(int(person)), label, gaze.lower())
        if key in found:
            raise DataError(f"{found[key]} and {path} are the same picture of RaFD.")
        found[key] = path
        labels.append(RAFD.index(label))
        people.append(int(person))
    if not found:
        raise DataError(f"RaFD's pictures (Rafd090_01_Caucasian_female_angry_frontal.jpg ...) are missing in {folder}.")
    parts = np.where(every_fifth(np.array(people)), "test", "train")
    return Listing(
        files,
        tuple(found.values()),
        np.array(labels),
        parts,
        RAFD,
        np.array(people),
        kept_together=f"{len(set(people)):,} people by name",
    )
