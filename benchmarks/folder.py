"""How fast `ferscope predict` reads a folder of pictures of 1 megapixel, and whether its memory stays flat.

    python benchmarks/folder.py                    200 pictures
    python benchmarks/folder.py --pictures 10000   sixty drawn ones under as many names

Pictures are `benchmarks/faces.py`'s scenes with one face each, with the noise of a camera, as JPEG. Of a machine that
does other work too, processor time tells more than the clock: two idle cores read 2000 / (ms a picture) a second.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from faces import one_face, portraits

DRAWN = 60


def draw(folder: Path, pictures: int) -> None:
    random = np.random.default_rng(0)
    faces = portraits()
    for number in range(min(DRAWN, pictures)):
        scene, _ = one_face(random, faces[number % len(faces)], float(random.choice([120, 200, 300])), 0, (900, 1152))
        noisy = (scene + random.normal(0, 4, scene.shape)).clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number:05d}.jpg"), noisy[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    for number in range(DRAWN, pictures):
        os.link(folder / f"{number % DRAWN:05d}.jpg", folder / f"{number:05d}.jpg")


def memory(process: int) -> float:
    """MB that a process holds now."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=200)
    options = parser.parse_args()
    code = "from fer_models.cli import main; main()"
    with tempfile.TemporaryDirectory() as name:
        draw(Path(name), options.pictures)
        command = [sys.executable, "-c", code, "predict", "--json", name]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        # Counted from the first answer on: what comes before is start-up.
        first = process.stdout.readline()
        started, spent, held = time.perf_counter(), spent_by(process.pid), [memory(process.pid)]
        faces = 1 if first else 0
        for _ in process.stdout:
            faces += 1
            if faces % max(1, options.pictures // 10) == 0 and process.poll() is None:
                held.append(memory(process.pid))
                seconds, cpu = time.perf_counter() - started, spent_by(process.pid) - spent
                print(
                    f"{faces} faces: {(faces - 1) / seconds:.1f} a second, {1000 * cpu / (faces - 1):.0f} ms of "
                    f"processor time each, {held[-1]:.0f} MB",
                    flush=True,
                )
        process.wait()
    print(f"memory: {held[0]:.0f} MB at the first answer, at most {max(held):.0f} MB")


def spent_by(process: int) -> float:
    """Seconds of processor time, all threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
