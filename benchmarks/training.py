"""How much of a training step its input costs: the real step against the same step on tensors already in memory.

    .venv/bin/python benchmarks/training.py                       four networks at 64 and 112 px, made-up faces
    .venv/bin/python benchmarks/training.py --network mobilenetv3_cpsca --side 112 --batch 128

Both kinds of step are taken in turns in one run. The faces are noise: speed does not depend on them. An epoch of 24,446
faces (FERPlus, majority) is estimated from the median step.
"""

import argparse
import platform
import statistics
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from fer_models.data import Faces
from fer_models.labels import FERPLUS
from fer_models.networks import PAPER_NETWORKS
from fer_models.training.loop import Run, Show, best_device
from fer_models.training.recipe import Recipe, Stage

ROWS, EPOCH = 4096, 24_446


def made_up_faces(rows: int) -> Faces:
    rng = np.random.default_rng(0)
    labels = np.arange(rows) % len(FERPLUS)
    images = rng.integers(0, 256, (rows, 48, 48), dtype=np.uint8)
    return Faces(images, labels, np.eye(len(FERPLUS), dtype=np.float32)[labels], np.arange(rows), FERPLUS)


def measure(network: str, side: int, batch: int, steps: int, compiled: bool) -> tuple[float, float]:
    """Median seconds of a real step and of one on a batch that is there already."""
    faces = made_up_faces(ROWS)
    recipe = Recipe(network=network, stages=(Stage(side=side, epochs=1),), batch_size=batch, learning_rate=1e-4)
    device = torch.device(best_device())
    with TemporaryDirectory() as folder:
        run = Run(recipe, faces, faces, Path(folder), device, Show(lambda line: None, None), compiled)
        run.network.train()
        ready, order = run.batches.make(torch.arange(batch, device=device), side), run.batches.order(0)
        seconds: tuple[list[float], list[float]] = ([], [])
        for index in range(steps + 5):
            chosen = order[index * batch % (ROWS - batch) :][:batch]
            for kind, call in enumerate((partial(run.step, chosen, side), partial(run.learn, *ready))):
                started = time.perf_counter()
                call()
                if device.type == "cuda":
                    torch.cuda.synchronize()
                if index >= 5:
                    seconds[kind].append(time.perf_counter() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", action="append", choices=PAPER_NETWORKS)
    parser.add_argument("--side", action="append", type=int)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--compile", action="store_true")
    chosen = parser.parse_args()
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} threads"
    print(f"{platform.processor() or platform.machine()}, {where}, torch {torch.__version__}, batch {chosen.batch}\n")
    print("| network | side | step | on ready tensors | throughput against ready tensors | epoch of 24,446 |")
    print("|---|---|---|---|---|---|")
    for network in chosen.network or PAPER_NETWORKS:
        for side in chosen.side or (64, 112):
            step, ready = measure(network, side, chosen.batch, chosen.steps, chosen.compile)
            times = f"{1000 * step:.1f} ms | {1000 * ready:.1f} ms"
            print(f"| {network} | {side} | {times} | {ready / step:.2f} | {step * EPOCH / chosen.batch:.0f} s |")


if __name__ == "__main__":
    main()
