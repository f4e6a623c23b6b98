"""Several workers of a Ray cluster train one job together, by Ray Train (docs.ray.io/en/latest/train).

The job's own process, the driver, only starts them, waits, and passes on that they are to save and end: by a file in
the job's folder, which all machines see. What they make is as from one process, for the first of them alone writes.
"""

import threading
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from fer_models.jobs.job import LAST_WORDS
from fer_models.jobs.lock import taken
from fer_models.jobs.ray import ray_cpus
from fer_models.jobs.remote import LOG, read_written_spec
from fer_models.jobs.spec import Spec, read_spec
from fer_models.jobs.work import ask_to_stop, be_ready, reason_of, stopping, train
from fer_models.training.events import Stopped
from fer_models.training.machine import Machine
from fer_models.training.optimisation import without_compiler
from fer_models.training.workers import WorkerLost, Workers

LOOK_EVERY_S = 0.2
_STOP = "stop"  # in a job's folder: its workers are to save and end


def train_together(folder: Path, spec: Spec) -> bool:
    """Have ``spec.workers`` workers do the job in ``folder``; returns whether it is done.

    Where it is not, and they left no last words, it was stopped or lost a worker, and may go on from its last save.
    """
    import ray
    from ray.train import RunConfig, ScalingConfig, TrainingFailedError
    from ray.train.torch import TorchConfig, TorchTrainer

    (folder / _STOP).unlink(missing_ok=True)
    ray.init(log_to_driver=False)
    be_ready()  # again, for Ray takes SIGTERM for itself
    over = threading.Event()
    passing = threading.Thread(target=_pass_on, args=(folder, over), daemon=True)
    passing.start()
    trainer = TorchTrainer(
        _work,
        train_loop_config={"folder": str(folder)},
        torch_config=TorchConfig(backend="gloo"),
        scaling_config=ScalingConfig(
            num_workers=spec.workers,
            use_gpu=spec.gpus > 0,
            resources_per_worker={"CPU": ray_cpus()} | ({"GPU": spec.gpus} if spec.gpus else {}),
        ),
        run_config=RunConfig(name="ray", storage_path=str(folder)),
    )
    try:
        trainer.fit()
    except TrainingFailedError:
        traceback.print_exc()
        return False
    finally:
        over.set()
        passing.join()
    return not (folder / _STOP).exists()


def _pass_on(folder: Path, over: threading.Event) -> None:
    """Tell the workers once this process is asked to save and end."""
    while not over.wait(LOOK_EVERY_S):
        if stopping():
            (folder / _STOP).touch()
            return


def _heed(folder: Path) -> None:
    """Wait until the driver tells to save and end."""
    while not (folder / _STOP).exists():
        time.sleep(LOOK_EVERY_S)
    ask_to_stop()


def _work(config: dict[str, str]) -> None:
    """One worker, in a process of its own that Ray Train has started."""
    from ray.train import get_context

    folder = Path(config["folder"])
    workers = Workers(get_context().get_world_rank(), get_context().get_world_size())
    threading.Thread(target=_heed, args=(folder,), daemon=True).start()
    without_compiler()
    if not workers.first:
        _train(folder, workers)
        return
    with (folder / LOG).open("a", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        while not stopping():
            # A driver that was killed may leave workers behind for a moment.
            with taken(folder / "worker.lock") as lock:
                if lock is not None:
                    _train(folder, workers)
                    return
            time.sleep(LOOK_EVERY_S)
    workers.leave()


def _train(folder: Path, workers: Workers) -> None:
    """The job, or going on with it. Whoever fails first says why; that another is gone is nobody's fault."""
    import torch
    from ray.train.torch import get_device

    if (device := get_device()).type == "cuda":
        torch.cuda.set_device(device)
    try:
        spec = read_spec(read_written_spec(folder))
        train(folder, spec, machine=Machine(device.type, workers=workers))
    except Stopped:
        workers.leave()  # where it was stopped before the first step, another may have begun to wait
    except WorkerLost:
        raise
    except Exception as error:
        traceback.print_exc()
        try:
            with (folder / LAST_WORDS).open("x", encoding="utf-8") as words:
                words.write(reason_of(error))
        except FileExistsError:
            pass
        raise
