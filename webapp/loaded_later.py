"""An app that takes long to load and that few visitors ask for: it is loaded for the first of them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import anyio.to_thread
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send


class LoadedLater:
    """ASGI app made by ``make``, in a thread, when it is first asked for; what it starts runs until ``close``."""

    def __init__(self, make: Callable[[], Starlette]):
        self._make = make
        self._starting: asyncio.Task[Starlette] | None = None
        self._living: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._starting is None or (self._starting.done() and self._starting.exception()):
            self._starting = asyncio.create_task(self._start())
        # The next visitors wait for the same app, also where the first one goes away.
        app = await asyncio.shield(self._starting)
        await app(scope, receive, send)

    async def close(self) -> None:
        """End what the app has started; it is not to be asked again."""
        self._closed.set()
        if self._living is not None:
            with suppress(Exception):
                await self._living

    async def _start(self) -> Starlette:
        app = await anyio.to_thread.run_sync(self._make)
        started = asyncio.get_running_loop().create_future()
        self._living = asyncio.create_task(self._live(app, started))
        await started
        return app

    async def _live(self, app: Starlette, started: asyncio.Future[None]) -> None:
        """The app's lifespan: begun and ended in one task, as its task groups have to be."""
        try:
            async with app.router.lifespan_context(app):
                started.set_result(None)
                await self._closed.wait()
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)
