"""What a person sees of a run while it goes: one line, with the time left."""

import math
import sys
from collections.abc import Callable

from fer_models.training.recipe import Recipe

SCORED = "validation accuracy"
Say = Callable[[str], None]


class ProgressLine:
    """One line of progress, rewritten in place on a terminal; what closes an epoch, or is said once, stays."""

    def __call__(self, line: str) -> None:
        stays = not is_step(line)
        if sys.stdout.isatty():
            print(f"\r\x1b[K{line}", end="\n" if stays else "", flush=True)
        elif stays:
            print(line, flush=True)


def is_step(line: str) -> bool:
    """Whether a line tells of one step, which the next line supersedes; others stay."""
    return "  step " in line


def progress_line(recipe: Recipe, step: int, steps_per_epoch: int, seconds: float, what: str) -> str:
    """'NETWORK  epoch 2/5  112 px  WHAT  7 min left' after ``step`` steps that took ``seconds``."""
    total = recipe.epochs * steps_per_epoch
    epoch = min(math.ceil(step / steps_per_epoch), recipe.epochs)
    # Work grows with the area of the input: time left is counted in pixels, not in steps.
    areas = [recipe.side_of(e) ** 2 for e in range(recipe.epochs)]
    done: float = sum(areas[: step // steps_per_epoch])
    if step < total:
        done += areas[step // steps_per_epoch] * (step % steps_per_epoch) / steps_per_epoch
    left = seconds * (sum(areas) - done) / max(done, 1)
    return (
        f"{recipe.network}  epoch {epoch}/{recipe.epochs}  {recipe.side_of(epoch - 1)} px  {what}"
        f"  {_duration(left) + ' left' if left else 'done'}"
    )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{max(minutes, 1)} min"
