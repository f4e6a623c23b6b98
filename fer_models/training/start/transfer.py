"""What became of each tensor when one network's weights were put into another."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # of batch norms, which are no parameters


@dataclass(frozen=True)
class Transfer:
    """Each mapping: name of a tensor -> how many parameters it holds (0 for the statistics of batch norms).

    ``loaded``, ``no_counterpart`` and ``other_shape`` together are all tensors of the network; the last two kept the
    weights they had. ``unused`` are the tensors of ``start``, what the network starts from, that went nowhere.
    """

    start: str
    network: str
    loaded: Mapping[str, int]
    no_counterpart: Mapping[str, int]
    other_shape: Mapping[str, int]
    unused: Mapping[str, int]

    def text(self) -> str:
        """Five lines at most: how many parameters, in which groups of layers."""
        lines = [
            ("loaded", self.loaded),
            ("fresh, since there are none", self.no_counterpart),
            ("fresh, since theirs have another shape", self.other_shape),
            ("not used", self.unused),
        ]
        return "\n".join(
            [f"Weights of {self.start} for {self.network}:"]
            + [
                f"  {what}: {sum(counts.values()):,} parameters in {len(counts)} tensors: {_groups(counts)}"
                for what, counts in lines
                if counts
            ]
        )


def count(tensors: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, int]:
    """Parameters of the named tensors, in the order of ``tensors``."""
    chosen = set(names)
    return {
        name: 0 if name.endswith(_STATISTICS) else tensor.numel() for name, tensor in tensors.items() if name in chosen
    }


def _groups(counts: Mapping[str, int]) -> str:
    """Such as 'features 0 (464); features 4-6, 11-15 attention (1,234)': one entry a kind of layer with parameters."""
    numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for name, parameters in counts.items():
        first, *middle = name.split(".")[:-1]
        kind = next((part for part in middle if not part.isdigit()), "")
        sums[first, kind] += parameters
        if middle and middle[0].isdigit():
            numbers[first, kind].add(int(middle[0]))
    entries = []
    for (first, kind), total in sums.items():
        words = [first, _ranges(numbers[first, kind]), kind, f"({total:,})"]
        if total:
            entries.append(" ".join(word for word in words if word))
    return "; ".join(entries)


def _ranges(numbers: Iterable[int]) -> str:
    """{1, 2, 3, 5} -> '1-3, 5'."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
