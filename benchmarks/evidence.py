"""How long evidence takes on this machine, a row for each network, as in `speed.py`.

    .venv/bin/python benchmarks/evidence.py                  prints the tables as Markdown
    .venv/bin/python benchmarks/evidence.py --rounds 20      steadier

Every figure is the median over rounds of one call on one face crop; all calls of a row are measured in turns. Captum is
asked for as many patches as it does by default, one perturbation a forward pass and one label a call; ours answers for
all labels at once, so both ratios stand there. A switch on "Operate" is one face and all gates, replaced in five ways
at once, from the picture on. "Truth" is how true one map is: deletion and insertion in 32 steps with three fills.
"Verdict" is what stands below a map on "Recognise".
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from captum.attr import Occlusion
from speed import in_turns, machine

import fer_models as fer
from fer_models.explanation.averages import read_averages
from fer_models.explanation.check import check
from fer_models.explanation.faithfulness import curves
from fer_models.explanation.operate import Replacement
from fer_models.explanation.replacements import look, replace_each_way
from fer_models.networks.registry import PAPER_NETWORKS
from fer_models.preprocessing import to_input, to_source

BOUNDS = """\
Bounds, on two idle cores: occlusion under 0.7 s, captum / occlusion for all labels at least 8, a switch under 150 ms,
truth under 1.5 s, a verdict under 150 ms."""
COLUMNS = (
    "predict",
    "occlusion",
    "captum",
    "integrated gradients",
    "Grad-CAM",
    "Ablation-CAM",
    "switch",
    "truth",
    "verdict",
)


def captum_occlusion(classifier: fer.Classifier, crop: np.ndarray) -> Callable[[], object]:
    """16 x 16 patches of three source pixels each."""
    preprocessing = classifier.card.preprocessing
    face = torch.from_numpy(to_source(crop, preprocessing.source_side))[None, None].float() / 255

    def logits(faces: torch.Tensor) -> torch.Tensor:
        return classifier.network(to_input(faces[:, 0], preprocessing))

    def attribute() -> None:
        with torch.inference_mode():
            Occlusion(logits).attribute(face, (1, 3, 3), strides=(1, 3, 3), baselines=0.5, target=0)

    return attribute


def switch(classifier: fer.Classifier, crop: np.ndarray) -> Callable[[], object]:
    """All gates in every way that stands on the page."""
    averages = read_averages(classifier)
    other = fer.explain(classifier, crop[:, ::-1].copy()).gates
    ways: dict[str, Replacement] = {"other": other, "number": "number", "identity": "identity", "shuffle": "shuffle"}
    if averages:
        ways["average"] = averages.gates
    return lambda: replace_each_way(classifier, look(classifier, crop), "*", ways)


def truth(classifier: fer.Classifier, crop: np.ndarray) -> Callable[[], object]:
    """The curves of one map on 8 x 8 places."""
    source = to_source(crop, classifier.card.preprocessing.source_side)
    values = np.random.default_rng(0).random((1, 8, 8))
    return lambda: [curves(classifier, source, values, 0, fill, steps=32) for fill in ("blur", "mean", "noise")]


def verdict(classifier: fer.Classifier, crop: np.ndarray) -> Callable[[], object]:
    values, mean = np.random.default_rng(0).random((2, 4, 4))
    return lambda: check(classifier, crop, values, 0, mean)


def row(name: str, crop: np.ndarray, rounds: int) -> str:
    classifier = fer.load_classifier(f"{name}.ferplus")
    times = in_turns(
        {
            "predict": lambda: classifier.predict([crop]),
            "occlusion": lambda: fer.attribute(classifier, crop, "occlusion", 0),
            "captum": captum_occlusion(classifier, crop),
            "integrated gradients": lambda: fer.attribute(classifier, crop, "integrated-gradients", 0),
            "Grad-CAM": lambda: fer.attribute(classifier, crop, "grad-cam", 0),
            "Ablation-CAM": lambda: fer.attribute(classifier, crop, "ablation-cam", 0),
            "switch": switch(classifier, crop),
            "truth": truth(classifier, crop),
            "verdict": verdict(classifier, crop),
        },
        rounds,
    )
    ratio = times["captum"] / times["occlusion"]
    ratios = f"{ratio:.1f} | {ratio * len(classifier.labels):.1f}"
    return f"| {name} | {' | '.join(f'{times[column]:.0f}' for column in COLUMNS)} | {ratios} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    crop = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    print(f"{machine()}; all in ms\n\n{BOUNDS}\n")
    print(f"| network | {' | '.join(COLUMNS)} | captum / occlusion, one label | all labels |")
    print("|---|" + "---|" * (len(COLUMNS) + 2))
    for name in PAPER_NETWORKS:
        print(row(name, crop, options.rounds), flush=True)


if __name__ == "__main__":
    main()
