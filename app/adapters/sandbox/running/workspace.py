"""Watches what a workspace holds, from a thread: and measures it as seldom as will do: that walks all of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import Event

from app.adapters.sandbox.usage import Gauge, Known, Usage, room
from app.domain.sandbox import CommandLimits, Limit

_SECONDS = 0.05
_LONGEST_SECONDS = 1.0
_FACTOR = 3


@dataclass(frozen=True, slots=True)
class WorkspaceWatch:
    """A workspace, its limits and who measures it."""

    directory: PurePosixPath
    limits: CommandLimits
    gauge: Gauge

    def until(self, stop: Event, over: Callable[[Limit], None]) -> None:
        """Measure when the file system has lost so much that the workspace may be over a limit, and every now and then,
        for what others gave back hides what it took. At the first limit it is over, call `over` and return; that may
        be after the end of the command, which can take a lot in its last moment.
        """
        known = self.gauge.known
        next_at = time.monotonic() + _LONGEST_SECONDS
        ended = False
        while True:
            if known is None or self._may_be_over(known) or (time.monotonic() >= next_at and not ended):
                known = self.gauge.take(self.directory)
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

    def exceeded(self, usage: Usage) -> Limit | None:
        """The limit that a workspace with so much in it is over."""
        if usage.bytes > self.limits.disk_bytes:
            return Limit.DISK
        return Limit.FILES if usage.files > self.limits.files else None

    def _may_be_over(self, known: Known) -> bool:
        return self.exceeded(known.most(room(self.directory))) is not None
