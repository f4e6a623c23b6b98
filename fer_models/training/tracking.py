"""Runs in Trackio (the extra ``track``): a local database of metrics with a dashboard, `trackio show`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fer_models.training.recipe import Recipe


@contextmanager
def tracked(project: str, run: str, recipe: Recipe) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Inside the block, log each epoch's metrics to ``run`` of ``project`` on this machine.

    An interrupted run of the same name goes on. ValueError when Trackio is not installed.
    """
    try:
        import trackio
    except ImportError:
        raise ValueError("Tracking needs Trackio: pip install 'ferscope[track]'.") from None
    # The machine's load belongs to no recipe, and a dashboard is opened by whoever wants one.
    quiet = {"auto_log_cpu": False, "auto_log_gpu": False, "embed": False}
    trackio.init(project, name=run, config=recipe.model_dump(mode="json"), resume="allow", **quiet)
    try:
        yield lambda record: trackio.log(record, step=record["epoch"])
    finally:
        trackio.finish()
