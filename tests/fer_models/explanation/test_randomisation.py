"""Weights made random from the head backwards."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from fer_models.explanation import explain
from fer_models.explanation.randomisation import random_network, randomisation, randomised


def weights(module: torch.nn.Module) -> list[torch.Tensor]:
    return [weight for weight in module.parameters() if len(weight.unique()) > 1]


def test_the_last_parts_are_random_and_the_rest_is_the_classifiers_own(classifier):
    before = {name: weight.clone() for name, weight in classifier.network.named_parameters()}
    drawn = random_network(classifier.network)
    count = len(classifier.layers)
    for parts in (1, 3, count + 1):
        network = randomised(classifier, drawn, parts).network
        shared = [a is b for a, b in zip(network.features, classifier.network.features, strict=True)]
        assert shared == [True] * (count + 1 - parts) + [False] * (parts - 1)
        assert not torch.equal(network.classifier[-1].weight, classifier.network.classifier[-1].weight)
    after = dict(classifier.network.named_parameters())
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_random_weights_are_the_trained_ones_in_another_order(classifier):
    drawn, again, other = (random_network(classifier.network, seed) for seed in (0, 0, 1))
    for name, weight in classifier.network.named_parameters():
        shuffled = drawn.get_parameter(name)
        assert torch.equal(shuffled.flatten().sort().values, weight.flatten().sort().values)
        assert torch.equal(shuffled, again.get_parameter(name))
    for trained, first, second in zip(*map(weights, (classifier.network, drawn, other)), strict=True):
        assert trained.numel() < 9 or not torch.equal(first, trained)
        assert trained.numel() < 9 or not torch.equal(first, second)


def test_the_head_alone_leaves_the_last_map_and_its_gates(classifier, crop):
    twin = randomised(classifier, random_network(classifier.network), 1)
    images = classifier.preprocess([crop])
    with torch.inference_mode():
        assert torch.equal(twin.network.features(images), classifier.network.features(images))
    for mine, own in zip(explain(twin, crop).gates, explain(classifier, crop).gates, strict=True):
        assert mine.layer == own.layer and np.array_equal(mine.values, own.values)
    assert twin.file is None and twin.layers == classifier.layers


def test_a_step_for_each_part_with_its_similarity(classifier, crop):
    steps = randomisation(classifier, crop, "grad-cam", layer=classifier.layers[2].name, draws=2)
    titles = [layer.title for layer in classifier.layers]
    assert [step.part for step in steps] == ["Trained", "Head", *titles[::-1]]
    assert [step.parts for step in steps] == list(range(len(titles) + 2))
    trained = explain(classifier, crop)
    assert steps[0].similarity == pytest.approx(1) and not steps[0].lives
    assert steps[0].score == pytest.approx(trained.probabilities[trained.target], abs=1e-6)
    for parts in (1, len(titles) + 1):
        found = [
            randomisation(randomised(classifier, random_network(classifier.network, seed), parts), crop, "grad-cam",
                          trained.target, classifier.layers[2].name, parts=[0])[0].values
            for seed in (0, 1)
        ]  # fmt: skip
        assert np.array_equal(found[0], steps[parts].values)
        alike = [abs(spearmanr(steps[0].values.ravel(), values.ravel()).statistic) for values in found]
        assert steps[parts].similarity == pytest.approx(np.mean(alike), abs=1e-6)


def test_a_map_that_does_not_depend_on_the_network_lives_and_its_negative_too(classifier, crop, monkeypatch):
    signs = itertools.cycle([1, -1])
    face = crop[:, :, 0].astype(np.float32)
    monkeypatch.setattr(
        "fer_models.explanation.randomisation.attribute", lambda *_, **__: SimpleNamespace(values=next(signs) * face)
    )
    steps = randomisation(classifier, crop, "grad-cam", parts=[1, 3])
    assert [step.lives for step in steps] == [False, True, True]


def test_more_parts_than_there_are(classifier, crop):
    with pytest.raises(ValueError, match="parts"):
        randomisation(classifier, crop, "grad-cam", parts=[99])
    with pytest.raises(ValueError, match="grad-cam"):
        randomisation(classifier, crop, "grad-camm")
