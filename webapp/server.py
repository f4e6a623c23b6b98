"""One process that serves everything: the site, its files compressed, Live, the API, Gradio, health and numbers.

``ferscope app`` runs it; so does ``uvicorn webapp.server:app``. It listens at once and warms up behind the first
visitors: see webapp.warm_up.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

import webapp.views.recognise.page  # noqa: F401  the start page: before the port opens, so that no visitor waits for it
from fer_models.jobs.summary import summary
from webapp import numbers, warm_up
from webapp.api.service import api_routes
from webapp.compression import Compressed
from webapp.headers import WithHeaders, gradio_headers, site_headers
from webapp.live.site import live
from webapp.loaded_later import LoadedLater

_FRESH = {"Cache-Control": "no-store"}


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    warm_up.begin()
    frozen = asyncio.create_task(warm_up.keep_frozen())
    yield
    frozen.cancel()
    await gradio.close()


async def health(_: Request) -> JSONResponse:
    """200 once the networks are in memory, 503 before and where that failed; visitors are served all the same."""
    status = _status()
    told = await anyio.to_thread.run_sync(_jobs)
    return JSONResponse({"status": status} | told, 200 if status == "ready" else 503, headers=_FRESH)


async def metrics(_: Request) -> Response:
    """The same in Prometheus's text format."""
    text = await anyio.to_thread.run_sync(lambda: numbers.as_text(_status() == "ready"))
    return Response(text, headers=_FRESH | {"Content-Type": numbers.CONTENT_TYPE})


def _status() -> str:
    return "loading" if warm_up.pending() else "failed" if warm_up.failed() else "ready"


def _jobs() -> dict[str, str | int]:
    """Whether a worker runs (one that a launch started ends when there is nothing to do), and the queue's length."""
    try:
        found = summary()
    except (OSError, sqlite3.Error):
        return {"worker": "unknown", "queue": "unknown"}
    return {"worker": "runs" if found.worker else "none", "queue": found.states["queued"]}


def _own_path() -> str:
    """'/ferscope' on a site below that path, else nothing.

    To be asked once the app is made: before, Streamlit's settings would lack those of the file beside its script.
    """
    path = (config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def _load_gradio() -> Starlette:
    warm_up.wait()  # two threads that import matplotlib at once find it half there
    from webapp.space import mounted

    return mounted(f"{_own_path()}/gradio")


gradio = LoadedLater(_load_gradio)


def _routes(prefix: str) -> list[BaseRoute]:
    return [
        Route(f"{prefix}/healthz", health),
        Route(f"{prefix}/metrics", metrics),
        Mount(f"{prefix}/live", live),
        *api_routes(f"{prefix}/api"),
    ]


class Ours:
    """ASGI middleware that answers for all that is not Streamlit's, below the site's own path and at the root."""

    def __init__(self, app: ASGIApp):
        self.app = app
        path = _own_path()
        routes = [Mount(f"{path}/gradio", WithHeaders(gradio, gradio_headers())), *_routes(path)]
        if path:  # a health check of the server itself knows no path
            routes += _routes("")
        self.router = Router(routes, default=app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.app if scope["type"] == "lifespan" else self.router)(scope, receive, send)


app = st.App(
    Path(__file__).with_name("app.py"),
    lifespan=lifespan,
    middleware=[Middleware(Compressed), Middleware(Ours), Middleware(WithHeaders, site_headers())],
)
