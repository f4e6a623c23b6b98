"""Make the gallery's composite faces: pictures of nobody, each the mean of 30 FER2013 training faces of one expression.

FER2013's own pictures may not be passed on; a mean of 30 faces may, and shows what people called that expression. For
each FERPlus expression:

1. Take the training rows that the ``majority`` rule gives this label and that occur in no test part, equal pictures
   once; of these the 300 whose votes agree most (all where there are fewer; ties in the order of the file).
2. Find eyes, nose tip and mouth corners with YuNet. On one enlargement its points are off by about a pixel of the 48,
   so they are the median over enlargements of about 4x and their mirror images; a face missed in one is left out.
3. The template of the expression: these five landmarks with the eyes brought to EYES, the median over its faces.
4. Order the faces by how well a similarity transform brings their landmarks onto the template, and pass over those
   almost equal to a better placed one (FER2013 holds many pictures several times, with other watermarks or crops).
   The 1st to 30th, 31st to 60th and 61st to 90th make one composite each; fewer than 30 make none.
5. Warp each face once, from 48 px to the composite's size, give all the same mean and contrast, and average.
6. Give the mean the brightness and contrast of a usual face, which averaging takes away. Nothing is sharpened.

    python scripts/make_composites.py --data FOLDER --yunet face_detection_yunet_2023mar.onnx

FOLDER holds fer2013.csv, fer2013new.csv and leaks.csv. The same files give the same pictures.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import skimage.data
import typer
from PIL import Image

from fer_models.data import Faces, data_folder, read_fer2013, select_faces
from fer_models.labels import FERPLUS

GALLERY = Path(__file__).resolve().parents[1] / "webapp" / "gallery"
SIDE = 240  # px of a composite
COUNT = 30  # faces in a composite: never fewer
COMPOSITES = 3  # of each expression
CANDIDATES = 300  # faces of an expression that are looked at
ENLARGEMENTS = (3.5, 4.0, 4.5, 5.0)  # 48 px are too few for YuNet
YUNET_SCORE = 0.6
MIRRORED = [1, 0, 2, 4, 3]  # the landmarks of a mirror image, in the order of the picture
ALMOST_EQUAL = 0.88  # correlation of two aligned faces from which they are taken for one picture
# As in FER2013: eye centres in fractions of the side (x, y), the one on the left of the picture first.
EYES = np.array([(0.30, 0.38), (0.69, 0.38)])
ASTRONAUT_FACE = (168, 57, 282, 171)  # where detect_faces cuts it out, but upright: x0, y0, x1, y1 in pixels
INNER = (slice(SIDE * 15 // 100, SIDE * 90 // 100), slice(SIDE * 15 // 100, SIDE * 85 // 100))  # face, no background
BRIGHTNESS, CONTRAST = 145.0, 50.0  # mean and deviation of a composite there, in grey levels


@dataclass(frozen=True)
class Found:
    """A face in which YuNet found landmarks: its row, its 48-px picture, five points (x, y) in fractions of the side
    (eye, eye, nose tip, mouth corner, mouth corner; left in the picture first)."""

    row: int
    picture: np.ndarray
    landmarks: np.ndarray


def fit_similarity(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float]:
    """The turn, scale and shift that bring points (N, 2) closest to others in the least-squares sense.

    With points as complex numbers it is z -> a z + b, and least squares has a closed form; no mirroring.

    Returns: the 2x3 matrix; the root mean square of what is left, relative to that of the target about its centre.
    """
    z, w = source @ (1, 1j), target @ (1, 1j)
    centred_z, centred_w = z - z.mean(), w - w.mean()
    a = np.vdot(centred_z, centred_w) / np.vdot(centred_z, centred_z).real
    b = w.mean() - a * z.mean()
    residual = np.linalg.norm(a * z + b - w) / np.linalg.norm(centred_w)
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]]), float(residual)


def move(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (N, 2) through a 2x3 matrix."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def agreement(votes: np.ndarray) -> np.ndarray:
    """Share of the top column among the votes that FERPlus's ``majority`` rule leaves, for each row of (N, 10)."""
    remaining = np.where(votes <= 1, 0, votes)
    return remaining.max(1) / remaining.sum(1)


def candidates(faces: Faces, votes: np.ndarray, label: str) -> np.ndarray:
    """Indices of the CANDIDATES faces of ``label`` with the highest agreement, best first, equal pictures once."""
    of_label = np.flatnonzero(faces.labels == faces.label_set.index(label))
    ordered = of_label[np.argsort(-agreement(votes[faces.rows[of_label]]), kind="stable")]
    different = {faces.images[index].tobytes(): index for index in ordered[::-1]}  # the best of equals stays
    kept = set(different.values())
    return np.array([index for index in ordered if index in kept])[:CANDIDATES]


def find_landmarks(detector: Any, picture: np.ndarray) -> np.ndarray | None:
    """Five landmarks (5, 2) of the surest face in a square grey picture, in fractions of its side.

    The median over ENLARGEMENTS of the picture and of its mirror image; None when YuNet misses the face in one.
    """
    seen = []
    for enlargement in ENLARGEMENTS:
        side = round(len(picture) * enlargement)
        large = cv2.cvtColor(cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
        detector.setInputSize((side, side))
        for mirror in (False, True):
            _, found = detector.detect(cv2.flip(large, 1) if mirror else large)
            if found is None:
                return None
            points = found[found[:, 14].argmax(), 4:14].reshape(5, 2).astype(np.float64) / side
            seen.append(((1, 0) + points * (-1, 1))[MIRRORED] if mirror else points)
    return np.median(seen, axis=0)


def make_template(shapes: list[np.ndarray]) -> np.ndarray:
    """Median landmarks (5, 2) of faces whose eyes are brought to EYES, in fractions of the side."""
    return np.median([move(shape, fit_similarity(shape[:2], EYES)[0]) for shape in shapes], axis=0)


def align(face: Found, template: np.ndarray) -> np.ndarray:
    """The face on the template, (SIDE, SIDE) float, with mean 0 and deviation 1 within INNER; resampled once."""
    matrix, _ = fit_similarity(face.landmarks * len(face.picture), template * SIDE)
    # OpenCV's (0, 0) is the centre of the first pixel, here it is that pixel's corner.
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    warped = cv2.warpAffine(
        face.picture.astype(np.float32), matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return (warped - warped[INNER].mean()) / warped[INNER].std()


def choose(found: list[Found], template: np.ndarray) -> list[Found]:
    """The faces that fit the template best, best first, none almost equal to a better one; whole composites only."""
    chosen: list[Found] = []
    small: list[np.ndarray] = []
    for face in sorted(found, key=lambda face: (fit_similarity(face.landmarks, template)[1], face.row)):
        vector = cv2.resize(align(face, template)[INNER], (36, 36), interpolation=cv2.INTER_AREA).ravel()
        vector = (vector - vector.mean()) / np.linalg.norm(vector - vector.mean())
        if all(vector @ other < ALMOST_EQUAL for other in small):
            chosen.append(face)
            small.append(vector)
    return chosen[: min(COMPOSITES, len(chosen) // COUNT) * COUNT]


def compose(faces: list[Found], template: np.ndarray) -> np.ndarray:
    """The mean of aligned faces as a (SIDE, SIDE) uint8 picture of usual brightness and contrast."""
    mean = np.mean([align(face, template) for face in faces], axis=0)
    grey = BRIGHTNESS + CONTRAST * (mean - mean[INNER].mean()) / mean[INNER].std()
    return np.clip(grey, 0, 255).round().astype(np.uint8)


def write_astronaut(folder: Path) -> dict[str, Any]:
    """Write the gallery's one photograph where it is not there yet; its entry in the manifest."""
    file = folder / "astronaut.webp"
    if not file.exists():
        Image.fromarray(skimage.data.astronaut()).save(file, quality=90, method=6)
    title = "Astronaut Eileen Collins (NASA, public domain)"
    entry = {"id": "astronaut", "file": file.name, "kind": "photo", "label": None, "title": title, "count": None}
    return entry | {"face": ASTRONAUT_FACE}


def write_composites(folder: Path, label: str, chosen: list[Found], template: np.ndarray) -> list[dict[str, Any]]:
    """Write one picture for every COUNT faces; their entries in the manifest."""
    entries = []
    for number, start in enumerate(range(0, len(chosen), COUNT), start=1):
        part = chosen[start : start + COUNT]
        file = folder / f"{label}-{number}.webp"
        Image.fromarray(compose(part, template)).convert("RGB").save(file, quality=90, method=6)
        entry = {"id": file.stem, "file": file.name, "kind": "composite", "label": label}
        title = f"{label.capitalize()}, composite {number}"
        entries.append(entry | {"title": title, "count": len(part), "rows": [face.row for face in part]})
    return entries


def main(
    yunet: Annotated[Path, typer.Option(exists=True, help="face_detection_yunet_2023mar.onnx")],
    data: Annotated[Path | None, typer.Option(help="Folder with fer2013.csv; else FERSCOPE_DATA.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for pictures and manifest.json.")] = GALLERY,
) -> None:
    """Write the composites and manifest.json."""
    cv2.setNumThreads(1)
    files = read_fer2013(data_folder(data))
    faces = select_faces(files, "Training")
    assert files.votes is not None  # or select_faces had refused
    detector = cv2.FaceDetectorYN.create(str(yunet), "", (320, 320), YUNET_SCORE)
    out.mkdir(parents=True, exist_ok=True)
    manifest = [write_astronaut(out)]
    for label in FERPLUS.labels:
        indices = candidates(faces, files.votes, label)
        looked = [(int(faces.rows[i]), faces.images[i], find_landmarks(detector, faces.images[i])) for i in indices]
        found = [Found(row, picture, points) for row, picture, points in looked if points is not None]
        template = make_template([face.landmarks for face in found])
        chosen = choose(found, template)
        manifest += write_composites(out, label, chosen, template)
        typer.echo(f"{label}: {len(indices)} faces, {len(found)} found, {len(chosen) // COUNT} composites")
    lines = ",\n ".join(json.dumps(entry) for entry in manifest)
    (out / "manifest.json").write_text(f"[\n {lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
