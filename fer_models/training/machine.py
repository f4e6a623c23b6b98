"""What a recipe does not say of a run, because it belongs to the machine it happens on."""

import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from fer_models.training.workers import ALONE, Workers
from fer_models.version import __version__ as ferscope_version


@dataclass(frozen=True)
class Machine:
    """Device (CUDA when there is one, unless said), compiling, skipping unreadable pictures, and a start's file.

    ``any_count`` goes on with copies of a data set that have not its official numbers of faces.

    ``start_weights`` is a copy of the published weights that recipes start from; timm's are else fetched from the Hub.
    ``bf16`` computes in bfloat16 on the CPU too, as CUDA always does. ``answers`` is the file of answers that teachers
    gave before. ``workers`` are the processes that share the run.
    """

    device: str | None = None
    compiled: bool = False
    skip_bad: bool = False
    start_weights: Path | None = None
    bf16: bool = False
    answers: Path | None = None
    any_count: bool = False
    workers: Workers = ALONE

    @property
    def torch_device(self) -> torch.device:
        return torch.device(self.device or ("cuda" if torch.cuda.is_available() else "cpu"))


THIS_MACHINE = Machine()


def versions() -> dict[str, str]:
    """Of what a run is made with, for its card or result."""
    return {"ferscope": ferscope_version, "torch": torch.__version__, "python": platform.python_version()}


def check_device(device: str) -> None:
    """ValueError unless ``device`` is one that this machine can train on."""
    if device not in ("cpu", "cuda"):
        raise ValueError(f"A device is cpu or cuda, not '{device}'.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("There is no CUDA device that this PyTorch can use; leave `device` out to train on the CPU.")
