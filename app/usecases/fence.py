"""The last look before a write: whether the lease under which the present task works can still be ours.

A worker may be frozen for longer than its lease (a paused container, a machine asleep) and goes on where it stood,
maybe right before a write, when another worker has long said something newer. Asking the ledger takes a while, in which
the same may happen; a clock is read at once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

from app.usecases.job import OwnershipLost

SURE_SECONDS = 5.0
"""A lease lasts longer than this after each heartbeat."""


def now() -> float:
    """Seconds of a clock that goes on while the process or the machine sleeps, where the system has one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class Fence:
    """Made before the lease is asked for, and renewed with each heartbeat."""

    seconds: float = SURE_SECONDS
    clock: Callable[[], float] = now
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self._until = self.clock() + self.seconds

    def renew(self, asked_at: float) -> None:
        """The ledger said that the lease is ours, and was asked at that time."""
        self._until = max(self._until, asked_at + self.seconds)

    @property
    def stands(self) -> bool:
        return self.clock() < self._until

    @contextlib.contextmanager
    def around(self) -> Iterator[None]:
        """What the body does, and every task that it starts, is under this lease."""
        token = _present.set(self)
        try:
            yield
        finally:
            _present.reset(token)


_present: ContextVar[Fence | None] = ContextVar("_present", default=None)


def still_ours() -> None:
    """Raises OwnershipLost when the lease of the present task may be over. What has no lease passes."""
    fence = _present.get()
    if fence is not None and not fence.stands:
        raise OwnershipLost("this worker has not heard from the ledger for too long: nothing is written any more")
