"""Processes that train one network together, each on its part of every batch (data parallel)."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class WorkerLost(RuntimeError):
    """Another process of the run is gone; the run can go on from its last save."""


@dataclass(frozen=True)
class Workers:
    """This process, ``rank``, among ``count`` of them, which share torch.distributed's default group.

    All draw the same batch and hold the same weights; each learns from every ``count``-th row, and gradients are
    summed. A process on its own does none of it.
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that scores and writes."""
        return self.rank == 0

    def part(self, rows: Tensor) -> Tensor:
        """This process's rows of a batch (N, ...)."""
        return rows[self.rank :: self.count]

    def add_up(self, tensors: list[Tensor]) -> None:
        """Replace float tensors, in place, by their sums over all processes. Raises WorkerLost."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.detach().float().flatten() for tensor in tensors])
        _together(dist.all_reduce, flat)
        with torch.no_grad():
            for tensor, values in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
                tensor.copy_(values.view_as(tensor))

    def average_norms(self, network: nn.Module) -> None:
        """Let running statistics be the mean of those that the parts moved. Raises WorkerLost."""
        norms = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.training]
        moved = [buffer for norm in norms for buffer in norm.buffers() if buffer.is_floating_point()]
        if self.count > 1 and moved:
            torch._foreach_div_(moved, self.count)
            self.add_up(moved)

    def any(self, here: bool) -> bool:
        """Whether it is so in any process. Raises WorkerLost."""
        if self.count == 1:
            return here
        flag = torch.tensor([float(here)])
        _together(dist.all_reduce, flag)
        return bool(flag)

    def from_first(self, value: Any) -> Any:
        """The first process's ``value``, in every process. Raises WorkerLost."""
        if self.count == 1:
            return value
        box = [value]
        _together(dist.broadcast_object_list, box, 0)
        return box[0]

    def leave(self) -> None:
        """Let the others, who may wait for this process, find it gone; it may live on."""
        if self.count > 1:
            dist.destroy_process_group()


ALONE = Workers()


def _together(act: Any, *words: Any) -> None:
    try:
        act(*words)
    except RuntimeError as error:
        raise WorkerLost("Another worker of this job is gone.") from error
