"""One process that serves everything: the site, its files compressed, and ``/healthz``.

``ferscope app`` runs it; so does ``uvicorn webapp.server:app``. It listens at once and warms up behind the first
visitors: see webapp.warm_up.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

import webapp.views.recognise.page  # noqa: F401  the start page: before the port opens, so that no visitor waits for it
from webapp import warm_up
from webapp.compression import Compressed
from webapp.live.site import live


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    warm_up.begin()
    yield


async def health(_: Request) -> JSONResponse:
    """200 once the networks are in memory, 503 before and where that failed; visitors are served all the same."""
    status = "loading" if warm_up.pending() else "failed" if warm_up.failed() else "ready"
    return JSONResponse({"status": status}, 200 if status == "ready" else 503, headers={"Cache-Control": "no-store"})


app = st.App(
    Path(__file__).with_name("app.py"),
    lifespan=lifespan,
    routes=[Route("/healthz", health), Mount("/live", live)],
    middleware=[Middleware(Compressed)],
)
