"""What browsers are told of each answer besides its content: what a page may load, and who may show it in a frame."""

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.compression import EARLY_SCRIPT

#: Origins, separated by spaces, whose pages may show the site in a frame.
FRAMES_VARIABLE = "FERSCOPE_FRAMES"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


class WithHeaders:
    """ASGI middleware that adds headers to every answer which does not have them itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]):
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    found.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def site_headers() -> dict[str, str]:
    """Of the site: Streamlit's page loads nothing from elsewhere, and runs no script that is not known now."""
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    scripts = [*_INLINE.findall(page.read_text(encoding="utf-8")), EARLY_SCRIPT]
    return COMMON | {
        "Content-Security-Policy": _policy(
            f"script-src 'self' blob: 'wasm-unsafe-eval' {' '.join(map(_hash, scripts))}",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss: data: blob:",
            "worker-src 'self' blob:",
        )
    }


def gradio_headers() -> dict[str, str]:
    """Of Gradio's page: it writes scripts into itself, other ones each time."""
    return COMMON | {
        "Content-Security-Policy": _policy(
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "connect-src 'self' data: blob:",
            "worker-src 'self' blob:",
        )
    }


def _policy(*parts: str) -> str:
    frames = " ".join(["'self'", *os.environ.get(FRAMES_VARIABLE, "").split()])
    usual = ("default-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:")
    last = ("object-src 'none'", "base-uri 'self'", f"frame-ancestors {frames}")
    return "; ".join((*usual, *parts, *last))


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
