"""Losses: cross entropy, centre loss (Wen et al., ECCV 2016), triplet loss (Schroff et al., CVPR 2015), their sum."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fer_models.training.recipe import Loss

LARGEST_CLASS_WEIGHT = 3.0


class CentreLoss(nn.Module):
    """Pulls each feature vector to the centre of its class: L = 1/(2N) sum_i ||x_i - c_{y_i}||^2.

    Wen et al., eq. 2 divided by the batch size, as paper 003 writes it (eq. 7); paper 002 (eq. 3) leaves the division
    out. The centres are no parameters: ``update`` moves them by eqs. 8-9 of paper 003.

    Args:
        num_classes: K.
        features: D, length of a feature vector.
        rate: alpha, 0..1.
    """

    centres: Tensor

    def __init__(self, num_classes: int, features: int, rate: float = 0.5):
        super().__init__()
        self.rate = rate
        self.register_buffer("centres", torch.zeros(num_classes, features))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (N, D) with labels (N,): a scalar whose gradient is (x_i - c_{y_i}) / N."""
        return 0.5 * (features - self.centres[labels]).square().sum(1).mean()

    @torch.no_grad()
    def update(self, features: Tensor, labels: Tensor) -> None:
        """c_j <- c_j - alpha * sum_i [y_i = j] (c_j - x_i) / (1 + n_j), n_j the number of features of class j."""
        classes = F.one_hot(labels, len(self.centres)).to(features.dtype)
        counts = classes.sum(0).unsqueeze(1)
        delta = (counts * self.centres - classes.T @ features) / (1 + counts)
        self.centres -= self.rate * delta


def released_code_centre_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """What the code released with paper 002 computes in place of centre loss; kept to be looked at, not to be used.

    Its centres are drawn anew from a normal distribution in every call and never learnt, and its features are the
    logits: 1/2 * mean_i(||logits_i - c_{y_i}||^2 / n_{y_i}), n_y the number of pictures of a class in the batch. On
    average it pulls the logits towards zero.

    Args:
        logits: (N, K); labels: (N,). The centres come from PyTorch's global generator.
    """
    centres = torch.randn(logits.shape[1], logits.shape[1]).to(logits)
    counts = labels.bincount(minlength=logits.shape[1])[labels]
    return 0.5 * ((logits - centres[labels]).square().sum(1) / counts).mean()


def triplet_loss(features: Tensor, labels: Tensor, margin: float = 0.2) -> Tensor:
    """Mean of [d(a, p) - d(a, n) + margin]_+ over all pairs (a, p) of a label in a batch, n by semi-hard mining.

    Features are brought onto the unit sphere and d is the squared distance there (Schroff et al., CVPR 2015, eq. 1).
    n is the nearest of another label that lies farther from a than p does, or the farthest where none does (their
    section 3.2): harder ones lead, from scratch, to one point for all faces, where every loss is the margin.

    Args:
        features: (N, D); labels: (N,).

    Returns: a scalar; 0, with a gradient of zero, when the batch has one label only or no label twice.
    """
    units = F.normalize(features, dim=1)
    distances = 2 - 2 * units @ units.T
    same = labels.unsqueeze(0) == labels.unsqueeze(1)
    farther = ~same.unsqueeze(1) & (distances.unsqueeze(1) > distances.unsqueeze(2))  # (a, p, n)
    nearest = distances.unsqueeze(1).masked_fill(~farther, math.inf).amin(2)
    farthest = distances.masked_fill(same, -math.inf).amax(1, keepdim=True)
    negative = torch.where(farther.any(2), nearest, farthest)
    pairs = same & ~same.all(1, keepdim=True) & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return F.relu((distances - negative)[pairs] + margin).sum() / pairs.sum().clamp(min=1)


def balanced_weights(labels: Tensor, num_classes: int) -> Tensor:
    """(K,) class weights n / (K n_c), at most 3, in float32; a class without rows gets the largest."""
    counts = labels.bincount(minlength=num_classes).clamp(min=1)
    return (len(labels) / (num_classes * counts)).clamp(max=LARGEST_CLASS_WEIGHT).float()


class JointLoss(nn.Module):
    """softmax * cross entropy + lambda_c * centre loss + lambda_t * triplet loss, as ``settings`` says.

    Cross entropy is -sum_c w_c y_c log p_c, averaged over the batch, so that votes and Mixup's targets are weighted by
    class too.

    Args:
        settings: the recipe's.
        labels: (N,) of all training rows, from which class weights are counted.
        num_classes: K.
        features: D, length of the network's embedding.
    """

    weights: Tensor | None

    def __init__(self, settings: Loss, labels: Tensor, num_classes: int, features: int):
        super().__init__()
        self.settings = settings
        balanced = settings.class_weights == "balanced"
        weights = balanced_weights(labels, num_classes) if balanced else None
        self.register_buffer("weights", weights, persistent=False)
        wants_centres = settings.centre and settings.centre_kind == "wen"
        self.centre = CentreLoss(num_classes, features, settings.centre_rate) if wants_centres else None

    def forward(self, features: Tensor, logits: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
        """Loss of one batch: features (N, D), logits (N, K), targets (N, K) whose rows sum to 1, labels (N,)."""
        settings, total = self.settings, logits.new_zeros(())
        if settings.softmax:
            smoothing = settings.label_smoothing
            total = settings.softmax * F.cross_entropy(logits, targets, self.weights, label_smoothing=smoothing)
        if self.centre is not None:
            total = total + settings.centre * self.centre(features, labels)
        elif settings.centre:
            total = total + settings.centre * released_code_centre_loss(logits, labels)
        if settings.triplet:
            total = total + settings.triplet * triplet_loss(features, labels, settings.triplet_margin)
        return total

    def update(self, features: Tensor, labels: Tensor) -> None:
        """To be called once after each step: centres follow their features."""
        if self.centre is not None:
            self.centre.update(features.detach(), labels)


@torch.no_grad()
def set_nearest_mean(head: nn.Linear, features: Tensor, labels: Tensor, *, on_sphere: bool) -> None:
    """Make ``head`` answer with the class whose mean feature is nearest; for losses that train no head.

    The nearest mean m_k in Euclid's distance has the largest x.m_k - |m_k|^2 / 2, which is a linear layer. On the unit
    sphere, where triplet loss measures, it has the largest x.m_k of the means of unit vectors, themselves made units.

    Args:
        head: D -> K. features: (N, D) of training rows; labels: (N,). A class without rows is never answered.
    """
    if on_sphere:
        features = F.normalize(features, dim=1)
    # All means less the same vector leave every comparison as it is, and rounding spares the differences.
    origin = torch.zeros_like(features[0]) if on_sphere else features.mean(0)
    for label in range(head.out_features):
        chosen = features[labels == label]
        if not len(chosen):
            head.weight[label], head.bias[label] = 0, torch.finfo(torch.float16).min
            continue
        mean = chosen.mean(0) - origin
        head.weight[label] = F.normalize(mean, dim=0) if on_sphere else mean
        head.bias[label] = 0 if on_sphere else -mean @ origin - mean.square().sum() / 2
