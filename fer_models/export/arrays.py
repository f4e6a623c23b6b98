"""A sheet as numbers: every value of every map, unrounded."""

import csv
import io
import json

import numpy as np

from fer_models.export.sheet import Sheet
from fer_models.version import __version__

COLUMNS = ("panel", "picture", "network", "checkpoint", "map", "layer", "target", "unit", "row", "column", "value")


def npz(sheet: Sheet) -> bytes:
    """The bytes of a .npz: ``map-01`` and on (h, w) float32, ``face-01`` and on, ``probabilities-01`` and on (K,).

    ``manifest`` is one string of JSON: title, version, and for each map its arrays' names and where it comes from; for
    each answer its array's name, network and labels. Nothing is pickled.
    """
    arrays: dict[str, np.ndarray] = {}
    faces: dict[int, str] = {}
    maps, answers = [], []
    for number, panel in enumerate(sheet.panels, 1):
        face = faces.setdefault(id(panel.face), f"face-{len(faces) + 1:02d}")
        arrays |= {face: panel.face, f"map-{number:02d}": panel.values.astype(np.float32)}
        scale = {"low": float(panel.low), "high": float(panel.high)}
        maps.append({"array": f"map-{number:02d}", "face": face, **panel.facts, **scale})
    for number, answer in enumerate(sheet.answers, 1):
        name = f"probabilities-{number:02d}"
        arrays[name] = answer.probabilities
        who = {"picture": answer.picture, "network": answer.network, "checkpoint": answer.checkpoint}
        answers.append({"array": name, **who, "labels": list(answer.labels)})
    manifest = {"title": sheet.title, "version": __version__, "maps": maps, "answers": answers}
    file = io.BytesIO()
    np.savez_compressed(file, manifest=np.array(json.dumps(manifest)), **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def csv_text(sheet: Sheet) -> str:
    """A line for every place of every map, see COLUMNS; rows and columns count from 0, from the upper left."""
    file = io.StringIO()
    lines = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
    lines.writeheader()
    for number, panel in enumerate(sheet.panels, 1):
        for (row, column), value in np.ndenumerate(panel.values):
            place = {"panel": number, "row": row, "column": column, "value": float(value)}
            lines.writerow(panel.facts | place)
    return file.getvalue()
