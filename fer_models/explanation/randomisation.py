"""Does a map depend on what the network has learned? Its weights are made random, from the head backwards.

The cascading randomisation of Adebayo et al., "Sanity Checks for Saliency Maps" (2018), section 3. A map that stays the
same is a picture of the face and not of the network. Random means: the values of each weight tensor in another order,
so that its mean and spread, and with them the size of what passes through, stay as they were.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_models.explanation.agreement import agreement
from fer_models.explanation.attribution import attribute

if TYPE_CHECKING:
    from fer_models.classifier import Classifier
    from fer_models.networks import Network

DRAWS = 3
#: From this similarity on a map counts as the same, and below the other as gone. Unrelated maps of 4 x 4 places have
#: 0.2, of more places less.
LIVES, GONE = 0.5, 0.3


@dataclass(frozen=True, eq=False)
class Step:
    """One step: everything from ``part`` on is random.

    Attributes:
        part: 'Head', or the title of the block with which the random part begins; 'Trained' for step 0.
        parts: how many parts are random, 0 for none.
        values: the map at the first draw of weights, signed, for the same label throughout.
        score: probability of the label at that draw, 0..1.
        similarity: how much the map is still the trained network's or its negative, 0..1: rank correlation without its
            sign, mean over draws; NaN when a map is flat.
    """

    part: str
    parts: int
    values: np.ndarray
    score: float
    similarity: float

    @property
    def lives(self) -> bool:
        """Whether the map is still what it was, though parts of the network are not."""
        return self.parts > 0 and self.similarity >= LIVES


def randomisation(
    classifier: Classifier,
    crop: np.ndarray,
    method: str,
    target: str | int | None = None,
    layer: str | None = None,
    *,
    parts: Sequence[int] | None = None,
    draws: int = DRAWS,
    **options: Any,
) -> list[Step]:
    """A map, while more and more of the network is made random.

    Args:
        classifier, crop, method, layer, options: as for ``attribute``.
        target: the trained network's predicted label unless given; the same for all steps.
        parts: which steps, as numbers of random parts; by default every one. Step 0 is always the first.
        draws: how often weights are drawn, by the seeds 0, 1, ...

    Returns: a step each. A map that lives through the last, where nothing learned is left, shows no network. Raises
    ValueError as ``attribute`` does, and for more parts than there are.
    """
    count = len(classifier.layers) + 1
    chosen = sorted({0, *(range(count + 1) if parts is None else parts)})
    index = int(classifier.logits([crop])[0].argmax()) if target is None else classifier.target_index(target)
    drawn = [random_network(classifier.network, seed) for seed in range(draws)]
    steps: list[Step] = []
    for number in chosen:
        networks = [randomised(classifier, network, number) for network in drawn[: draws if number else 1]]
        maps = [attribute(network, crop, method, index, layer, **options).values for network in networks]
        first = steps[0].values if steps else maps[0]
        alike = agreement({str(row): values for row, values in enumerate([first, *maps])}, max(first.shape))[0, 1:]
        score = float(networks[0].predict([crop])[0, index])
        steps.append(Step(title_of(classifier, number), number, maps[0], score, float(np.abs(alike).mean())))
    return steps


def title_of(classifier: Classifier, parts: int) -> str:
    """Plain name of the part with which the random rest of the network begins."""
    if parts < 2:
        return ("Trained", "Head")[parts]
    return classifier.layers[len(classifier.layers) + 1 - parts].title


def random_network(network: Network, seed: int = 0) -> Network:
    """A copy in which the values of every weight tensor stand in another order."""
    import torch

    drawn = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in drawn.parameters():
            shuffled = weight.flatten()[torch.randperm(weight.numel(), generator=generator)]
            weight.copy_(shuffled.view_as(weight))
    return drawn


def randomised(classifier: Classifier, drawn: Network, parts: int) -> Classifier:
    """The classifier with its last parts taken from ``drawn``: the head, then block by block towards the stem.

    It shares its other parts with the classifier given, which stays as it is. ValueError for fewer than 0 parts or more
    than there are.
    """
    from torch import nn

    trained = classifier.network
    blocks, others = list(trained.features.named_children()), list(drawn.features.named_children())
    kept = len(blocks) + 1 - parts
    if not 0 <= kept <= len(blocks) + 1:
        raise ValueError(f"This network has {len(blocks) + 1} parts that can be made random, not {parts}.")
    if parts == 0:
        return classifier
    network = copy.copy(trained)  # the modules in it are the same; only which ones it has is its own
    network._modules = dict(trained._modules)
    network.features = nn.Sequential(OrderedDict(blocks[:kept] + others[kept:]))
    network.embedding, network.classifier = drawn.embedding, drawn.classifier
    twin = copy.copy(classifier)
    twin.network, twin.file = network, None
    return twin
