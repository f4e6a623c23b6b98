"""Two processes that train together: their weights are those of one that gets the same batches."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from fer_models.data import Parts
from fer_models.training import loop
from fer_models.training.learner import Learner
from fer_models.training.machine import Machine
from fer_models.training.recipe import Augmentation, Loss, Recipe, Stage
from fer_models.training.workers import Workers
from tests.support.fer2013_files import write_files

RECIPE = Recipe(
    network="mobilenetv3_small",
    stages=(Stage(side=48, epochs=2),),
    batch_size=16,
    learning_rate=0.02,
    ema_decay=0.5,
    clip_norm=1.0,
    mixup=0.2,
    sam=0.02,
    loss=Loss(class_weights="balanced", label_smoothing=0.1),
    augmentation=Augmentation(erase=0.3),
)
# Norms and dropout are as they are served, for these two see a worker's own rows alone. Where it is stopped, amid the
# second epoch, its status is 75.
SCRIPT = """
import sys
from pathlib import Path
import torch.distributed as dist
from torch import nn
from fer_models.data import read_parts
from fer_models.training import loop
from fer_models.training.events import StepDone, Stopped
from fer_models.training.machine import Machine
from fer_models.training.recipe import Recipe
from fer_models.training.workers import Workers
files, folder, recipe, store, rank, count, stop_rank = sys.argv[1:]
for kind in (nn.BatchNorm2d, nn.Dropout):
    kind.train = lambda self, mode=True: nn.Module.train(self, False)
rank, count = int(rank), int(count)
if count > 1:
    dist.init_process_group("gloo", f"file://{store}", rank=rank, world_size=count)
told = []
def watch(event):
    told.append(event)
    if rank == int(stop_rank) and isinstance(event, StepDone) and len(told) == 5:
        raise Stopped
parts = read_parts(files)
machine = Machine("cpu", workers=Workers(rank, count))
try:
    loop.train(Recipe.model_validate_json(recipe), parts.training, parts.validation, Path(folder), machine, watch)
except Stopped:
    sys.exit(75)
"""

# The second leaves and lives on; the first waits for it, and ends with status 75 once it is told that it is gone.
LEAVING = """
import os
import sys
import torch.distributed as dist
from fer_models.training.workers import WorkerLost, Workers
store, rank = sys.argv[1], int(sys.argv[2])
dist.init_process_group("gloo", f"file://{store}", rank=rank, world_size=2)
workers = Workers(rank, 2)
assert workers.any(rank == 1) and not workers.any(False) and workers.from_first(rank) == 0
if rank == 1:
    workers.leave()
    sys.stdin.read()
else:
    try:
        workers.any(False)
    except WorkerLost:
        os._exit(75)  # gloo does not like to be tidied up after a loss
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    return write_files(tmp_path_factory.mktemp("fer2013"), leaks=())


def run(files: Path, folder: Path, count: int, stop_rank: int = -1) -> list[int]:
    """Train in ``count`` processes; returns their exit statuses."""
    words = [sys.executable, "-c", SCRIPT, str(files), str(folder), RECIPE.model_dump_json(), f"{folder}.store"]
    Path(f"{folder}.store").unlink(missing_ok=True)
    started = [subprocess.Popen([*words, str(rank), str(count), str(stop_rank)]) for rank in range(count)]
    return [process.wait(300) for process in started]


def records(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.timeout(600)
def test_two_workers_learn_what_one_learns_and_stop_and_go_on_together(files, tmp_path):
    one, two, stopped = tmp_path / "one", tmp_path / "two", tmp_path / "stopped"
    assert run(files, one, 1) == [0] and run(files, two, 2) == [0, 0]
    assert run(files, stopped, 2, stop_rank=1) == [75, 75]  # the other one stops with it
    assert [record["epoch"] for record in records(stopped)] == [1]
    assert run(files, stopped, 2) == [0, 0]
    before, after, resumed = (load_file(folder / loop.STATE) for folder in (one, two, stopped))
    for name, values in before.items():
        torch.testing.assert_close(after[name], values, rtol=1e-3, atol=1e-4, msg=name)
        assert torch.equal(resumed[name], after[name]), name
    for mine, theirs in zip(records(two), records(one), strict=True):
        for score in ("loss", "training_accuracy", "accuracy"):
            assert mine[score] == pytest.approx(theirs[score], rel=1e-4), score


def test_one_that_leaves_is_not_waited_for(tmp_path):
    words = [sys.executable, "-c", LEAVING, str(tmp_path / "store")]
    first, second = (subprocess.Popen([*words, str(rank)], stdin=subprocess.PIPE) for rank in range(2))
    assert first.wait(60) == 75
    assert second.poll() is None
    second.communicate()
    assert second.returncode == 0


def test_what_cannot_be_divided_is_refused(many: Parts, tmp_path):
    machine = Machine("cpu", workers=Workers(0, 2))
    few = RECIPE.model_copy(update={"batch_size": 3})
    with pytest.raises(ValueError, match="batches of 4 pictures"):
        loop.train(few, many.training, many.validation, tmp_path, machine)
    centred = RECIPE.model_copy(update={"loss": Loss(centre=0.1)})
    with pytest.raises(ValueError, match="one worker"):
        Learner(None, centred, torch.zeros(4), workers=machine.workers)  # type: ignore[arg-type]
    assert not any(tmp_path.iterdir())
