"""How fast the four networks explain: ratios, each pair measured in turns in one run, so that a busy machine hits both.

    make benchmark                      prints the table as Markdown
    make benchmark ARGS='--rounds 100'  steadier

Every figure is the median over rounds of one call on one face crop, batch 1, random weights (speed does not depend on
them). `predict` and `explain` include preprocessing, and so does onnxruntime's column.
"""

import argparse
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from captum.attr import LayerGradCam

import fer_models as fer
from fer_models.card import Card
from fer_models.classifier import Classifier
from fer_models.labels import FERPLUS
from fer_models.networks import PAPER_NETWORKS, create_network
from fer_models.preprocessing import Preprocessing

BOUNDS = """\
Bounds: explain / predict at most 1.15 at 224 px and 1.3 at 112 px; captum / explain at least 8; speed against
onnxruntime at least 0.6 at 224 px and 0.4 at 112 px; import under 0.3 s."""


def classifier(name: str, side: int) -> Classifier:
    card = Card(
        name=name, network=name, labels=FERPLUS.labels, preprocessing=Preprocessing(input_side=side), licence="none"
    )
    return Classifier(create_network(name, 8).eval(), card)


def in_turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each call; every round times all of them, after three rounds of warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 3):
        for name, call in calls.items():
            call()  # so that nobody's first touch of the caches is counted, nor what the one before left in them
            started = time.perf_counter()
            call()
            if number >= 3:
                seconds[name].append(time.perf_counter() - started)
    return {name: 1000 * statistics.median(values) for name, values in seconds.items()}


def onnx_session(clf: Classifier, folder: Path, threads: int) -> onnxruntime.InferenceSession:
    file = folder / f"{clf.card.name}.onnx"
    side = clf.card.preprocessing.input_side
    images = torch.zeros(1, 3, side, side)
    torch.onnx.export(clf.network, (images,), file, input_names=["images"], dynamo=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def row(name: str, side: int, crop: np.ndarray, rounds: int, folder: Path) -> str:
    clf = classifier(name, side)
    session = onnx_session(clf, folder, torch.get_num_threads())
    layer = LayerGradCam(clf.network, clf.network.get_submodule(clf.network.last_layer))

    def captum() -> None:
        images = clf.preprocess([crop]).requires_grad_()
        for label in range(len(clf.labels)):
            layer.attribute(images, target=label)

    times = in_turns(
        {
            "predict": lambda: clf.predict([crop]),
            "explain": lambda: fer.explain(clf, crop),
            "onnx": lambda: session.run(None, {"images": clf.preprocess([crop]).contiguous().numpy()}),
            "captum": captum,
        },
        rounds,
    )
    predict, explain, onnx, slow = times["predict"], times["explain"], times["onnx"], times["captum"]
    ratios = f"{explain / predict:.2f} | {slow / explain:.1f} | {onnx / predict:.2f}"
    return f"| {name} | {side} | {predict:.1f} ms | {ratios} |"


def import_seconds(rounds: int = 7) -> float:
    """Median seconds that all names of `fer_models` take to load after torch's own import, in fresh processes."""
    code = "import time, torch; t = time.perf_counter(); from fer_models import *; print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(rounds)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    software = f"Python {platform.python_version()}, torch {version('torch')}, onnxruntime {version('onnxruntime')}"
    return f"{model}, {torch.get_num_threads()} of {os.cpu_count()} cores, {software}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sides", type=int, nargs="+", default=[112, 224])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    # The exporter talks of libraries that are not needed here.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    crop = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    print(f"{machine()}\n\n{BOUNDS}\n")
    print("| network | side | predict | explain / predict | captum / explain | speed against onnxruntime |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for side in options.sides:
            for name in PAPER_NETWORKS:
                print(row(name, side, crop, options.rounds, Path(folder)), flush=True)
    print(f"\nImport of fer_models beyond torch: {import_seconds():.2f} s")


if __name__ == "__main__":
    main()
