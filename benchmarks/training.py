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
from collections.abc import Callable

import numpy as np
import torch

from fer_models.data import Faces
from fer_models.labels import FERPLUS
from fer_models.networks import PAPER_NETWORKS, channels_last, create_network
from fer_models.training.batches import Batches
from fer_models.training.learner import Learner
from fer_models.training.machine import THIS_MACHINE
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
    device = THIS_MACHINE.torch_device
    batches = Batches(recipe, faces, device)
    module = channels_last(create_network(network, len(FERPLUS))).to(device).train()
    learner = Learner(module, recipe, batches.labels, compiled=compiled)
    ready, order = batches.make(torch.arange(batch, device=device), side), batches.order(0)

    def real(index: int) -> None:
        chosen = order[index * batch % (ROWS - batch) :][:batch]
        learner.learn(*batches.make(chosen, side), step=index, rate=recipe.learning_rate)

    def on_ready_tensors(index: int) -> None:
        learner.learn(*ready, step=index, rate=recipe.learning_rate)

    kinds: tuple[Callable[[int], None], ...] = (real, on_ready_tensors)
    seconds: tuple[list[float], ...] = ([], [])
    for index in range(steps + 5):
        for call, taken in zip(kinds, seconds, strict=True):
            started = time.perf_counter()
            call(index)
            if device.type == "cuda":
                torch.cuda.synchronize()
            if index >= 5:
                taken.append(time.perf_counter() - started)
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
