"""Work in a thread that nobody leaves behind: what it uses may be closed as soon as it was awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from app.adapters.sandbox.running.waiting import surely_done

P = ParamSpec("P")
T = TypeVar("T")


async def surely_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `asyncio.to_thread`, but a cancellation is raised only once the thread is done."""
    doing = asyncio.get_running_loop().run_in_executor(None, partial(function, *args, **kwargs))
    try:
        await surely_done((doing,))
    except asyncio.CancelledError:
        doing.exception()  # nobody hears of it any more
        raise
    return doing.result()
