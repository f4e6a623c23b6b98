"""Live as a part of the site: the built folder below /live, with the headers it needs, or how to build it."""

import json
import os
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from fer_models.data.cache import cache_folder
from fer_models.version import __version__

#: Names another folder than the one in the cache.
VARIABLE = "FERSCOPE_LIVE"
FACTS = "live.json"
_HEADERS = {
    # Isolated from all other pages, it may use threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    # A browser asks whether a file has changed before it takes its own.
    "Cache-Control": "no-cache",
}
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Live · FERScope</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<body style="font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>Live is not built yet</h1><p>It runs networks in your own browser. Whoever runs this site builds it once, with
<code>make live</code> or <code>python -m webapp.live.build</code>, and reloads this page.</p></body></html>"""


def live_folder() -> Path | None:
    """Where the built page is, or would be; None where there is no place for it."""
    try:
        return Path(os.environ.get(VARIABLE) or cache_folder() / "live")
    except RuntimeError:  # no home
        return None


def is_built(folder: Path | None) -> bool:
    """Whether a folder holds a page built by this version."""
    try:
        return folder is not None and _version(folder / FACTS, (folder / FACTS).stat().st_mtime_ns) == __version__
    except OSError:
        return False


@lru_cache(maxsize=4)
def _version(file: Path, changed: int) -> str:
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["version"])
    except (ValueError, KeyError, TypeError):
        return ""


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for everything below /live."""
    folder = live_folder()

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    if folder is None or not is_built(folder):
        await HTMLResponse(_NOT_BUILT, 503)(scope, receive, send)
    else:
        await StaticFiles(directory=folder, html=True)(scope, receive, send_with_headers)
