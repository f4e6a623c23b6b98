"""What a network sees of one face, as files: the crop, the maps in colour over it, and every value as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fer_models.explanation import Explanation
from fer_models.explanation.attribution import Attribution
from fer_models.export.figure import overlay
from fer_models.export.sheet import Panel, attribution_panel, gate_panels

if TYPE_CHECKING:
    from fer_models.classifier import Classifier


def write_maps(classifier: Classifier, seen: Explanation, crop: np.ndarray, folder: Path) -> Path:
    """Write ``crop`` (H, W, 3) uint8 RGB, the maps over it, and every value, unrounded, as ``values.npz`` to a folder.

    Colours are the site's: of a gate spread over its own values in this picture, of Grad-CAM red where a place raises
    the score and blue where it lowers it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "crop.png", crop)
    cam = attribution_panel(classifier, crop, Attribution("grad-cam", seen.layer, seen.target, seen.cam, "logit"))
    _write(folder / f"grad-cam-{seen.labels[seen.target]}.png", overlay(cam))
    for number, panel in enumerate(gate_panels(classifier, crop, seen.gates), 1):
        _write(folder / f"{number:02d}-{panel.layer}-{_kind(panel)}.png", overlay(panel))
    values: dict[str, np.ndarray] = {"probabilities": seen.probabilities, "grad_cams": seen.cams}
    values |= {f"{gate.layer}:{gate.kind}": gate.values for gate in seen.gates}
    np.savez_compressed(folder / "values.npz", **values)  # type: ignore[arg-type]
    return folder


def _kind(panel: Panel) -> str:
    """'spatial', 'ca_h-times-ca_w'."""
    return panel.what.removeprefix("gate: ").replace(" ", "-")


def _write(file: Path, picture: np.ndarray) -> None:
    # imencode rather than imwrite: the latter fails in silence.
    file.write_bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes())
