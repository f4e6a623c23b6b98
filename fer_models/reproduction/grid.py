"""Many runs, one after another or several at a time, each of the latter in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from fer_models.atomic import written_aside
from fer_models.reproduction.execute import complete
from fer_models.reproduction.runs import Run
from fer_models.training.events import Note, Watch, ignore
from fer_models.training.machine import THIS_MACHINE, Machine
from fer_models.training.recipes import read_recipe

#: What a worker is told to do, and where. A run that is of no table is known by the first.
RECIPE, PLACE = "recipe.json", "place.json"

#: What a run may fail with. RuntimeError is what PyTorch raises, out of memory too.
FAILURES = (ValueError, OSError, RuntimeError)


@dataclass(frozen=True)
class Place:
    """Where runs are kept, what they learn from (a folder by label rule), what they are scored on, and the machine."""

    out: Path
    data: Mapping[str, Path]
    split: str = "PublicTest"
    machine: Machine = THIS_MACHINE


AS_JSON = TypeAdapter(Place)


def run_grid(runs: Sequence[Run], place: Place, jobs: int, watch: Watch = ignore) -> dict[str, str]:
    """Do all of ``runs`` that is not done, ``jobs`` at a time; returns what went wrong, by key.

    A run that fails does not keep the others from being done. When this process ends, by whatever signal, the workers
    end as well; the same call takes every run up again where it stopped.
    """
    return _one_by_one(runs, place, watch) if jobs == 1 else _side_by_side(runs, place, jobs, watch)


def _one_by_one(runs: Sequence[Run], place: Place, watch: Watch) -> dict[str, str]:
    failed: dict[str, str] = {}
    for number, run in enumerate(runs, 1):
        watch(Note(f"Run {number} of {len(runs)}: {run.key}"))
        try:
            data = place.data[run.recipe.label_rule]
            complete(run, place.out, data, place.split, machine=place.machine, watch=watch)
        except FAILURES as error:
            failed[run.key] = str(error)
            watch(Note(f"Failed: {run.key}: {error}"))
    return failed


def _side_by_side(runs: Sequence[Run], place: Place, jobs: int, watch: Watch) -> dict[str, str]:
    failed: dict[str, str] = {}
    waiting, under_way = list(runs), dict[Future[str], Run]()
    lifeline, held_here = os.pipe()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            while waiting or under_way:
                while waiting and len(under_way) < jobs:
                    run = waiting.pop(0)
                    watch(Note(f"Run {len(runs) - len(waiting)} of {len(runs)}: {run.key}"))
                    under_way[pool.submit(_in_its_own_process, run, place, jobs, lifeline)] = run
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    run = under_way.pop(future)
                    if message := future.result():
                        failed[run.key] = message
                    watch(Note(f"Failed: {run.key}: {message}" if message else f"Done: {run.key}"))
        finally:
            os.close(held_here)  # what still runs ends now
            os.close(lifeline)
    return failed


def recorded_run(key: str, out: Path) -> Run | None:
    """The run that ``out / key`` was made for, if it was. ValueError when what it holds is no recipe."""
    file = out / key / RECIPE
    return Run(read_recipe(file)) if file.exists() else None


def _in_its_own_process(run: Run, place: Place, jobs: int, lifeline: int) -> str:
    """Do one run in a worker; returns what went wrong, or nothing."""
    folder = place.out / run.key
    folder.mkdir(parents=True, exist_ok=True)
    told = {RECIPE: run.recipe.model_dump_json(indent=1), PLACE: AS_JSON.dump_json(place, indent=1).decode()}
    for name, text in told.items():
        with written_aside(folder / name) as aside:
            aside.write_text(text + "\n", encoding="utf-8")
    # -P: a folder named fer_models where the grid is started must not be taken for ours.
    command = [sys.executable, "-P", "-m", "fer_models.reproduction.worker", str(folder)]
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads} | os.environ
    ended = subprocess.run(command, stdin=lifeline, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    if ended.returncode == 0:
        return ""
    last = next(iter(ended.stderr.strip().splitlines()[-1:]), "")
    return last or f"its process ended with {ended.returncode}"
