"""Runs in Trackio (the extra ``track``): a local database of metrics with a dashboard, `trackio show`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from fer_models.training.events import EpochDone, Event, Watch
from fer_models.training.recipe import Recipe


@contextmanager
def tracked(project: str, run: str, recipe: Recipe) -> Iterator[Watch]:
    """Inside the block, what is told of each epoch is logged to ``run`` of ``project`` on this machine.

    An interrupted run of the same name goes on. ValueError when Trackio is not installed.
    """
    try:
        import trackio
    except ImportError:
        raise ValueError("Tracking needs Trackio: pip install 'ferscope[track]'.") from None
    # The machine's load belongs to no recipe, and a dashboard is opened by whoever wants one.
    quiet = {"auto_log_cpu": False, "auto_log_gpu": False, "embed": False}
    trackio.init(project, name=run, config=recipe.model_dump(mode="json"), resume="allow", **quiet)

    def log(event: Event) -> None:
        if isinstance(event, EpochDone):
            trackio.log(asdict(event.record), step=event.record.epoch)

    try:
        yield log
    finally:
        trackio.finish()
