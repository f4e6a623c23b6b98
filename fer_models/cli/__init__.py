"""The command line: `ferscope app | predict | train | teach | evaluate | ...`, see `ferscope --help` for all.

Exit codes: 0 done; 1 an input could not be used (the message says which and why); 2 wrong usage; 130 interrupted.
"""

import sys
from typing import TYPE_CHECKING

from fer_models.lazy import lazy_names

if TYPE_CHECKING:
    from fer_models.cli.commands import app
else:
    __getattr__, __dir__ = lazy_names(__name__, {"app": "fer_models.cli.commands"})

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the console script. It imports nothing large before it can take Ctrl+C."""
    try:
        from fer_models.cli.commands import app

        app()
    except KeyboardInterrupt:
        print("ferscope: interrupted.", file=sys.stderr)
        raise SystemExit(130) from None
