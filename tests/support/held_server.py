"""The site on a server that goes on warming up until somebody writes to the pipe that FERSCOPE_GO names.

uvicorn tests.support.held_server:app
"""

import os
from pathlib import Path

from webapp import warm_up

_load = warm_up.load_networks


def _held() -> None:
    Path(os.environ["FERSCOPE_GO"]).read_text()
    _load()


warm_up.load_networks = _held

from webapp.server import app  # noqa: E402

__all__ = ["app"]
