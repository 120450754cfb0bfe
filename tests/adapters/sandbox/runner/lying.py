"""The other end of a worker's connection, played by a test: a runner that says what the test wants."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

from app.adapters.sandbox.runner.frames import encode
from app.adapters.sandbox.runner.messages import VERSION, Message, Ready, to_frame

Other = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

READY = Ready(VERSION, "full", "all is well", "", "none", own_user=True, probes=("a",), failed=("b",))


@contextlib.asynccontextmanager
async def runner(
    behave: Other,
) -> AsyncIterator[Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]]:
    """`connect` for a worker; `behave` is at the other end."""
    tasks = []

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        ours, theirs = socket.socketpair()
        tasks.append(asyncio.create_task(served(theirs)))
        return await asyncio.open_connection(sock=ours)

    async def served(theirs: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=theirs)
        try:
            with contextlib.suppress(OSError):
                await behave(reader, writer)
        finally:
            writer.close()

    yield connect
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def said(*messages: Message | bytes) -> bytes:
    """As it travels."""
    return b"".join(each if isinstance(each, bytes) else encode(to_frame(each)) for each in messages)


def saying(*messages: Message | bytes) -> Other:
    """A runner that says this, whatever it is asked, and then nothing more."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said(*messages))
        await writer.drain()
        while await reader.read(1 << 16):
            pass

    return behave
