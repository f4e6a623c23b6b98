"""What a person at a terminal sees of a run while it goes: one line, with the time left."""

import sys

from fer_models.cli.common import with_options
from fer_models.training.events import Event, event_text, passes


class ProgressLine:
    """One line of progress, rewritten in place on a terminal; what closes an epoch, or is said once, stays."""

    def __call__(self, event: Event) -> None:
        stays = not passes(event)
        if sys.stdout.isatty():
            print(f"\r\x1b[K{with_options(event_text(event))}", end="\n" if stays else "", flush=True)
        elif stays:
            print(with_options(event_text(event)), flush=True)
