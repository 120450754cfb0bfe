"""Watches one command from a thread: finds the limit that it is over, and afterwards the one at which it failed.

Where a cgroup bounds memory and processes it is asked what happened; elsewhere the processes are counted here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from app.adapters.sandbox.running.cgroups import Group
from app.adapters.sandbox.running.processes import Census, census, proportional_bytes
from app.adapters.sandbox.running.scratch import MOST_INODES, Scratch, Space
from app.domain.sandbox import CommandLimits, Limit

_SECONDS, _QUICK_SECONDS, _CPU_SECONDS = 0.05, 0.02, 1.0
_PATIENCE_SECONDS = 1.0
"""How long a command may be refused more processes before it is taken for one that only makes processes."""
_NEAR = 0.9
_CPU_NEAR = 0.5
"""Limits of CPU time count whole ticks, /proc exact time: on a busy machine they differ by a part of it."""
_SPARE_TASKS = 2


@dataclass(kw_only=True)
class Watch:
    """What is watched, and what was seen. All of it belongs to the watching thread until that has ended."""

    first: int
    """Number of the namespace's process 1."""
    limits: CommandLimits
    scratch: Scratch
    group: Group | None
    memory_bytes: int = 0
    """The most that was seen, of processes and scratch space."""
    cpu_seconds: float = 0.0
    """The most that one process was seen to have used."""
    crowded: bool = False
    """Whether there were as many processes as there may be."""
    _last: Census = field(default_factory=Census)
    _crowded_seconds: float = 0.0
    _looked_at: float = field(default_factory=time.monotonic)
    _cpu_at: float = 0.0
    _begin: float = field(default_factory=time.monotonic)
    _unseen: float = 0.0
    """The longest time between two censuses."""

    def until(self, stop: Event, over: Callable[[Limit], None]) -> None:
        """Look again and again; at the first limit that the command is over, call `over` and return."""
        pause = 0.0
        while not stop.wait(pause):
            begin = time.monotonic()
            limit = self.look()
            if limit is not None:
                over(limit)
                return
            # Of a crowd a look takes long: at most a third of the time goes into it.
            pause = max(self._pause(), 2 * (time.monotonic() - begin))

    def look(self) -> Limit | None:
        """The limit that the command is over now."""
        now = time.monotonic()
        elapsed, self._looked_at = now - self._looked_at, now
        space = self.scratch.space()
        if space.inodes > MOST_INODES:
            return Limit.SCRATCH
        if self.group is None:
            return self._count(space, elapsed)
        return self._ask(self.group, elapsed)

    def _pause(self) -> float:
        much = self.memory_bytes > self.limits.memory_bytes / 2 or self._last.tasks > self.limits.processes / 2
        return _QUICK_SECONDS if much else _SECONDS

    def _count(self, space: Space, elapsed: float) -> Limit | None:
        self._take_census()
        used = self._last.resident_bytes + space.bytes
        if used > self.limits.memory_bytes:
            used = proportional_bytes(self._last.pids) + space.bytes
        self.memory_bytes = max(self.memory_bytes, used)
        if used > self.limits.memory_bytes:
            return Limit.MEMORY
        return self._crowd(self._last.tasks, elapsed)

    def _ask(self, group: Group, elapsed: float) -> Limit | None:
        if self._looked_at - self._cpu_at > _CPU_SECONDS:
            self._take_census()
        events = group.events()
        if events.memory_kills:
            return Limit.MEMORY
        return self._crowd(events.tasks, elapsed)

    def _take_census(self) -> None:
        self._last = census(self.first)
        self._unseen = max(self._unseen, self._looked_at - max(self._cpu_at, self._begin))
        self._cpu_at = self._looked_at
        self.cpu_seconds = max(self.cpu_seconds, self._last.cpu_seconds)

    def _crowd(self, tasks: int, elapsed: float) -> Limit | None:
        """A crowd changes while it is counted: what matters is how long it has been at the limit on the whole."""
        if tasks < self.limits.processes - _SPARE_TASKS:
            self._crowded_seconds = max(0.0, self._crowded_seconds - elapsed)
            return None
        self.crowded = True
        self._crowded_seconds += elapsed
        return Limit.PROCESSES if self._crowded_seconds > _PATIENCE_SECONDS else None

    def may_have_used(self, cpu_seconds: float, ended_at: float) -> bool:
        """Whether a process can have used about so much, seen or not, until the command ended (`time.monotonic`)."""
        unseen = max(self._unseen, ended_at - max(self._cpu_at, self._begin))
        return self.cpu_seconds + unseen * (os.cpu_count() or 1) >= _CPU_NEAR * cpu_seconds

    def may_have_written(self, file_bytes: int) -> bool:
        """Whether there is room in what the scratch space holds for a file of nearly so many bytes."""
        return self.scratch.space().bytes >= _NEAR * file_bytes

    def failed_at(self) -> Limit | None:
        """For a command that failed without our doing: the limit that may be why. Only once nothing of it is alive."""
        if self.group is not None:
            events = self.group.events()
            if events.memory_kills:
                return Limit.MEMORY
            if events.refused_processes:
                return Limit.PROCESSES
        if self.memory_bytes >= _NEAR * self.limits.memory_bytes:
            return Limit.MEMORY
        if self.scratch.space().full:
            return Limit.SCRATCH
        return Limit.PROCESSES if self.crowded else None
