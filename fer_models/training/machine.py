"""What a recipe does not say of a run, because it belongs to the machine it happens on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Machine:
    """Device, compiling, who watches, whether unreadable pictures stop a run, and published weights to start from."""

    device: str | None = None
    compiled: bool = False
    track: Callable[[dict[str, Any]], None] | None = None
    skip_bad: bool = False
    start_weights: Path | None = None


def check_device(device: str) -> None:
    """ValueError unless ``device`` is one that this machine can train on."""
    if device not in ("cpu", "cuda"):
        raise ValueError(f"A device is cpu or cuda, not '{device}'.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("There is no CUDA device that this PyTorch can use; leave --device out to train on the CPU.")
