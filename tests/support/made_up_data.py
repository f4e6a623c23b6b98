"""Made-up data in the layouts of RAF-DB, RaFD and class folders: drawn shapes, a different one for every picture."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

RAFD_SPELLINGS = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
REPACK_CLASSES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


def draw(label: int, number: int, side: int = 48, height: int | None = None) -> np.ndarray:
    """(height, side, 3) uint8: a polygon with as many corners as the label says, placed and shaded by the number."""
    height = height or side
    picture = np.full((height, side, 3), 200 - number % 90, np.uint8)
    turn = 2 * np.pi * np.arange(label + 3) / (label + 3) + number
    centre = np.array([side / 2 + number % 5, height / 2 - number % 3])
    corners = centre + 0.35 * min(side, height) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    cv2.fillPoly(picture, [corners.astype(np.int32)], (30 + number % 40, 20, 90))
    return picture


def save(picture: np.ndarray, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(file)
    return file


def write_class_folders(folder: Path, classes: tuple[str, ...], count: int = 3, first: int = 0, side: int = 48) -> Path:
    """``count`` pictures a class, numbered from ``first``, as folder/CLASS/NUMBER.png."""
    for label, name in enumerate(classes):
        for number in range(first, first + count):
            save(draw(label, number, side), folder / name / f"{number}.png")
    return folder


def write_raf_db(folder: Path, training: int = 21, test: int = 14) -> Path:
    """The official `basic` folder with so many pictures; labels are 1 to 7 in turns."""
    lines = []
    for part, count in (("train", training), ("test", test)):
        for number in range(count):
            label = number % 7
            lines.append(f"{part}_{number:05d}.jpg {label + 1}")
            picture = draw(label, number + 1_000 * (part == "test"), 100)
            save(picture, folder / "Image" / "aligned" / f"{part}_{number:05d}_aligned.jpg")
    (folder / "EmoLabel").mkdir()
    (folder / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines) + "\n")
    return folder


def write_rafd(folder: Path, people: int = 10) -> Path:
    """One frontal picture of 8 expressions for so many people, numbered 2, 4, 6 ..., 40 pixels wide and 60 high."""
    for person in range(2, 2 * people + 1, 2):
        for label, shown in enumerate(RAFD_SPELLINGS):
            name = f"Rafd090_{person:02d}_Caucasian_{'male' if person % 4 else 'female'}_{shown}_frontal.jpg"
            save(draw(label, person, 40, 60), folder / name)
    return folder
