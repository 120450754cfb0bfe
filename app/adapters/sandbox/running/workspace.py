"""Watches what a workspace holds, from a thread, and measures it as seldom as will do: that walks all of it.

A walk does not meet files that have been deleted and are still open. They show in what the file system has lost since
the start of the command; when that is more than the walk explains, which may be another's doing, they are looked for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from threading import Event

from app.adapters.sandbox.running.deleted import deleted
from app.adapters.sandbox.running.waiting import surely_done
from app.adapters.sandbox.usage import Gauge, Known, Usage, room
from app.domain.sandbox import CommandLimits, Limit

_SECONDS = 0.05
_LONGEST_SECONDS = 1.0
_FACTOR = 3
_NEAR = 0.9


@dataclass(frozen=True, slots=True)
class WorkspaceWatch:
    """A workspace, its limits and who measures it."""

    directory: PurePosixPath
    limits: CommandLimits
    gauge: Gauge
    first: int | None = None
    """Number of the namespace's process 1; None where there is none to be looked at."""

    def until(self, stop: Event, over: Callable[[Limit], None]) -> None:
        """Measure when the file system has lost so much that the workspace may be over a limit, and every now and then,
        for what others gave back hides what it took. At the first limit it is over, call `over` and return; that may
        be after the end of the command, which can take a lot in its last moment.
        """
        start = known = self._at_start()
        next_at = time.monotonic() + _LONGEST_SECONDS
        ended = False
        while True:
            if known is None or self._may_be_over(known) or (time.monotonic() >= next_at and not ended):
                known = self._measured(start)
                start = start or known
                if (limit := self.exceeded(known.usage)) is not None:
                    over(limit)
                    return
                next_at = known.end + max(_LONGEST_SECONDS, _FACTOR * known.seconds)
                pause = max(_SECONDS, known.seconds)
            else:
                pause = _SECONDS
            if ended:
                return
            ended = stop.wait(pause)

    def _at_start(self) -> Known | None:
        """What is known from the last command, made good for what happened since: files that it held open are gone."""
        known = self.gauge.known
        if known is None:
            return None
        now = room(self.directory)
        return replace(known, usage=known.most(now), before=now)

    def _measured(self, start: Known | None) -> Known:
        known = self.gauge.take(self.directory)
        if start is None or self.first is None or self.exceeded(known.usage) is not None:
            return known
        most = start.most(room(self.directory))
        if self.exceeded(most) is None:
            return known
        found = deleted(self.first, self.directory)
        usage = known.usage + found.usage if found.complete else most
        end = time.monotonic()
        return replace(known, usage=usage, end=end, seconds=known.seconds + end - known.end)

    def exceeded(self, usage: Usage) -> Limit | None:
        """The limit that a workspace with so much in it is over."""
        if usage.bytes > self.limits.disk_bytes:
            return Limit.DISK
        return Limit.FILES if usage.files > self.limits.files else None

    async def may_have_written(self, file_bytes: int) -> bool:
        """Whether there is a file of nearly so many bytes. Measures; a cancellation is raised when that is done."""
        measuring = asyncio.create_task(asyncio.to_thread(self.gauge.take, self.directory))
        await surely_done([measuring])
        return measuring.result().usage.largest >= _NEAR * file_bytes

    def _may_be_over(self, known: Known) -> bool:
        return self.exceeded(known.most(room(self.directory))) is not None
