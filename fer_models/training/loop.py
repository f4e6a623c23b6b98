"""The training loop, to be read in one sitting."""

import hashlib
import json
import math
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from fer_models.atomic import written_aside
from fer_models.checkpoints import load_checkpoint
from fer_models.data.augmentation import augmenter
from fer_models.data.faces import Faces
from fer_models.networks import Network, channels_last, create_network
from fer_models.preprocessing import to_input
from fer_models.training.recipe import Recipe
from fer_models.training.state import Progress, load_state, save_state, write_tensors

SAVE_EVERY_S = 60.0  # seconds of training that a kill may cost
SCORED = "validation accuracy"  # in every line that closes an epoch
Say = Callable[[str], None]


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
) -> Path:
    """Train a network, or go on where an interrupted run in ``folder`` stopped.

    Args:
        recipe: what to do; the same recipe resumes a run, another is refused.
        training, validation: faces with the same labels; the epoch is chosen by accuracy on ``validation``.
        folder: holds ``state.safetensors``, ``best.safetensors`` (averaged weights, float32) and ``metrics.jsonl``.
        device: 'cuda' or 'cpu'; CUDA when there is one unless given.
        say: called with one line of progress at a time; prints unless given.

    Returns: the file of the best weights so far chosen at the served side.

    Raises:
        TrainingError: the loss became NaN or infinite.
        ValueError: ``folder`` holds a run of another recipe.
    """
    run = _Run(recipe, training, validation, folder, torch.device(device or _best_device()), say or ProgressLine())
    run.resume()
    while run.epoch < recipe.epochs:
        run.train_epoch()
        run.close_epoch()
    return folder / "best.safetensors"


def _best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


class ProgressLine:
    """One line of progress: rewritten in place on a terminal, and in a log only what closes an epoch."""

    def __call__(self, line: str) -> None:
        closes_epoch = SCORED in line
        if sys.stdout.isatty():
            print(f"\r\x1b[K{line}", end="\n" if closes_epoch else "", flush=True)
        elif closes_epoch:
            print(line, flush=True)


class _Run:
    def __init__(
        self, recipe: Recipe, training: Faces, validation: Faces, folder: Path, device: torch.device, say: Say
    ):
        self.recipe, self.folder, self.device, self.say = recipe, folder, device, say
        torch.manual_seed(recipe.seed)
        network = create_network(recipe.network, len(training.label_set), **recipe.options)
        if recipe.start is not None:
            load_start(network, recipe, training.label_set.labels)
        self.network: Network = channels_last(network).to(device)
        ema = get_ema_multi_avg_fn(recipe.ema_decay)
        self.average = AveragedModel(self.network, multi_avg_fn=ema, use_buffers=True)
        self.optimizer = make_optimizer(self.network, recipe)
        self.augment = augmenter(recipe.augmentation)
        # uint8 faces are small (56 MB for FER2013): they sit on the device, and batches are made there.
        self.images = torch.from_numpy(training.images).to(device)
        targets = training.targets if recipe.soft_targets else np.eye(len(training.label_set))[training.labels]
        self.targets = torch.from_numpy(targets).float().to(device)
        self.validation = validation
        self.steps_per_epoch = max(len(training) // recipe.batch_size, 1)
        self.progress = Progress()
        pixels = hashlib.sha256(training.images.tobytes() + targets.tobytes() + validation.images.tobytes())
        self.identity = f"{recipe.model_dump_json()} on {pixels.hexdigest()}"

    @property
    def epoch(self) -> int:
        return self.progress.step // self.steps_per_epoch

    def resume(self) -> None:
        file = self.folder / "state.safetensors"
        if not file.exists():
            return
        self.progress = load_state(file, self.network, self.average, self.optimizer, self.identity)
        if self.progress.step % self.steps_per_epoch == 0 and len(self.progress.history) < self.epoch:
            self.close_epoch()  # the kill came between the last step of an epoch and its scores

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        state = self.folder / "state.safetensors"
        save_state(state, self.network, self.average, self.optimizer, self.progress, self.identity)

    def train_epoch(self) -> None:
        """The rest of the current epoch. Each step's randomness has its own seed, so a resumed run repeats it."""
        recipe, progress, epoch = self.recipe, self.progress, self.epoch
        side = recipe.side_of(epoch)
        order = torch.randperm(len(self.images), generator=torch.Generator().manual_seed(recipe.seed * 100_003 + epoch))
        self.network.train()
        started = saved = time.monotonic()
        for index in range(progress.step % self.steps_per_epoch, self.steps_per_epoch):
            chosen = order[index * recipe.batch_size :][: recipe.batch_size].to(self.device)
            loss = self.step(self.images[chosen], self.targets[chosen], side)
            now = time.monotonic()
            progress.step += 1
            progress.loss_sum, progress.loss_count = progress.loss_sum + loss, progress.loss_count + 1
            progress.seconds, started = progress.seconds + now - started, now
            self.say(self.line(f"step {index + 1}/{self.steps_per_epoch}"))
            if now - saved > SAVE_EVERY_S:
                self.save()
                saved = now

    def step(self, images: Tensor, targets: Tensor, side: int) -> float:
        """One step of gradient descent on one batch; returns its loss."""
        recipe, step = self.recipe, self.progress.step
        torch.manual_seed(recipe.seed * 1_000_003 + step)
        rate = learning_rate_at(step, recipe, self.steps_per_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        faces = self.augment(images.unsqueeze(1).float() / 255).squeeze(1)
        with autocast(self.device):
            logits = self.network(to_input(faces, recipe.preprocessing, side))
        loss = F.cross_entropy(logits.float(), targets)
        if not torch.isfinite(loss):
            raise TrainingError(
                f"The loss became {loss.item()} at step {step}; the last save in {self.folder} is whole."
            )
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip_norm)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return loss.item()

    def close_epoch(self) -> None:
        """Score the averaged weights on the validation faces, keep them if they are the best, save."""
        progress, epoch = self.progress, self.epoch - 1
        side = self.recipe.side_of(epoch)
        predicted = probabilities(self.average.module, self.validation.images, self.recipe, side).argmax(1)
        every = range(len(self.validation.label_set))
        accuracy = float((predicted == self.validation.labels).mean())
        macro_f1 = float(f1_score(self.validation.labels, predicted, labels=every, average="macro", zero_division=0))
        # Scores at a smaller side say nothing about the side that is served: only its epochs are candidates.
        if side == self.recipe.stages[-1].side and accuracy > progress.best_score:
            progress.best_epoch, progress.best_score = epoch + 1, accuracy
            self.folder.mkdir(parents=True, exist_ok=True)
            weights = dict(self.average.module.state_dict())
            write_tensors(weights, self.folder / "best.safetensors", {"epoch": str(epoch + 1)})
        loss = progress.loss_sum / max(progress.loss_count, 1)
        record = {"epoch": epoch + 1, "side": side, "loss": loss, "accuracy": accuracy, "macro_f1": macro_f1}
        progress.history.append(record | {"seconds": progress.seconds})
        progress.loss_sum, progress.loss_count = 0.0, 0
        self.save()
        with written_aside(self.folder / "metrics.jsonl") as aside:
            aside.write_text("".join(json.dumps(entry) + "\n" for entry in progress.history))
        self.say(self.line(f"loss {loss:.3f}  {SCORED} {accuracy:.4f}  macro-F1 {macro_f1:.4f}"))

    def line(self, what: str) -> str:
        step, total = self.progress.step, self.recipe.epochs * self.steps_per_epoch
        epoch = min(math.ceil(step / self.steps_per_epoch), self.recipe.epochs)
        # Work grows with the area of the input: time left is counted in pixels, not in steps.
        areas = [self.recipe.side_of(e) ** 2 for e in range(self.recipe.epochs)]
        done: float = sum(areas[: step // self.steps_per_epoch])
        if step < total:
            done += areas[step // self.steps_per_epoch] * (step % self.steps_per_epoch) / self.steps_per_epoch
        left = self.progress.seconds * (sum(areas) - done) / max(done, 1)
        return (
            f"{self.recipe.network}  epoch {epoch}/{self.recipe.epochs}  {self.recipe.side_of(epoch - 1)} px  {what}"
            f"  {_duration(left) + ' left' if left else 'done'}"
        )


def load_start(network: Network, recipe: Recipe, labels: tuple[str, ...]) -> None:
    """Put the weights of the checkpoint ``recipe.start`` into ``network``; ValueError when they are of another kind."""
    weights, card = load_checkpoint(str(recipe.start))
    if (card.network, card.labels) != (recipe.network, labels):
        raise ValueError(f"{card.name} is {card.network} for {len(card.labels)} labels; it cannot start this run.")
    network.load_state_dict(weights.state_dict())


def learning_rate_at(step: int, recipe: Recipe, steps_per_epoch: int) -> float:
    """Linear warm-up, then half a cosine towards zero."""
    warmup, total = recipe.warmup_epochs * steps_per_epoch, recipe.epochs * steps_per_epoch
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(total - warmup, 1)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """SGD or AdamW; weight decay on weights of two or more axes, not on biases and norms."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0)
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def autocast(device: torch.device) -> AbstractContextManager:
    """Mixed precision where the device gains from it: bfloat16 on CUDA, plain float32 on the CPU."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


@torch.inference_mode()
def probabilities(network: nn.Module, images: np.ndarray, recipe: Recipe, side: int, batch: int = 256) -> np.ndarray:
    """Probabilities (N, K) of grey faces (N, s, s) uint8, in eval mode; the network's own mode is put back."""
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    try:
        parts = []
        for faces in torch.from_numpy(images).split(batch):
            with autocast(device):
                logits = network(to_input(faces.to(device), recipe.preprocessing, side))
            parts.append(logits.float().softmax(1).cpu())
        return torch.cat(parts).numpy()
    finally:
        network.train(was_training)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{max(minutes, 1)} min"
