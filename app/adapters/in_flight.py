"""A write that is on its way to GitHub is heard out, also when the one who made it is cancelled meanwhile.

A closed connection takes nothing back: GitHub could apply the write after whoever comes next has looked for it in vain,
or after a newer write, and a check run would stay open for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

HEARD_OUT_SECONDS = 10.0

T = TypeVar("T")


async def heard_out(write: Coroutine[Any, Any, T], *, seconds: float = HEARD_OUT_SECONDS) -> T:
    """The answer to the write. A cancellation takes effect when the answer is there, or so many seconds later."""
    sent = asyncio.create_task(write)
    try:
        return await asyncio.shield(sent)
    except asyncio.CancelledError:
        await _over(sent, seconds)
        raise


async def _over(sent: asyncio.Task[Any], seconds: float) -> None:
    """Returns when it has ended, however often the waiting is cancelled; what has not ended in time is cancelled."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not sent.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait((sent,), timeout=max(0.0, deadline - loop.time()))
        if loop.time() >= deadline:
            sent.cancel()
            return
