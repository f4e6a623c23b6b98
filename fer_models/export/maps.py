"""What a network sees of one face, as files: the crop, the maps as grey pictures, and every value as numbers."""

from pathlib import Path

import cv2
import numpy as np

from fer_models.explanation import Explanation, coordinate_map, position_map

MAP_SIDE = 224


def write_maps(seen: Explanation, crop: np.ndarray, folder: Path) -> Path:
    """Write ``crop`` (H, W, 3) uint8 RGB, the maps of it, and every value, unrounded, as ``values.npz`` into a folder.

    Greys have a fixed scale by kind: black is the lower end of the gate's range and white the upper (SimAM 0.622..1,
    others 0..1); Grad-CAM is signed, with mid-grey at zero. Colour belongs to the site.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "crop.png", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
    largest = float(np.abs(seen.cams).max()) or 1.0
    _write(folder / f"grad-cam-{seen.labels[seen.target]}.png", _grey(seen.cam, -largest, largest))
    values: dict[str, np.ndarray] = {"probabilities": seen.probabilities, "grad_cams": seen.cams}
    for index, gate in enumerate(seen.gates):
        values[f"{gate.layer}:{gate.kind}"] = gate.values
        name = f"{index + 1:02d}-{gate.layer}"
        if gate.places == ("height", "width"):
            _write(folder / f"{name}-{gate.kind}.png", _grey(position_map(gate), *gate.value_range))
        elif gate.places == ("width",):
            rows = seen.gates[index - 1]
            product = coordinate_map(rows, gate)
            _write(folder / f"{name}-{rows.kind}-times-{gate.kind}.png", _grey(product, *gate.value_range))
    np.savez_compressed(folder / "values.npz", **values)  # type: ignore[arg-type]
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
