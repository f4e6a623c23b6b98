"""One run of a grid in a process of its own: ``python -m fer_models.reproduction.worker FOLDER``.

The folder is the run's; the grid has left there what to do. Standard output is the grid's, and what went wrong is the
last line of standard error.
"""

import os
import sys
import threading
from pathlib import Path

from fer_models.reproduction.execute import complete
from fer_models.reproduction.grid import AS_JSON, FAILURES, PLACE, RECIPE
from fer_models.reproduction.runs import Run
from fer_models.training.events import Event, event_text, passes
from fer_models.training.recipes import read_recipe


def work(folder: Path) -> None:
    """Do the run that ``folder`` was made for, and end as soon as the grid does."""
    end_with_parent()
    place = AS_JSON.validate_json((folder / PLACE).read_bytes())
    run = Run(read_recipe(folder / RECIPE))

    def show(event: Event) -> None:
        if not passes(event):
            print(f"{run.key}: {event_text(event)}", flush=True)

    complete(run, place.out, place.data[run.recipe.label_rule], place.split, machine=place.machine, watch=show)


def end_with_parent() -> None:
    """End this process when the one that started it has ended, however that happened.

    Standard input is a pipe whose other end only the parent holds: reading from it returns when the parent is gone.
    """

    def watch() -> None:
        os.read(sys.stdin.fileno(), 1)  # not sys.stdin.read, whose lock would be held when the interpreter ends
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    try:
        work(Path(sys.argv[1]))
    except FAILURES as error:
        sys.exit(str(error))
