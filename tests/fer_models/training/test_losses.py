"""Losses against their equations in float64, their gradients numerically, and what they do to a run."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from fer_models.training.losses import (
    CentreLoss,
    JointLoss,
    balanced_weights,
    released_code_centre_loss,
    set_nearest_mean,
    triplet_loss,
)
from fer_models.training.recipe import Loss, Recipe

K, D, N = 4, 5, 9


@pytest.fixture
def batch():
    rng = np.random.default_rng(3)
    features, logits = rng.normal(size=(N, D)), rng.normal(size=(N, K))
    votes = rng.dirichlet(np.ones(K), size=N)
    return features, logits, votes, votes.argmax(1)


def tensors(*arrays):
    return [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]


def test_centre_loss_is_equation_7_of_paper_003(batch):
    features, _, _, labels = batch
    loss = CentreLoss(K, D).double()
    loss.centres.copy_(torch.arange(K * D).reshape(K, D) / 10)
    centres = np.arange(K * D).reshape(K, D) / 10
    expected = sum(np.square(features[i] - centres[labels[i]]).sum() for i in range(N)) / (2 * N)
    x, y = tensors(features, labels)
    assert loss(x, y).item() == pytest.approx(expected, rel=1e-6)
    assert gradcheck(lambda x: loss(x, y), x.requires_grad_())


def test_centres_follow_equations_8_and_9_by_hand():
    """Two pictures of class 0 at 1 and 3, none of class 1: c0 = 0 - a * ((0-1) + (0-3)) / (1 + 2) = 4a/3."""
    loss = CentreLoss(2, 1, rate=0.5)
    loss.update(torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]))
    torch.testing.assert_close(loss.centres, torch.tensor([[2 / 3], [0.0]]))
    # Again, with one picture of class 1 at -1: c0 has no picture now; c1 = 0 - 0.5 * (0 - -1) / 2.
    loss.update(torch.tensor([[-1.0]]), torch.tensor([1]))
    torch.testing.assert_close(loss.centres, torch.tensor([[2 / 3], [-0.25]]))


def test_released_code_draws_other_centres_every_time(batch):
    _, logits, _, labels = batch
    x, y = tensors(logits, labels)
    torch.manual_seed(1)
    centres = torch.randn(K, K).double().numpy()
    counts = np.bincount(labels, minlength=K)
    each = [np.square(logits[i] - centres[labels[i]]).sum() / counts[labels[i]] for i in range(N)]
    torch.manual_seed(1)
    first = released_code_centre_loss(x, y).item()
    assert first == pytest.approx(np.mean(each) / 2, rel=1e-6)
    assert released_code_centre_loss(x, y).item() != first


def test_triplet_loss_is_semi_hard(batch):
    features, _, _, labels = batch
    features[labels == labels[0]] *= np.linspace(-1, 1, (labels == labels[0]).sum())[:, None]  # pairs far apart
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    distances = np.square(units[:, None] - units).sum(2)
    losses, fallen_back = [], 0
    for a in range(N):
        for p in set(np.flatnonzero(labels == labels[a])) - {a}:
            others = distances[a][labels != labels[a]]
            farther = others[others > distances[a, p]]
            fallen_back += not len(farther)
            losses.append(max(distances[a, p] - (min(farther) if len(farther) else max(others)) + 0.3, 0))
    assert 0 < fallen_back < len(losses) and 0 < max(losses) > min(losses)
    x, y = tensors(features, labels)
    assert triplet_loss(x, y, 0.3).item() == pytest.approx(np.mean(losses), rel=1e-9)
    assert gradcheck(lambda x: triplet_loss(x, y, 0.3), x.requires_grad_())


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1, 2, 3]])
def test_triplet_loss_of_a_batch_without_triplets_is_zero_and_has_a_gradient(labels):
    x = torch.randn(4, D, requires_grad=True)
    loss = triplet_loss(x, torch.tensor(labels))
    loss.backward()
    assert loss.item() == 0 and torch.equal(x.grad, torch.zeros_like(x))


def test_cross_entropy_weighs_votes_by_class_and_smooths(batch):
    features, logits, votes, labels = batch
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    counts = np.bincount(labels, minlength=K)
    weights = np.minimum(N / (K * np.maximum(counts, 1)), 3)
    x, z, t, y = tensors(features, logits, votes, labels)
    np.testing.assert_allclose(balanced_weights(y, K).numpy(), weights, rtol=1e-6)
    weighted = JointLoss(Loss(class_weights="balanced"), y, K, D)
    expected = -(weights * votes * log_p).sum(1).mean()
    assert weighted.double()(x, z, t, y).item() == pytest.approx(expected, rel=1e-6)
    smoothed = JointLoss(Loss(label_smoothing=0.1), y, K, D)
    expected = -((0.9 * votes + 0.1 / K) * log_p).sum(1).mean()
    assert smoothed(x, z, t, y).item() == pytest.approx(expected, rel=1e-9)


def test_the_joint_loss_is_the_weighted_sum(batch):
    x, z, t, y = tensors(*batch)
    parts = [Loss(), Loss(softmax=0, centre=1), Loss(softmax=0, triplet=1)]
    plain, centre, triplet = (JointLoss(part, y, K, D).double()(x, z, t, y).item() for part in parts)
    joint = JointLoss(Loss(softmax=0.5, centre=0.4, triplet=2), y, K, D).double()
    assert joint(x, z, t, y).item() == pytest.approx(0.5 * plain + 0.4 * centre + 2 * triplet, rel=1e-6)
    before = joint.centre.centres.clone()
    joint.update(x, y)
    assert not torch.equal(joint.centre.centres, before)
    assert "centre.centres" in joint.state_dict()  # a resumed run needs them


@pytest.mark.parametrize("on_sphere", [False, True])
def test_nearest_mean_head_answers_as_distances_do(on_sphere):
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(60, D)).astype(np.float32), rng.integers(0, 3, 60)
    head = torch.nn.Linear(D, K)  # class 3 has no rows
    set_nearest_mean(head, *tensors(features, labels), on_sphere=on_sphere)
    asked = rng.normal(size=(200, D)).astype(np.float32)
    answered = head(torch.from_numpy(asked)).argmax(1).numpy()
    units = features / np.linalg.norm(features, axis=1, keepdims=True) if on_sphere else features
    means = np.stack([units[labels == k].mean(0) for k in range(3)])
    if on_sphere:
        expected = (asked @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T).argmax(1)
    else:
        expected = np.square(asked[:, None] - means).sum(2).argmin(1)
    np.testing.assert_array_equal(answered, expected)


def test_losses_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="nothing to minimise"):
        Loss(softmax=0)
    with pytest.raises(ValueError, match="mixup"):
        Recipe(network="a_mobilenet", mixup=0.2, loss=Loss(centre=0.1))
