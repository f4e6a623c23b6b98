"""How weights move: optimizers, learning-rate schedules, and sharpness-aware minimisation."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from fer_models.training.recipe import Recipe

PLATEAU_PATIENCE = 10  # epochs; paper 002
PLATEAU_FACTOR = 0.1
TIME_DECAY = 1e-5  # a step; paper 003, Keras's `decay`


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """SGD, Adam or AdamW; weight decay on weights of two or more axes, not on biases and norms.

    The ``share`` of a group is what its learning rate has to be multiplied by, for ``recipe.layer_decay``.
    """
    features = getattr(network, "features", nn.Sequential())
    # A layer's rate goes by its place: paper 004's last one has a name instead of a number.
    below = {f"features.{name}": len(features) - place for place, (name, _) in enumerate(features.named_children())}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    learning = [(name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad]
    for name, parameter in sorted(learning, key=lambda named: named[1].ndim <= 1):
        share = recipe.layer_decay ** below.get(".".join(name.split(".")[:2]), 0)
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((share, decay), []).append(parameter)
    settings = [{"params": some, "weight_decay": decay, "share": share} for (share, decay), some in groups.items()]
    if recipe.optimizer == "sgd":
        nesterov = recipe.nesterov and recipe.momentum > 0
        return torch.optim.SGD(settings, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=nesterov)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(settings, lr=recipe.learning_rate)


def without_compiler() -> None:
    """Let optimizers of this process do without ``torch._dynamo``: its import takes two seconds of a job's start.

    They import it to hide from ``torch.compile``, which must not be called on one afterwards. For a process of our own.
    """
    for kind in (torch.optim.SGD, torch.optim.Adam):  # AdamW is an Adam
        kind.step = torch.no_grad()(getattr(kind.step, "__wrapped__", kind.step))  # type: ignore[method-assign]
    for name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
        method = getattr(torch.optim.Optimizer, name)
        setattr(torch.optim.Optimizer, name, getattr(method, "__wrapped__", method))


def learning_rate_at(step: int, recipe: Recipe, steps_per_epoch: int, losses: Sequence[float] = ()) -> float:
    """Linear warm-up, then the recipe's schedule.

    Args:
        step: counted from 0 over the whole run.
        losses: validation loss of every epoch that is over, which the schedule "plateau" looks at.
    """
    warmup, total = recipe.warmup_epochs * steps_per_epoch, recipe.epochs * steps_per_epoch
    if step < warmup:
        # A warm-up may end amid an epoch and between two steps; the last of its steps has the full rate.
        return recipe.learning_rate * min(step + 1, warmup) / warmup
    match recipe.schedule:
        case "cosine":
            done = (step - warmup) / max(total - warmup, 1)
            return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
        case "inverse time":
            return recipe.learning_rate / (1 + TIME_DECAY * step)
        case "plateau":
            return recipe.learning_rate * PLATEAU_FACTOR ** plateaus(losses)
        case _:
            return recipe.learning_rate


def ema_decay_at(step: int, recipe: Recipe) -> float:
    """Decay of the averaged weights: it grows to the recipe's, so that early weights are soon forgotten."""
    return min(recipe.ema_decay, (1 + step) / (10 + step))


def plateaus(losses: Sequence[float], patience: int = PLATEAU_PATIENCE) -> int:
    """How often ``losses`` went ``patience`` epochs without a new lowest value; each time the count begins again."""
    found, lowest, since = 0, math.inf, 0
    for loss in losses:
        since = 0 if loss < lowest else since + 1
        lowest = min(loss, lowest)
        if since >= patience:
            found, since = found + 1, 0
    return found


@contextmanager
def sharpest_neighbour(network: nn.Module, rho: float) -> Iterator[None]:
    """Inside the block the weights stand at w + rho * g / ||g||, g their gradients; afterwards at w again.

    Sharpness-aware minimisation (Foret et al., ICLR 2021, eq. 2): the gradient taken there is the one to step along.
    Running statistics of batch norms are not moved by what is computed inside.
    """
    moved = [(p, p.grad, p.detach().clone()) for p in network.parameters() if p.grad is not None]
    norms = [(module, module.momentum) for module in network.modules() if isinstance(module, _BatchNorm)]
    try:
        with torch.no_grad():
            length = torch.stack([gradient.norm() for _, gradient, _ in moved]).norm()
            for parameter, gradient, _ in moved:
                parameter.add_(gradient * (rho / (length + 1e-12)))
        for module, _ in norms:
            module.momentum = 0.0
        yield
    finally:
        for module, momentum in norms:
            module.momentum = momentum
        with torch.no_grad():
            for parameter, _, before in moved:
                parameter.copy_(before)
