"""Made-up data in FER2013's official layout: grey noise whose brightness tells the label, and votes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

VOTES = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def write_files(
    folder: Path,
    *,
    training: int = 48,
    test: int = 16,
    private: int = 0,
    leaks: tuple[int, ...] = (0, 3),
    labels: Sequence[int] = (0, 1),
) -> Path:
    """Write fer2013.csv, fer2013new.csv and leaks.csv with so many rows a part; ``labels`` take turns."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    pixels, votes = ["emotion,pixels,Usage"], [f"Usage,Image name,{VOTES}"]
    for row, usage in enumerate(["Training"] * training + ["PublicTest"] * test + ["PrivateTest"] * private):
        label = labels[row % len(labels)]
        face = rng.integers(0, 100, 48 * 48) + 120 * (label % 2)
        pixels.append(f"{label % 7},{' '.join(map(str, face))},{usage}")
        counts = [0] * 10
        counts[label] += 8
        counts[2] += 2
        votes.append(f"{usage},fer{row:07d}.png,{','.join(map(str, counts))}")
    (folder / "fer2013.csv").write_text("\n".join(pixels) + "\n")
    (folder / "fer2013new.csv").write_text("\n".join(votes) + "\n")
    (folder / "leaks.csv").write_text("row,repeats\n" + "".join(f"{row},PublicTest\n" for row in leaks))
    return folder


def repeat_row(folder: Path, source: int, target: int) -> None:
    """Give row ``target`` of fer2013.csv the pixels of row ``source``."""
    lines = (folder / "fer2013.csv").read_text().splitlines()
    fields = lines[target + 1].split(",")
    fields[1] = lines[source + 1].split(",")[1]
    lines[target + 1] = ",".join(fields)
    (folder / "fer2013.csv").write_text("\n".join(lines) + "\n")
