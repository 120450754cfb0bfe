"""Runs watchers in threads of their own for as long as a command lasts, and brings back what they raise."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from app.adapters.sandbox.running.waiting import surely_done
from app.domain.sandbox import Limit

Watcher = Callable[[threading.Event, Callable[[Limit], None]], None]
"""Returns once the event is set; tells a limit to the other argument."""


class Watchers:
    """Threads that watch one command. They may kill it: what they kill it by must not be closed before `stop`."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._futures: list[asyncio.Future[None]] = []

    def begin(self, watchers: list[Watcher], *, over: Callable[[Limit], None], failed: Callable[[], None]) -> None:
        """`over` and `failed`, which is for a watcher that raised, are called in its thread."""

        def look(ended: Future[None]) -> None:
            if ended.exception() is not None:
                failed()

        executor = ThreadPoolExecutor(len(watchers), thread_name_prefix="sandbox")
        for watcher in watchers:
            future = executor.submit(watcher, self._stop, over)
            future.add_done_callback(look)
            self._futures.append(asyncio.wrap_future(future))
        executor.shutdown(wait=False)  # takes nothing more; its threads end with what they do

    async def stop(self) -> None:
        """Returns when no thread runs any more. A cancellation is raised then."""
        self._stop.set()
        await surely_done(self._futures)

    def check(self) -> None:
        """After `stop`: raises what a watcher raised."""
        for future in self._futures:
            future.result()
