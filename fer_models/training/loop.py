"""The training loop, to be read in one sitting."""

import json
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fer_models.atomic import written_aside
from fer_models.data.faces import Faces
from fer_models.networks import channels_last, create_network
from fer_models.training.answers import Answers
from fer_models.training.batches import Batches
from fer_models.training.events import METRICS, EpochDone, EpochRecord, StepDone, Stopped, Watch, ignore, seconds_left
from fer_models.training.learner import Learner
from fer_models.training.machine import THIS_MACHINE, Machine
from fer_models.training.optimisation import learning_rate_at
from fer_models.training.recipe import Recipe
from fer_models.training.scoring import embedded, fit_nearest_mean, head_probabilities, probabilities, scores
from fer_models.training.start.load import load_start
from fer_models.training.state import RunState, load_state, run_identity, save_state, write_tensors

SAVE_EVERY_S = 60.0  # seconds of training that a kill amid an epoch may cost
SAVE_EPOCHS_EVERY_S = 5.0  # the same where epochs are short: they are done again, and come out as they did
STATE, BEST = "state.safetensors", "best.safetensors"  # in the folder of a run
LOOK_EVERY = {"cpu": 1, "cuda": 32}  # steps; on a GPU a look at a loss waits for all work queued so far


class TrainingError(ValueError):
    """Training cannot go on, for example because the loss is no longer a number; the last save is kept."""


def train(
    recipe: Recipe,
    training: Faces,
    validation: Faces,
    folder: Path,
    machine: Machine = THIS_MACHINE,
    watch: Watch = ignore,
) -> Path:
    """Train a network, or go on where an interrupted run in ``folder`` stopped.

    Args:
        recipe: what to do; the same recipe resumes a run, another is refused.
        training, validation: faces with the same labels; the epoch is chosen by accuracy on ``validation``.
        folder: holds ``state.safetensors``, ``best.safetensors`` (averaged weights, float32) and ``metrics.jsonl``
            (one line an epoch).
        machine: where; on a compiled network dropout draws other units, all else is the same up to rounding.
        watch: told what happens.

    Returns: the file of the best weights so far chosen at the served side.

    Raises:
        TrainingError: the loss became NaN or infinite.
        ValueError: ``folder`` holds a run of another recipe, or a batch has too few rows for ``machine.workers``.
        WorkerLost: another of ``machine.workers`` is gone.
    """
    workers = machine.workers
    if workers.count > 1 and (rows := min(len(training), recipe.batch_size)) < 2 * workers.count:
        raise ValueError(
            f"{workers.count} workers need batches of {2 * workers.count} pictures or more, not of {rows}."
        )
    torch.manual_seed(recipe.seed)
    network = create_network(recipe.network, len(training.label_set), **recipe.options)
    if recipe.start is not None and not is_begun(folder):
        load_start(network, recipe, training, watch, machine.start_weights)
    answers = Answers(machine.answers, recipe, training) if machine.answers else None
    batches = Batches(recipe, training, machine.torch_device, bf16=machine.bf16, answers=answers)
    network = channels_last(network).to(machine.torch_device)
    learner = Learner(network, recipe, batches.labels, compiled=machine.compiled, bf16=machine.bf16, workers=workers)
    run = run_identity(recipe, training, batches.targets, validation)
    state = RunState()
    if is_begun(folder):
        state = load_state(folder / STATE, learner.modules, learner.optimizer, run)
        if workers.first:
            _write_metrics(state, folder)  # a kill may have come between the save after an epoch and its line
    if workers.from_first(state.step) != state.step:
        raise ValueError(f"The workers do not see the same save: {folder} has to be one folder everywhere.")
    folder.mkdir(parents=True, exist_ok=True)
    steps = max(len(training) // recipe.batch_size, 1)  # an epoch
    losses: list[Tensor] = []  # what the latest steps returned, not yet looked at
    features = seen = None
    if recipe.trained == "head" and not _is_over(recipe, state):
        last_side, faces = recipe.stages[-1].side, torch.from_numpy(np.asarray(validation.images))
        features = embedded(network, batches.images, recipe, last_side)
        seen = embedded(network, faces.to(machine.torch_device), recipe, last_side)

    def save() -> None:
        _look_at(losses, state, folder)
        if workers.first:
            save_state(folder / STATE, learner.modules, learner.optimizer, state, run)

    saved = time.monotonic()
    while not _is_over(recipe, state):
        epoch = len(state.history)
        side, order = recipe.side_of(epoch), batches.order(epoch)
        learner.train()
        started = time.monotonic()
        # The rest of the epoch: none of it where the kill came between its last step and its scores.
        for index in range(state.step - epoch * steps, steps):
            torch.manual_seed(recipe.seed * 1_000_003 + state.step)  # its own, so that a resumed run repeats it
            rate = learning_rate_at(state.step, recipe, steps, state.validation_losses)
            chosen = order[index * recipe.batch_size :][: recipe.batch_size]
            batch = batches.make(chosen, side, epoch) if features is None else batches.labelled(features, chosen)
            losses.append(learner.learn(*batch, step=state.step, rate=rate))
            state.step += 1
            if len(losses) >= LOOK_EVERY[machine.torch_device.type]:
                _look_at(losses, state, folder)
            now = time.monotonic()
            state.seconds, started = state.seconds + now - started, now
            if workers.any(_wants_stop(watch, _step_done(recipe, state, index + 1, steps))):
                save()
                raise Stopped
            if now - saved > SAVE_EVERY_S:
                save()
                saved = now

        _look_at(losses, state, folder)
        found = _score_epoch(learner, batches, validation, seen, state, folder) if workers.first else None
        record: EpochRecord = workers.from_first(found)
        # Scores at a smaller side say nothing about the side that is served: only its epochs are candidates.
        if side == recipe.stages[-1].side and record.accuracy > state.best_score:
            state.best_epoch, state.best_score = record.epoch, record.accuracy
            if workers.first:
                write_tensors(learner.averaged.state_dict(), folder / BEST, {"epoch": str(record.epoch)})
        state.close_epoch(record)
        if _is_over(recipe, state) or not is_begun(folder) or time.monotonic() - saved > SAVE_EPOCHS_EVERY_S:
            save()
            saved = time.monotonic()
        if workers.first:
            _write_metrics(state, folder)
        left = seconds_left(recipe, state.step, steps, state.seconds)
        watch(EpochDone(recipe.network, recipe.epochs, record, left))
    if not recipe.epochs and workers.first:
        write_tensors(learner.averaged.state_dict(), folder / BEST, {"epoch": "0"})
    return folder / BEST


def is_begun(folder: Path) -> bool:
    """Whether ``folder`` holds a run that ``train`` would go on with."""
    return (folder / STATE).exists()


def _is_over(recipe: Recipe, state: RunState) -> bool:
    """All epochs are done, or the recipe's patience is at its end."""
    done, best = len(state.history), state.best_epoch
    return done >= recipe.epochs or bool(recipe.early_stop and best and done - best >= recipe.early_stop)


def _look_at(losses: list[Tensor], state: RunState, folder: Path) -> None:
    """Add what the latest steps returned to the epoch's; TrainingError when a loss or its gradient is no number."""
    if not losses:
        return
    values = torch.stack(losses).tolist()
    losses.clear()
    for step, (value, _) in enumerate(values, start=state.step - len(values)):
        if not math.isfinite(value):
            raise TrainingError(f"The loss or its gradient became {value} at step {step}{_last_save(folder)}.")
    state.loss_sum += sum(loss for loss, _ in values)
    state.right_sum += sum(right for _, right in values)
    state.loss_count += len(values)


def _score_epoch(
    learner: Learner, batches: Batches, validation: Faces, seen: Tensor | None, state: RunState, folder: Path
) -> EpochRecord:
    """Score the averaged weights on the validation faces; TrainingError when they answer with no numbers.

    ``seen`` (N, D) are the features of these faces where they do not change, else None.
    """
    recipe, epoch = learner.recipe, len(state.history)
    side = recipe.side_of(epoch)
    if not recipe.loss.softmax:
        # Nothing trains the head: it answers with the nearest mean of the training rows.
        fit_nearest_mean(learner.averaged, batches.images, batches.labels, recipe, side)
    if seen is None:
        shares = probabilities(learner.averaged, validation.images, recipe, side)
    else:
        shares = head_probabilities(learner.averaged, seen)
    found = scores(shares, validation)
    if not math.isfinite(found["validation_loss"]):
        raise TrainingError(
            f"The weights became useless in epoch {epoch + 1}: probabilities are not numbers{_last_save(folder)}."
        )
    right = state.mean_right if recipe.loss.softmax else None
    return EpochRecord(epoch + 1, side, state.mean_loss or 0.0, **found, seconds=state.seconds, training_accuracy=right)


def _last_save(folder: Path) -> str:
    """What is left to go on from, and advice, for a message."""
    kept = f"the last save in {folder} is whole" if is_begun(folder) else "nothing was saved before"
    return f"; {kept}. A lower learning rate may help"


def _wants_stop(watch: Watch, event: StepDone) -> bool:
    """Tell of a step; returns whether the run is to be saved and ended there."""
    try:
        watch(event)
    except Stopped:
        return True
    return False


def _step_done(recipe: Recipe, state: RunState, step: int, steps: int) -> StepDone:
    epoch = len(state.history)
    return StepDone(
        network=recipe.network,
        epoch=epoch + 1,
        epochs=recipe.epochs,
        side=recipe.side_of(epoch),
        step=step,
        steps=steps,
        loss=state.mean_loss,
        accuracy=state.history[-1].accuracy if state.history else None,
        seconds_left=seconds_left(recipe, state.step, steps, state.seconds),
    )


def _write_metrics(state: RunState, folder: Path) -> None:
    if not state.history:
        return
    with written_aside(folder / METRICS) as aside:
        aside.write_text("".join(json.dumps(asdict(record)) + "\n" for record in state.history))
