"""How long evidence takes on this machine, a row for each kind of it and network.

    python benchmarks/evidence.py

A switch on "Operate": one face and all gates, replaced in five ways at once, from the picture on. Bound: 150 ms.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

import fer_models as fer
from fer_models.explanation.averages import read_averages
from fer_models.explanation.operate import Replacement
from fer_models.explanation.replacements import look, replace_each_way
from fer_models.networks.registry import PAPER_NETWORKS


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    """The median of ``rounds``, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def switch(classifier: fer.Classifier, crop: np.ndarray) -> Callable[[], object]:
    """All gates in every way that stands on the page."""
    averages = read_averages(classifier)
    other = fer.explain(classifier, crop[:, ::-1].copy()).gates
    ways: dict[str, Replacement] = {"other": other, "number": "number", "identity": "identity", "shuffle": "shuffle"}
    if averages:
        ways["average"] = averages.gates
    return lambda: replace_each_way(classifier, look(classifier, crop), "*", ways)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    crop = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    print("| network | a switch on Operate, ms |\n|---|---|")
    for name in PAPER_NETWORKS:
        classifier = fer.load_classifier(f"{name}.ferplus")
        print(f"| {name} | {milliseconds(switch(classifier, crop), options.rounds):.0f} |", flush=True)


if __name__ == "__main__":
    main()
