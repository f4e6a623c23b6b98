"""An MCP client, as a language model's program is one."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

Told = TypeVar("Told")


def with_tools(url: str, work: Callable[[ClientSession], Awaitable[Told]]) -> Told:
    """What ``work`` makes of a session with the Gradio app at ``url``, which ends in a slash."""

    async def session() -> Told:
        async with (
            streamable_http_client(f"{url}gradio_api/mcp/") as streams,
            ClientSession(streams[0], streams[1]) as opened,
        ):
            await opened.initialize()
            return await work(opened)

    # In a thread of its own: a browser's test has an event loop on this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, session()).result()
