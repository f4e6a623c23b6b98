"""What `ferscope predict` does with one picture: faces in, answers and map files out."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from fer_models.classifier import Classifier
from fer_models.explanation import Explanation, coordinate_map, explain, position_map
from fer_models.faces import Face, detect_faces, whole_picture
from fer_models.images import ImageError, open_image
from fer_models.text import probability_text

MAP_SIDE = 224


def predict_picture(classifier: Classifier, picture: Path, *, whole: bool, maps: Path | None) -> Iterator[dict]:
    """One answer for every face in ``picture``, largest first, as plain JSON values.

    Raises ImageError when the file is no picture, or no face is found and ``whole`` is False.
    """
    image = open_image(picture)
    faces = [whole_picture(image)] if whole else detect_faces(image)
    if not faces:
        raise ImageError("No face was found. Give a picture with a larger, frontal face, or --whole for the whole one.")
    for number, face in enumerate(faces, 1):
        seen = explain(classifier, face.crop)
        answer = {
            "picture": str(picture),
            "face": number,
            "box": list(map(int, face.box)),
            "expression": seen.labels[seen.target],
            "probabilities": dict(zip(seen.labels, map(float, seen.probabilities), strict=True)),
            "checkpoint": classifier.card.name,
        }
        if maps is not None:
            answer["maps"] = str(
                write_maps(seen, face, _new_folder(maps, f"{picture.stem}-face{number}-{classifier.card.name}"))
            )
        yield answer


def describe(answer: dict) -> str:
    """One line for a person: the expression and the three likeliest probabilities."""
    ranked = sorted(answer["probabilities"].items(), key=lambda item: -item[1])[:3]
    shares = ", ".join(f"{label} {probability_text(value)}" for label, value in ranked)
    box = ", ".join(map(str, answer["box"]))
    written = f"; maps in {answer['maps']}" if "maps" in answer else ""
    return f"{answer['picture']}: face {answer['face']} ({box}) shows {answer['expression']}: {shares}{written}"


def write_maps(seen: Explanation, face: Face, folder: Path) -> Path:
    """Write the crop, the maps as grey pictures, and every value, unrounded, as ``values.npz``.

    Greys have a fixed scale by kind: black is the lower end of the gate's range and white the upper (SimAM 0.622..1,
    others 0..1); Grad-CAM is signed, with mid-grey at zero. Colour belongs to the site.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "crop.png", cv2.cvtColor(face.crop, cv2.COLOR_RGB2BGR))
    largest = float(np.abs(seen.cams).max()) or 1.0
    _write(folder / f"grad-cam-{seen.labels[seen.target]}.png", _grey(seen.cam, -largest, largest))
    values: dict[str, np.ndarray] = {"probabilities": seen.probabilities, "grad_cams": seen.cams}
    for index, gate in enumerate(seen.gates):
        values[f"{gate.layer}:{gate.kind}"] = gate.values
        name = f"{index + 1:02d}-{gate.layer}-{gate.kind}.png"
        if gate.kind in ("simam", "pointwise", "spatial"):
            _write(folder / name, _grey(position_map(gate), *gate.value_range))
        elif gate.kind == "ca_w":
            product = coordinate_map(seen.gates[index - 1], gate)
            _write(folder / name.replace("ca_w", "ca_h-times-ca_w"), _grey(product, *gate.value_range))
    np.savez_compressed(folder / "values.npz", **values)  # type: ignore[arg-type]
    return folder


def _new_folder(parent: Path, name: str) -> Path:
    """``parent / name``, or with a number behind it when that exists: maps of two calls never mix."""
    folder, number = parent / name, 1
    while folder.exists():
        number += 1
        folder = parent / f"{name}-{number}"
    return folder


def _grey(values: np.ndarray, low: float, high: float) -> np.ndarray:
    scaled = np.clip((values - low) / (high - low), 0, 1) * 255
    return (
        cv2.resize(scaled.astype(np.float32), (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_LINEAR)
        .round()
        .astype(np.uint8)
    )


def _write(file: Path, picture: np.ndarray) -> None:
    # imencode rather than imwrite: the latter fails in silence.
    file.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
