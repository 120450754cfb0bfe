"""What every kind of job promises to the worker that runs it, and why a job may have to end before its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.errors import RevwrightError
from app.domain.pull_request import Sha
from app.domain.report import ModelUse
from app.domain.row import Order, Pulse, Row

Guard = Callable[[], Awaitable[None]]
"""Awaited before every write: raises one of the interruptions below when nothing may be written any more."""


class OwnershipLost(RevwrightError):
    """Another worker owns the job now; this run ends without a word."""


class Superseded(RevwrightError):
    """A newer generation is wanted (a push, another base): what this run found must not be said any more."""


class Stopped(RevwrightError):
    """A person asked to stop or to pause."""

    def __init__(self, message: str, *, order: Order) -> None:
        super().__init__(message)
        self.order = order


class Progress(Protocol):
    """Where a job tells how far it is, for people who look at its run. It never fails."""

    async def note(self, text: str) -> None:
        """Something happened, now."""
        ...

    async def spent(self, uses: tuple[ModelUse, ...]) -> None:
        """So much more was spent on models."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended, in a few of our own words; `reviewed` is the head whose review is now on GitHub.

    `again_at`: what it could not do may be possible then, so that the same is wanted once more.
    """

    text: str
    reviewed: Sha | None = None
    again_at: datetime | None = None


class Job(Protocol):
    """One kind of job. All methods may be cancelled and run again at any point: their writes go through the outbox."""

    async def run(self, row: Row, guard: Guard, progress: Progress) -> Outcome:
        """Does what is wanted, or raises an error that says whether to try again."""
        ...

    async def end_early(self, row: Row, order: Order) -> Outcome:
        """Tells on GitHub that a person stopped or paused it."""
        ...

    async def superseded(self, row: Row) -> None:
        """Something newer is wanted: what was begun is taken back, and the newer one announced."""
        ...

    async def waits(self, row: Row, reason: str, until: datetime) -> None:
        """Tells on GitHub, if that is possible, why there is another attempt and when."""
        ...

    async def give_up(self, row: Row, reason: str) -> None:
        """Tells on GitHub that there will be no further attempt."""
        ...


def check(pulse: Pulse | None, row: Row, *, newer_ends_it: bool = True) -> None:
    """Raises the interruption that the pulse of the row's ledger entry means, if any."""
    if pulse is None:
        raise OwnershipLost(f"{row.key} was taken over by another worker")
    if newer_ends_it and pulse.generation != row.generation:
        raise Superseded(f"{row.key} is wanted anew")
    if pulse.stop_through >= row.generation:
        raise Stopped(f"{row.key} was stopped", order=Order.STOP)
    if pulse.paused:
        raise Stopped(f"{row.key} was paused", order=Order.PAUSE)
