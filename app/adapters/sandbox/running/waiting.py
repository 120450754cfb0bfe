"""Waits for descriptors from the event loop: for a pipe that can be read or written, for a process to have ended."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable, Collection
from typing import Any


async def readable(descriptor: int) -> None:
    """Returns once a read would not block; for a pidfd: once the process has ended. One wait a descriptor."""
    loop = asyncio.get_running_loop()
    await _told(descriptor, loop.add_reader, loop.remove_reader)


async def writable(descriptor: int) -> None:
    """Returns once a write would not block. One wait a descriptor."""
    loop = asyncio.get_running_loop()
    await _told(descriptor, loop.add_writer, loop.remove_writer)


async def _told(
    descriptor: int, begin: Callable[[int, Callable[[], None]], None], end: Callable[[int], object]
) -> None:
    ready = asyncio.get_running_loop().create_future()

    def note() -> None:
        if not ready.done():  # a cancellation may have come between the event and its turn
            ready.set_result(None)

    begin(descriptor, note)
    try:
        await ready
    finally:
        end(descriptor)


def is_readable(descriptor: int) -> bool:
    """Whether `readable` would return at once."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


async def surely_readable(descriptor: int) -> None:
    """Waits through any number of cancellations; the last of them is raised once there is nothing to wait for."""
    cancelled: asyncio.CancelledError | None = None
    while not is_readable(descriptor):
        try:
            await readable(descriptor)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def surely_done(futures: Collection[asyncio.Future[Any]]) -> None:
    """As `surely_readable`, for tasks and futures; what became of them is not looked at."""
    cancelled: asyncio.CancelledError | None = None
    while any(not future.done() for future in futures):
        try:
            await asyncio.wait(futures)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
