"""What a recipe does not say of a run, because it belongs to the machine it happens on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Machine:
    """Device, compiling, who watches, whether unreadable pictures stop a run, and a copy of ImageNet weights."""

    device: str | None = None
    compiled: bool = False
    track: Callable[[dict[str, Any]], None] | None = None
    skip_bad: bool = False
    imagenet: Path | None = None


def check_device(device: str) -> None:
    """ValueError unless ``device`` is one that this machine can train on."""
    if device not in ("cpu", "cuda"):
        raise ValueError(f"A device is cpu or cuda, not '{device}'.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("There is no CUDA device that this PyTorch can use; leave --device out to train on the CPU.")


def check_imagenet_file(file: Path) -> None:
    """ValueError unless there is such a file."""
    if not file.is_file():
        raise ValueError(f"There is no file {file}; --imagenet names ImageNet weights (safetensors).")
