"""What browsers get compressed: scripts and styles once a process, kept in memory; other text each time.

Streamlit sends its scripts as they lie on the disk and leaves compression to a proxy. Here there may be none, and they
are most of what a first visit moves. A file's name changes with its content, so a kept one is never stale.
"""

import gzip
import json
import posixpath
import re
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.keys import KEYS, RANDOM, Number

HTML = "text/html"
#: What gets smaller; pictures and fonts are compressed already.
COMPRESSIBLE = (
    "application/javascript",
    "text/javascript",
    "text/css",
    "application/json",
    "image/svg+xml",
    "text/plain",
    HTML,
)
_LEVEL = 6  # 9 takes twice as long and saves less than a hundredth
_LEAST = 1000  # bytes
_STREAMLIT = b"<title>Streamlit</title>"
_PRELOADED_FONT = re.compile(rb'<link\s+rel="preload"[^>]*\bas="font"[^>]*>')
_SHEET = Path(__file__).parent / "figures" / "streamlit.css"
#: The sheet's first part: what Streamlit draws before a page has brought the sheet.
_EARLY_STYLE = _SHEET.read_text(encoding="utf-8").split("/* --- ")[1].partition("*/")[2].strip()

#: Keys of the address that a visitor changes in many small steps.
_SLIDERS = [key.name for key in KEYS.values() if isinstance(key, Number) or key is RANDOM]
EARLY_SCRIPT = (Path(__file__).parent / "early.js").read_text("utf-8").replace("SLIDERS", json.dumps(_SLIDERS))


class Compressed:
    """ASGI middleware, the only one that compresses: the app inside never hears that the browser takes gzip."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._kept: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = posixpath.normpath(scope["path"])  # /static/././a.js is /static/a.js: kept once
        compress = scope["method"] in ("GET", "POST") and wants_gzip(Headers(scope=scope))
        if compress and scope["method"] == "GET" and (kept := self._kept.get(path)):
            await kept(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        answer = _Answer(send, compress)
        await self.app(dict(scope, headers=plain), receive, answer.send)
        # A file's answer ends where its browser went away: half of it is nobody's answer, least of all the next one's.
        if not answer.held or len(answer.body) != int(answer.headers["content-length"]):
            return
        response = await to_thread.run_sync(_compressed, answer.headers, bytes(answer.body))
        # An address that names no file gives the page, so HTML is not kept: there is no end to such addresses.
        if scope["method"] == "GET" and "/static/" in path and not answer.headers["content-type"].startswith(HTML):
            self._kept[path] = response
        await response(scope, receive, send)


def wants_gzip(headers: Headers) -> bool:
    """Whether a request takes gzip, and is for the whole of something that the browser does not have yet."""
    if any(name in headers for name in ("range", "if-none-match", "if-modified-since")):
        return False
    for part in headers.get("accept-encoding", "").split(","):
        coding, _, quality = part.replace(" ", "").partition(";q=")
        if coding.lower() == "gzip":
            return quality.strip("0.") != "" or not quality
    return False


def prepared(page: bytes) -> bytes:
    """Streamlit's page with what comes first of ours, and without the two fonts that it preloads: 170 and 375 kB.

    Another page stays as it is.
    """
    if _STREAMLIT not in page:
        return page
    early = f"<style>{_EARLY_STYLE}</style><script>{EARLY_SCRIPT}</script></head>"
    return _PRELOADED_FONT.sub(b"", page).replace(b"</head>", early.encode())


class _Answer:
    """Lets an answer of the app pass, or holds it back to be compressed."""

    def __init__(self, send: Send, compress: bool):
        self._send = send
        self._compress = compress
        self.held = False
        self.headers = MutableHeaders()
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.headers = MutableHeaders(raw=message["headers"])
            compressible = self.headers.get("content-type", "").partition(";")[0] in COMPRESSIBLE
            if compressible or message["status"] == 304:
                self.headers.add_vary_header("Accept-Encoding")
            large = int(self.headers.get("content-length", 0)) >= _LEAST
            self.held = self._compress and compressible and large and message["status"] == 200
        if self.held:
            self.body += message.get("body", b"")
        else:
            await self._send(message)


def _compressed(headers: MutableHeaders, body: bytes) -> Response:
    if headers["content-type"].startswith(HTML):
        body = prepared(body)
    # No time of compression in it: the same content gives the same bytes.
    response = Response(gzip.compress(body, _LEVEL, mtime=0), headers=dict(headers))
    response.headers["Content-Length"] = str(len(response.body))
    response.headers["Content-Encoding"] = "gzip"
    del response.headers["Accept-Ranges"]
    if "etag" in headers:
        # Weak: the same content in other bytes. The app's own comparison takes it.
        response.headers["ETag"] = f"W/{headers['etag'].removeprefix('W/')}"
    return response
