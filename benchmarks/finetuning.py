"""How fast a fine-tuning job starts, learns a head, is listed among many, and is drawn with others.

    .venv/bin/python benchmarks/finetuning.py

Pictures are the site's composite faces, each shifted and lit differently: 200 files in class folders. The clock runs
from the submission to the first epoch in the store, and to the end of the job; the worker is started by the submission.
"""

import argparse
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

import fer_models.jobs as jobs
from fer_models.jobs.job import jobs_folder
from fer_models.jobs.lock import read_leader
from fer_models.jobs.store import Store

GALLERY = Path(__file__).parents[1] / "webapp" / "gallery"
PAGE = """
from webapp import state
from webapp.views.fine_tune.page import page

with state.kept("Fine-tune"):
    page()
"""
FACES = ("happiness", "sadness", "surprise", "neutral")


def write_pictures(folder: Path, count: int) -> None:
    """``count`` pictures in class folders, no two alike."""
    chance = np.random.default_rng(0)
    for number in range(count):
        label = FACES[number % len(FACES)]
        face = Image.open(GALLERY / f"{label}-{number // len(FACES) % 3 + 1}.webp").convert("L")
        moved = np.roll(np.asarray(face, float), chance.integers(-6, 7, 2), (0, 1))
        pixels = np.clip(moved * chance.uniform(0.7, 1.2) + chance.normal(0, 4, moved.shape), 0, 255)
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / label / f"{number}.png")


def seconds_until(what: Callable[[], object], began: float) -> float:
    while not what():
        time.sleep(0.02)
    return time.monotonic() - began


def measure(checkpoint: str, data: Path, epochs: int) -> tuple[float, float]:
    """Seconds to the first epoch, and to the end."""
    began = time.monotonic()
    job = jobs.submit(jobs.read_spec({"checkpoint": checkpoint, "data": data, "epochs": epochs}))
    first = seconds_until(lambda: jobs.metrics(job), began)
    whole = seconds_until(lambda: jobs.status(job).state not in ("queued", "running"), began)
    if jobs.status(job).state != "done":
        raise SystemExit(jobs.logs(job))
    return first, whole


def list_many(count: int) -> float:
    """Median seconds to list ``count`` jobs."""
    store = Store(jobs_folder())
    for number in range(count):
        store.change(store.add({"name": str(number)}), "done", came_from=("queued",))
    took = []
    for _ in range(9):
        began = time.perf_counter()
        assert len(jobs.list_jobs()) >= count
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def overlay(count: int) -> float:
    """Median seconds in which the page makes all that shows ``count`` finished runs in one chart."""
    store, told = Store(jobs_folder()), {"checkpoint": "a_mobilenet.ferplus", "train": "head", "epochs": 20, "seed": 0}
    ids = []
    for number in range(count):
        ids.append(store.add({**told, "name": f"run {number}"}))
        numbers = {"accuracy": 0.5, "training_accuracy": 0.5, "validation_loss": 1.0, "macro_f1": 0.5, "side": 112}
        store.record(ids[-1], [{"epoch": n, "loss": 2 / n, "seconds": n, **numbers} for n in range(1, 21)])
        store.change(ids[-1], "cancelled", came_from=("queued",))
    page = AppTest.from_string(PAGE, default_timeout=120)
    page.query_params["job"], page.query_params["beside"] = ids[0], ids[1:]
    took = []
    with patch("webapp.visitor.is_at_the_machine", lambda: True):  # there is no browser that could say so
        for _ in range(9):
            began = time.perf_counter()
            page.run()
            took.append(time.perf_counter() - began)
    assert not page.exception, page.exception
    assert all(name in page.get("plotly_chart")[0].proto.spec for name in ("run 0", f"run {count - 1}"))
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="a_mobilenet.ferplus")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["FERSCOPE_JOBS"] = f"{place}/jobs"
        data = Path(place) / "pictures"
        write_pictures(data, 200)
        told = [measure(chosen.checkpoint, data, 20) for _ in range(chosen.rounds)]
        for name, values in zip(("first epoch", "head, 200 pictures, 20 epochs"), zip(*told, strict=True), strict=True):
            print(f"{name}: median {statistics.median(values):.1f} s of {', '.join(f'{each:.1f}' for each in values)}")
        print(f"ten finished runs overlaid, page made in {1000 * overlay(10):.0f} ms")
        print(f"1,000 jobs listed in {1000 * list_many(1000):.0f} ms")
        if pid := read_leader(jobs_folder() / "supervisor.lock"):
            os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
