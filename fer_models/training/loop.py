"""The training loop, to be read in one sitting."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from fer_models.atomic import written_aside
from fer_models.data.faces import Faces
from fer_models.networks import Network, channels_last, create_network
from fer_models.training.batches import Batches
from fer_models.training.losses import JointLoss, set_nearest_mean
from fer_models.training.optimisation import learning_rate_at, make_optimizer, sharpest_neighbour
from fer_models.training.progress import SCORED, ProgressLine, Say, progress_line
from fer_models.training.recipe import Recipe
from fer_models.training.scoring import autocast, in_batches, probabilities, scores
from fer_models.training.start.load import load_start
from fer_models.training.state import Progress, load_state, save_state, write_tensors

SAVE_EVERY_S = 60.0  # seconds of training that a kill may cost
STATE = "state.safetensors"
LOSSES_AT_ONCE = 32  # on a GPU every look at a loss waits for all work queued so far


class TrainingError(ValueError):
    """Training cannot go on, for example because the loss is no longer a number; the last save is kept."""


def train(
    recipe: Recipe,
    training: Faces,
    validation: Faces,
    folder: Path,
    *,
    device: str | None = None,
    say: Say | None = None,
    track: Callable[[dict[str, Any]], None] | None = None,
    compiled: bool = False,
    start_weights: Path | None = None,
) -> Path:
    """Train a network, or go on where an interrupted run in ``folder`` stopped.

    Args:
        recipe: what to do; the same recipe resumes a run, another is refused.
        training, validation: faces with the same labels; the epoch is chosen by accuracy on ``validation``.
        folder: holds ``state.safetensors``, ``best.safetensors`` (averaged weights, float32) and ``metrics.jsonl``
            (one line an epoch).
        device: 'cuda' or 'cpu'; CUDA when there is one unless given.
        say: called with one line of progress at a time; prints unless given.
        track: called with each line of ``metrics.jsonl``, as a mapping, when it is written.
        compiled: compile the network with ``torch.compile`` first; dropout then draws other units, all else is the
            same up to rounding.
        start_weights: a copy of the published weights that the recipe starts from; timm's are else fetched
            from the Hub.

    Returns: the file of the best weights so far chosen at the served side.

    Raises:
        TrainingError: the loss became NaN or infinite.
        ValueError: ``folder`` holds a run of another recipe.
    """
    show = Show(say or ProgressLine(), track)
    where = torch.device(device or best_device())
    run = Run(recipe, training, validation, folder, where, show, compiled, start_weights)
    run.resume()
    while not run.over:
        run.train_epoch()
        run.close_epoch()
    return folder / "best.safetensors"


def is_begun(folder: Path) -> bool:
    """Whether ``folder`` holds a run that ``train`` would go on with."""
    return (folder / STATE).exists()


def best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


@dataclass(frozen=True)
class Show:
    """Where a run's progress goes."""

    say: Say
    track: Callable[[dict[str, Any]], None] | None


class Run:
    """One run in memory; ``train`` is its whole life."""

    def __init__(
        self,
        recipe: Recipe,
        training: Faces,
        validation: Faces,
        folder: Path,
        device: torch.device,
        show: Show,
        compiled: bool = False,
        start_weights: Path | None = None,
    ):
        self.recipe, self.folder, self.device, self.show = recipe, folder, device, show
        torch.manual_seed(recipe.seed)
        network = create_network(recipe.network, len(training.label_set), **recipe.options)
        self.state = folder / STATE
        if recipe.start is not None and not is_begun(folder):
            load_start(network, recipe, training, show.say, start_weights)
        self.network: Network = channels_last(network).to(device)
        # Every batch of a stage has one shape; with symbolic ones PyTorch 2.13 cannot compile CPSCA's network.
        self.forward = torch.compile(self._forward, dynamic=False) if compiled else self._forward
        self.average = AveragedModel(self.network, multi_avg_fn=self.move_average, use_buffers=True)
        self.optimizer = make_optimizer(self.network, recipe)
        self.batches = Batches(recipe, training, device)
        head = cast(nn.Linear, self.network.classifier[-1])
        self.loss = JointLoss(recipe.loss, self.batches.labels, head.out_features, head.in_features).to(device)
        self.validation = validation
        self.steps_per_epoch = max(len(training) // recipe.batch_size, 1)
        self.progress = Progress()
        self.losses: list[Tensor] = []  # of the latest steps, not yet looked at
        targets = self.batches.targets.cpu().numpy()
        pixels = hashlib.sha256(training.images.tobytes() + targets.tobytes() + validation.images.tobytes())
        # Only what differs from the defaults, so that a field added to Recipe later does not end a run's resuming.
        self.identity = f"{recipe.identity} on {pixels.hexdigest()}"

    @property
    def epoch(self) -> int:
        return self.progress.step // self.steps_per_epoch

    @property
    def over(self) -> bool:
        patience, progress = self.recipe.early_stop, self.progress
        stopped = patience and progress.best_epoch and self.epoch - progress.best_epoch >= patience
        return bool(self.epoch >= self.recipe.epochs or stopped)

    def resume(self) -> None:
        if not self.state.exists():
            return
        self.progress = load_state(self.state, self.modules(), self.optimizer, self.identity)
        if self.progress.step % self.steps_per_epoch == 0 and len(self.progress.history) < self.epoch:
            self.close_epoch()  # the kill came between the last step of an epoch and its scores
        elif self.progress.history:
            self.write_metrics()  # or between that epoch's save and its line

    def modules(self) -> dict[str, nn.Module]:
        """All that learns, by the name it is saved under."""
        return {"network": self.network, "average": self.average, "loss": self.loss}

    def save(self) -> None:
        self.look_at_losses()
        self.folder.mkdir(parents=True, exist_ok=True)
        save_state(self.state, self.modules(), self.optimizer, self.progress, self.identity)

    def train_epoch(self) -> None:
        """The rest of the current epoch. Each step's randomness has its own seed, so a resumed run repeats it."""
        progress, size = self.progress, self.recipe.batch_size
        side, order = self.recipe.side_of(self.epoch), self.batches.order(self.epoch)
        self.network.train()
        started = saved = time.monotonic()
        for index in range(progress.step % self.steps_per_epoch, self.steps_per_epoch):
            self.losses.append(self.step(order[index * size :][:size], side))
            progress.step += 1
            if self.device.type == "cpu" or len(self.losses) >= LOSSES_AT_ONCE:
                self.look_at_losses()
            now = time.monotonic()
            progress.seconds, started = progress.seconds + now - started, now
            self.say(f"step {index + 1}/{self.steps_per_epoch}{self.so_far()}")
            if now - saved > SAVE_EVERY_S:
                self.save()
                saved = now

    def step(self, chosen: Tensor, side: int) -> Tensor:
        """One step of gradient descent on the rows ``chosen``; returns its loss, a scalar."""
        recipe, step = self.recipe, self.progress.step
        torch.manual_seed(recipe.seed * 1_000_003 + step)
        history = [record["validation_loss"] for record in self.progress.history]
        rate = learning_rate_at(step, recipe, self.steps_per_epoch, history)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return self.learn(*self.batches.make(chosen, side))

    def learn(self, images: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
        """Move the weights by one batch, and the averaged ones after them.

        Returns its loss, or the gradient's norm where that is no number: the weights are spoilt then, and no save may
        follow before that is seen.
        """
        recipe = self.recipe
        loss, features = self.backward(images, targets, labels)
        if recipe.sam:
            with sharpest_neighbour(self.network, recipe.sam):
                self.backward(images, targets, labels)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip_norm or math.inf)
        self.optimizer.step()
        self.loss.update(features, labels)
        self.average.update_parameters(self.network)
        return torch.where(norm.isfinite(), loss, norm)

    def backward(self, images: Tensor, targets: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Fresh gradients of one batch; returns its loss and the features (N, D) behind it, both detached."""
        # A seed of its own, so that both passes of sharpness-aware minimisation drop the same units.
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.progress.step + 2**40)
        with autocast(self.device):
            features, logits = self.forward(images)
        features = features.float()
        loss = self.loss(features, logits.float(), targets, labels)
        self.optimizer.zero_grad()
        loss.backward()
        return loss.detach(), features.detach()

    def move_average(self, averaged: Sequence[Tensor], current: Sequence[Tensor], count: Tensor | int) -> None:
        """The exponential mean, with a decay that grows to the recipe's: early weights are soon forgotten."""
        step = self.progress.step  # not ``count``, which sits on the GPU
        decay = min(self.recipe.ema_decay, (1 + step) / (10 + step))
        get_ema_multi_avg_fn(decay)(list(averaged), list(current), count)

    def look_at_losses(self) -> None:
        """Add the latest losses to the epoch's; TrainingError when one, or the gradient behind it, is not a number."""
        if not self.losses:
            return
        values, self.losses = torch.stack(self.losses).tolist(), []
        first = self.progress.step - len(values)
        for step, value in enumerate(values, start=first):
            if not np.isfinite(value):
                raise TrainingError(f"The loss or its gradient became {value} at step {step}{self.last_save()}.")
        self.progress.loss_sum += sum(values)
        self.progress.loss_count += len(values)

    def close_epoch(self) -> None:
        """Score the averaged weights on the validation faces, keep them if they are the best, save."""
        self.look_at_losses()
        progress, epoch = self.progress, self.epoch - 1
        side = self.recipe.side_of(epoch)
        if not self.recipe.loss.softmax:
            self.fit_head(side)
        shares = probabilities(self.average.module, self.validation.images, self.recipe, side)
        record = {"epoch": epoch + 1, "side": side, "loss": progress.loss_sum / max(progress.loss_count, 1)}
        record |= scores(shares, self.validation)
        if not np.isfinite(record["validation_loss"]):
            raise TrainingError(
                f"The weights became useless in epoch {epoch + 1}: probabilities are not numbers{self.last_save()}."
            )
        # Scores at a smaller side say nothing about the side that is served: only its epochs are candidates.
        if side == self.recipe.stages[-1].side and record["accuracy"] > progress.best_score:
            progress.best_epoch, progress.best_score = epoch + 1, record["accuracy"]
            self.folder.mkdir(parents=True, exist_ok=True)
            weights = dict(self.average.module.state_dict())
            write_tensors(weights, self.folder / "best.safetensors", {"epoch": str(epoch + 1)})
        progress.history.append(record | {"seconds": progress.seconds})
        progress.loss_sum, progress.loss_count = 0.0, 0
        self.save()
        self.write_metrics()
        if self.show.track:
            self.show.track(progress.history[-1])
        accuracy, macro_f1 = record["accuracy"], record["macro_f1"]
        self.say(f"loss {record['loss']:.3f}  {SCORED} {accuracy:.4f}  macro-F1 {macro_f1:.4f}")

    def write_metrics(self) -> None:
        with written_aside(self.folder / "metrics.jsonl") as aside:
            aside.write_text("".join(json.dumps(entry) + "\n" for entry in self.progress.history))

    def last_save(self) -> str:
        """What is left to go on from, and advice, for a message."""
        kept = f"the last save in {self.folder} is whole" if self.state.exists() else "nothing was saved before"
        return f"; {kept}. A lower learning rate may help"

    def fit_head(self, side: int) -> None:
        """Without cross entropy nothing trains the head: it answers with the nearest mean of the training rows."""
        network = cast(Network, self.average.module)
        images = self.batches.images.cpu().numpy()
        features = in_batches(network, images, self.recipe, side, lambda x: network.embedding(network.features(x)))
        head = cast(nn.Linear, network.classifier[-1])
        set_nearest_mean(head, features.to(self.device), self.batches.labels, on_sphere=self.recipe.loss.triplet > 0)

    def so_far(self) -> str:
        """Mean loss of the epoch under way and the accuracy after the last one, as far as there are such."""
        progress = self.progress
        loss = f"  loss {progress.loss_sum / progress.loss_count:.3f}" if progress.loss_count else ""
        return loss + (f"  {SCORED} {progress.history[-1]['accuracy']:.4f}" if progress.history else "")

    def say(self, what: str) -> None:
        progress = self.progress
        self.show.say(progress_line(self.recipe, progress.step, self.steps_per_epoch, progress.seconds, what))

    def _forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.network.embedding(self.network.features(images))
        return features, self.network.classifier(features)
