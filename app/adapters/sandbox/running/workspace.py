"""Watches what a workspace holds, from a thread: and measures it as seldom as will do: that walks all of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import Event

from app.adapters.sandbox.usage import Measure, Usage
from app.domain.sandbox import CommandLimits, Limit

_SECONDS = 0.05
_LONGEST_SECONDS = 1.0
_FACTOR = 3


@dataclass(frozen=True, slots=True)
class _Room:
    """What its file system can still take."""

    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class WorkspaceWatch:
    """A workspace, its limits and who measures it."""

    directory: PurePosixPath
    limits: CommandLimits
    measure: Measure

    def until(self, stop: Event, over: Callable[[Limit], None]) -> None:
        """Measure when the file system has lost so much that the workspace may be over a limit, and every now and then,
        for what others gave back hides what it took. At the first limit it is over, call `over` and return.
        """
        while not stop.is_set():
            before, begin = self._room(), time.monotonic()
            usage = self.measure()
            end = time.monotonic()
            if (limit := self.exceeded(usage)) is not None:
                over(limit)
                return
            latest = end + max(_LONGEST_SECONDS, _FACTOR * (end - begin))
            pause = max(_SECONDS, end - begin)
            while not stop.wait(pause) and time.monotonic() < latest and not self._may_be_over(usage, before):
                pause = _SECONDS

    def exceeded(self, usage: Usage) -> Limit | None:
        """The limit that a workspace with so much in it is over."""
        if usage.bytes > self.limits.disk_bytes:
            return Limit.DISK
        return Limit.FILES if usage.files > self.limits.files else None

    def _may_be_over(self, usage: Usage, before: _Room) -> bool:
        now = self._room()
        return (
            self.exceeded(
                Usage(bytes=usage.bytes + before.bytes - now.bytes, files=usage.files + before.files - now.files)
            )
            is not None
        )

    def _room(self) -> _Room:
        found = os.statvfs(self.directory)
        return _Room(bytes=found.f_bfree * found.f_frsize, files=found.f_ffree)
