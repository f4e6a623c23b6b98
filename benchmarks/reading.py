"""How long a folder of pictures takes to be read for training, the first time and, from the cache, the second.

    .venv/bin/python benchmarks/reading.py               30,000 JPEG files of 224 px
    .venv/bin/python benchmarks/reading.py --pictures 3000

Made-up pictures (coarse noise) in train/ and test/ of seven class folders, and as a zip, all in a temporary folder:
the system keeps its files in memory both times. Each reading is a new process of Python.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

CLASSES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
READ = """
import sys, time
from fer_models.data import read_parts
start = time.perf_counter()
parts = read_parts(sys.argv[1], "folder")
print(time.perf_counter() - start, len(parts.training) + len(parts.test))
"""


def write_pictures(folder: Path, count: int, side: int) -> None:
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)
        file = folder / ("test" if number % 10 == 0 else "train") / CLASSES[number % 7] / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC))


def seconds(place: Path, cache: Path, pictures: int) -> float:
    """How long a new process takes to read what is in ``place``, without its imports."""
    words = [sys.executable, "-c", READ, str(place)]
    environment = {**os.environ, "FERSCOPE_CACHE": str(cache)}
    taken, read = subprocess.run(words, check=True, capture_output=True, text=True, env=environment).stdout.split()
    assert int(read) == pictures, f"{read} of {pictures} were read"
    return float(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=30_000)
    parser.add_argument("--side", type=int, default=224)
    arguments = parser.parse_args()
    print("| pictures | first time | second time | first / second |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder, cache = Path(temporary) / "pictures", Path(temporary) / "cache"
        write_pictures(folder, arguments.pictures, arguments.side)
        packed = Path(shutil.make_archive(str(folder), "zip", folder))
        for what, place in (("a folder", folder), ("a zip", packed)):
            first, second = (seconds(place, cache, arguments.pictures) for _ in range(2))
            print(f"| {what} of {arguments.pictures:,} | {first:.1f} s | {second:.1f} s | {first / second:.1f} |")


if __name__ == "__main__":
    main()
